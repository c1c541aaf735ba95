"""The log of a process, on standard error: JSON objects for machines or lines for people, one a record.

Each has the id of the request or of the tick that it belongs to.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from dispatch.service.marks import REQUEST_ID, TICK_ID

FIELDS: Final = "fields"
"""Under this name of ``extra``, a record carries a mapping of what else it says."""


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    """What a record says beside its message."""
    for name, mark in (("request_id", REQUEST_ID), ("tick_id", TICK_ID)):
        if value := mark.get():
            yield name, value
    yield from getattr(record, FIELDS, {}).items()


class JsonLines(logging.Formatter):
    """Records as JSON objects."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **dict(_fields(record)),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """Records as lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and what went wrong below it."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        told = "".join(f"  {name}={value}" for name, value in _fields(record))
        line = f"{at} {record.levelname.lower()}: {record.getMessage()}{told}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


FORMATS: Final = {"json": JsonLines, "text": TextLines}


def set_up_logs(level: str, form: str = "json") -> None:
    """Write the log to standard error from here on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FORMATS[form]())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "numba", "alembic", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)

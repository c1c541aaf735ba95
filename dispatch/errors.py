"""Refusals a caller can act on: a stable code, the cause, and what to do about it.

``ValueError`` stays for misuse by a programmer; everything a user or another system can cause is a ``DispatchError``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

SHOWN_OF_A_KIND: Final = 20
"""A column of a large file that is wrong in every row should not hide what else is wrong."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with an input: where it is, what is wrong, what would mend it."""

    code: str
    cause: str
    action: str
    source: str = ""
    line: int | None = None
    field: str = ""

    def __str__(self) -> str:
        line = "" if self.line is None else f":{self.line}"
        where = f"{self.source}{line} [{self.field}]" if self.field else f"{self.source}{line}"
        where = where.strip()
        return f"{where + ': ' if where else ''}{self.cause} ({self.code}). {self.action}"


class DispatchError(Exception):
    """A refusal that was expected: ``code`` is stable, ``cause`` says what, ``action`` says what to do."""

    code = "dispatch_error"

    def __init__(self, cause: str, action: str, *, code: str | None = None) -> None:
        super().__init__(f"{cause} {action}")
        self.code = code or type(self).code
        self.cause = cause
        self.action = action


class NotFoundError(DispatchError):
    """The thing named does not exist (HTTP 404)."""

    code = "not_found"


class ConflictError(DispatchError):
    """The thing is in a state in which this cannot be done (HTTP 409)."""

    code = "conflict"


class StaleError(DispatchError):
    """The thing changed since the caller last saw it (HTTP 412)."""

    code = "stale"


class TravelError(DispatchError):
    """Travel times could not be had from their provider."""

    code = "travel_unavailable"


class InvalidInputError(DispatchError):
    """Input with one or more issues; all of them are listed, and nothing of it was taken."""

    code = "invalid_input"

    def __init__(self, what: str, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        noun = "issue" if len(self.issues) == 1 else "issues"
        super().__init__(
            f"{what}: {len(self.issues)} {noun}, nothing was loaded.", "Mend what is listed and load again."
        )

    def __str__(self) -> str:
        """All issues, a line each; of those of one kind in one file the first ones, and how many more there are."""
        lines, kinds = [f"{self.cause} {self.action}"], Counter[tuple[str, str]]()
        for issue in self.issues:
            kinds[issue.source, issue.code] += 1
            if kinds[issue.source, issue.code] <= SHOWN_OF_A_KIND:
                lines.append(f"  - {issue}")
        more = ((*kind, count - SHOWN_OF_A_KIND) for kind, count in kinds.items() if count > SHOWN_OF_A_KIND)
        lines += (
            f"  - {source + ': ' if source else ''}{count} more like these ({code})." for source, code, count in more
        )
        return "\n".join(lines)

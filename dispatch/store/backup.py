"""A backup: every row that cannot be computed again, as of one moment, in a file that either database can read.

The file is gzipped JSON, a value a line: first a header, then for each table its name and columns, and an array for
each row; last the number of rows, and the SHA-256 of all lines before. Projections are left out, as the log gives them
again; a digest of theirs goes along, so that a restored database can be held against it.
"""

from __future__ import annotations

import gzip
import json
import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TextIO

from sqlalchemy import Connection, MetaData, Table, select

from dispatch.store.audit import streamed
from dispatch.store.databases import Database
from dispatch.store.schema import schema_of
from dispatch.store.tables import MARKETS, PASSING
from dispatch.store.views import VIEWS

FORMAT: Final = "dispatch-backup"
FORMAT_VERSION: Final = 1
_APART: Final = frozenset({"alembic_version", *(table.name for table in (*VIEWS, *PASSING))})


@dataclass(frozen=True, slots=True)
class Backup:
    """What is in a backup: rows by table, and the last event of each market."""

    rows: dict[str, int]
    heads: dict[str, int]


class _Lines:
    """Writes lines, and keeps the digest of them."""

    def __init__(self, out: TextIO) -> None:
        self._out, self.digest = out, sha256()

    def write(self, value: object) -> None:
        line = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_bytes) + "\n"
        self.digest.update(line.encode())
        self._out.write(line)


def back_up(database: Database, path: Path, version: str) -> Backup:
    """Write a backup while the database is served from; ``version`` of the program goes along.

    Raises StoreUnavailableError, OSError.
    """
    part = path.with_name(path.name + ".part")
    try:
        with database.read() as connection, gzip.open(part, "wt", encoding="utf-8", compresslevel=6) as out:
            found = _write(connection, _Lines(out), version)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return found


def _write(connection: Connection, lines: _Lines, version: str) -> Backup:
    heads = {row.market_id: row.seq for row in connection.execute(select(MARKETS))}
    lines.write(
        {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "dispatch": version,
            "schema": schema_of(connection),
            "heads": heads,
            "projections": projections_digest(connection),
        }
    )
    rows: dict[str, int] = {}
    for table in tables_of(connection):
        lines.write({"table": table.name, "columns": [column.name for column in table.columns]})
        rows[table.name] = 0
        for row in rows_of(connection, table):
            lines.write(list(row))
            rows[table.name] += 1
    lines.write({"rows": rows, "sha256": lines.digest.hexdigest()})
    return Backup(rows, heads)


def tables_of(connection: Connection) -> list[Table]:
    """The tables of a database that a backup holds, whoever has made them."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in _APART]


def rows_of(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """All rows of a table in the order of its primary key, a part at a time."""
    query = select(table).order_by(*table.primary_key)
    for row in streamed(connection, query):
        yield tuple(row)


def projections_digest(connection: Connection) -> dict[str, str]:
    """A digest of the rows of each projection."""
    found: dict[str, str] = {}
    for view in VIEWS:
        digest = sha256()
        # Databases sort texts each in their own way, so the digest must not depend on the order of rows.
        total = 0
        for row in streamed(connection, select(view)):
            one = sha256(json.dumps(list(row), ensure_ascii=False).encode()).digest()
            total = (total + int.from_bytes(one)) % 2**256
        digest.update(total.to_bytes(32))
        found[view.name] = digest.hexdigest()
    return found


def _bytes(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"base64": b64encode(value).decode()}
    raise TypeError(f"a backup cannot hold {value!r}")

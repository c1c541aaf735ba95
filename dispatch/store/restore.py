"""Filling an empty database from a backup, and seeing that nothing is amiss before it counts."""

from __future__ import annotations

import gzip
import json
import zlib
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from dispatch.errors import DispatchError
from dispatch.store.audit import AT_ONCE
from dispatch.store.backup import FORMAT, FORMAT_VERSION, Backup, projections_digest, tables_of
from dispatch.store.databases import Database, unavailable
from dispatch.store.schema import HEAD, migrate, project_anew, schema_of
from dispatch.store.verify import verify

_ELSEWHERE: Final = "Take another backup."


class BackupError(DispatchError):
    """A backup cannot be restored; the database is as it was."""

    code = "backup_damaged"


class _Lines:
    """Reads the lines of a backup, and holds them against its digest."""

    def __init__(self, path: Path) -> None:
        self._path, self._digest = path, sha256()

    def __iter__(self) -> Iterator[Any]:
        try:
            with gzip.open(self._path, "rb") as file:
                yield from self._values(file)
        except (EOFError, gzip.BadGzipFile, zlib.error, ValueError) as error:
            raise BackupError(f"{self._path} is no whole backup: {error}.", _ELSEWHERE) from error

    def _values(self, file: gzip.GzipFile) -> Iterator[Any]:
        for line in file:
            value = json.loads(line)
            if isinstance(value, dict) and "sha256" in value:
                self._end(value["sha256"], file.read(1))
            self._digest.update(line)
            yield value

    def _end(self, digest: str, more: bytes) -> None:
        if digest != self._digest.hexdigest() or more:
            raise BackupError(f"{self._path} is not what was written.", _ELSEWHERE)


def restore(database: Database, path: Path) -> Backup:
    """Fill an empty database from a backup, and verify it: all of it or nothing.

    Raises BackupError (codes "backup_damaged", "backup_format", "database_not_empty"), StoreUnavailableError, OSError.
    """
    try:
        with database.writing.begin() as connection:
            if schema_of(connection) is not None:
                cause = "The database to restore into is not empty."
                raise BackupError(cause, "Name a new one.", code="database_not_empty")
            return _restore(connection, path)
    except DBAPIError as error:
        raise unavailable(error) from error


def _restore(connection: Connection, path: Path) -> Backup:
    lines = iter(_Lines(path))
    header = next(lines, None)
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise BackupError(f"{path} is no backup of Dispatch.", _ELSEWHERE)
    if header["format_version"] != FORMAT_VERSION:
        cause = f"{path} was written by Dispatch {header['dispatch']} in a form that this version does not read."
        raise BackupError(cause, "Restore it with that version.", code="backup_format")
    migrate(connection, header["schema"])
    rows = _fill(connection, lines, path)
    for table in tables_of(connection):
        _count_on(connection, table)
    if header["schema"] != HEAD:
        migrate(connection, HEAD)
    project_anew(connection)
    if header["schema"] == HEAD and projections_digest(connection) != header["projections"]:
        raise BackupError("The projections come out otherwise than they were.", _ELSEWHERE)
    faults = verify(connection).faults
    if faults:
        raise BackupError(f"The restored database is not sound: {faults[0]}.", _ELSEWHERE)
    return Backup(rows, header["heads"])


def _fill(connection: Connection, lines: Iterator[Any], path: Path) -> dict[str, int]:
    """Insert the rows of all tables; how many of each. What the migrations have put in goes first."""
    tables = {table.name: table for table in tables_of(connection)}
    rows: dict[str, int] = {}
    table: Table | None = None
    columns: list[str] = []
    part: list[dict[str, object]] = []
    for value in lines:
        if isinstance(value, list) and table is not None:
            part.append({name: _value(cell) for name, cell in zip(columns, value, strict=True)})
            rows[table.name] += 1
        if table is not None and part and (len(part) == AT_ONCE or not isinstance(value, list)):
            connection.execute(insert(table), part)
            part = []
        if isinstance(value, dict) and "table" in value:
            table, columns = tables[value["table"]], value["columns"]
            rows[table.name] = 0
            connection.execute(table.delete())
        elif isinstance(value, dict) and value.get("rows") == rows:
            return rows
    raise BackupError(f"{path} ends too early, or has other rows than it says.", _ELSEWHERE)


def _value(cell: object) -> object:
    return b64decode(cell["base64"]) if isinstance(cell, dict) and cell.keys() == {"base64"} else cell


def _count_on(connection: Connection, table: Table) -> None:
    """Let the numbers that PostgreSQL gives to new rows go on behind those that were restored."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None:
        return
    last = connection.execute(select(func.max(column))).scalar()
    sequence = connection.execute(
        text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": table.name, "c": column.name}
    ).scalar()
    if last is not None and sequence is not None:
        connection.execute(text("SELECT setval(:s, :n)"), {"s": sequence, "n": last})

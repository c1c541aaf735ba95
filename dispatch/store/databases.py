"""How the two databases are opened; the only module that knows which one it is, besides backups.

SQLite: write-ahead log, a sync to the disk at every commit, one connection that writes. PostgreSQL: its defaults, which
are as durable. Everything above speaks SQLAlchemy Core and is the same for both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Executable, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dispatch.errors import DispatchError

T = TypeVar("T")

DEFAULT_URL: Final = "sqlite:///dispatch.db"
READERS: Final = 8
_BUSY_S: Final = 30
_FLAVOURS: Final = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class StoreUnavailableError(DispatchError):
    """The database did not answer, or could not write (HTTP 503); whether the last write counted is not known."""

    code = "store_unavailable"


class StoreUrlError(DispatchError):
    """The address of the database makes no sense."""

    code = "store_url"


@dataclass(frozen=True, slots=True)
class Database:
    """Two ways into one database: ``writing`` has one connection at a time, ``reading`` some, which cannot write."""

    url: URL
    writing: Engine
    reading: Engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: all reads in it see the same moment. Raises StoreUnavailableError."""
        try:
            with self.reading.begin() as connection:
                yield connection
        except (DBAPIError, PoolTimeoutError) as error:
            raise unavailable(error) from error

    def close(self) -> None:
        """Close all connections; one that a thread still reads with is closed when it comes back."""
        for engine in (self.reading, self.writing):
            event.listen(engine.pool, "checkin", _close_returned)
            engine.dispose()


def _close_returned(connection: DBAPIConnection | None, _: object) -> None:
    if connection is not None:
        connection.close()


def unavailable(error: DBAPIError | PoolTimeoutError) -> StoreUnavailableError:
    """The refusal for a fault of the database, or for one that is so busy that no connection became free."""
    fault = error.orig if isinstance(error, DBAPIError) else error
    first = str(fault).strip().splitlines() or [type(fault).__name__]
    cause = f"The database did not do what it was asked to: {first[0]}."
    return StoreUnavailableError(cause, "See that it runs and has room, then send the command again with the same id.")


def parse_url(url: str) -> URL:
    """The address with the client that this program uses. Raises StoreUrlError."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise _bad_url(url) from error
    flavour = _FLAVOURS.get(parsed.get_backend_name())
    if flavour is None or (flavour.startswith("sqlite") and parsed.database in (None, "", ":memory:")):
        raise _bad_url(parsed.render_as_string(hide_password=True))
    return parsed.set(drivername=flavour)


def _bad_url(shown: str) -> StoreUrlError:
    cause = f"'{shown}' is no address of a database that this program can use."
    return StoreUrlError(cause, f"Write {DEFAULT_URL}, or postgresql://user@host/name.")


def open_database(url: str) -> Database:
    """Open a database; the file of an SQLite one is made where there is none. Raises StoreUrlError."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    named = {"fallback_application_name": "dispatch"}
    options: dict[str, Any] = {"pool_pre_ping": True, "connect_args": {"connect_timeout": 10, **named}}
    writing = create_engine(parsed, pool_size=1, max_overflow=0, **options)
    reading = create_engine(
        parsed, pool_size=READERS, max_overflow=0, isolation_level="REPEATABLE READ", **options
    ).execution_options(postgresql_readonly=True)
    return Database(parsed, writing, reading)


def _open_sqlite(url: URL) -> Database:
    if url.database:
        Path(url.database).absolute().parent.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"connect_args": {"timeout": _BUSY_S}, "max_overflow": 0}
    writing = create_engine(url, pool_size=1, **options)
    reading = create_engine(url, pool_size=READERS, **options)
    event.listen(writing, "connect", _set_up_writer)
    event.listen(reading, "connect", _set_up_reader)
    event.listen(writing, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    event.listen(reading, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return Database(url, writing, reading)


def _set_up_writer(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says so, savepoints included
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "journal_size_limit = 67108864"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _set_up_reader(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only = ON").fetchall()


def parts(values: Collection[T], size: int = 5000) -> Iterator[list[T]]:
    """The values in parts that fit into one statement: databases take some ten thousand at most."""
    listed = list(values)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def put(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, object]], *, keep: Sequence[str] = ()
) -> None:
    """Insert rows, or write over those of the same primary key, columns ``keep`` excepted."""
    if rows:
        connection.execute(_put(table, connection.dialect.name, tuple(rows[0]), tuple(keep)), rows)


def add_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, leaving alone what conflicts with a row that is there."""
    if rows:
        connection.execute(_insert(table, connection.dialect.name).on_conflict_do_nothing(), rows)


def _insert(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@cache
def _put(table: Table, dialect: str, columns: tuple[str, ...], keep: tuple[str, ...]) -> Executable:
    statement = _insert(table, dialect)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in columns if name not in keys and name not in keep}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)

"""`dispatch db`: look after the database of a service."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from dispatch import __version__
from dispatch.cli import json_option

if TYPE_CHECKING:
    from dispatch.store.databases import Database

F = TypeVar("F", bound=Callable[..., object])

DEFAULT: Final = "sqlite:///dispatch.db"
UNSOUND: Final = 1
"""Exit code where something is wrong with what is stored."""

# The parts of the store are imported late, because they take a while to load, and `dispatch --help` should not.


def db_option(command: F) -> F:
    """Add `--db` (argument ``url``): the address of the database."""
    text = "Address of the database, else as DISPATCH_DB or the file DISPATCH_DB_FILE says."
    return click.option("--db", "url", default=_default_url, show_default=DEFAULT, help=text)(command)


def _default_url() -> str:
    """Where a service of the same environment has its database."""
    from dispatch.settings import setting_of  # noqa: PLC0415

    return setting_of("db", os.environ) or DEFAULT


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database, closed afterwards. Raises StoreUrlError."""
    from dispatch.store.databases import open_database  # noqa: PLC0415

    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


@click.group()
def db() -> None:
    """Look after the database: bring it to the form of this version, verify it, back it up, restore it."""


@db.command()
@db_option
def upgrade(url: str) -> None:
    """Bring the database to the form of this version; an empty one is set up.

    Nothing may be serving from it meanwhile.
    """
    from dispatch.store.schema import HEAD  # noqa: PLC0415
    from dispatch.store.schema import upgrade as bring_up  # noqa: PLC0415

    with opened(url) as database:
        before = bring_up(database)
    was = "already" if before == HEAD else f"now; it was {f'at {before}' if before else 'empty'}"
    click.echo(f"The database is at form {HEAD} {was}.")


@db.command()
@db_option
@json_option
@click.pass_context
def verify(context: click.Context, url: str, as_json: bool) -> None:
    """See whether all that is stored agrees with itself. The database may be served from meanwhile.

    The chain of every log is computed anew, and every projection is made anew from the log and compared. Ends with
    code 1 where something is wrong.
    """
    from dispatch.store.schema import check_schema  # noqa: PLC0415
    from dispatch.store.verify import verify as look  # noqa: PLC0415

    with opened(url) as database:
        check_schema(database)
        with database.read() as connection:
            found = look(connection)
    if as_json:
        click.echo(json.dumps({"sound": not found.faults, **asdict(found)}, indent=2))
    else:
        for log, rows in zip(found.audits, found.comparisons, strict=False):
            click.echo(f"{log.market_id}: {log.events} events, {rows.rows} rows of projections.")
        click.echo("\n".join(found.faults) or "Everything agrees.")
    context.exit(UNSOUND if found.faults else 0)


@db.command()
@db_option
def rebuild(url: str) -> None:
    """Make all projections anew from the log, which is what counts.

    Nothing may be serving from the database meanwhile.
    """
    from dispatch.store.schema import check_schema, rebuild_projections  # noqa: PLC0415

    with opened(url) as database:
        check_schema(database)
        markets = rebuild_projections(database)
    click.echo(f"The projections were made anew from the logs of: {', '.join(markets) or 'no market'}.")


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@db_option
def backup(file: Path, url: str) -> None:
    """Write a backup to FILE. The database may be served from meanwhile; the backup is as of one moment.

    A backup of either kind of database can be restored into either.
    """
    from dispatch.store.backup import back_up  # noqa: PLC0415
    from dispatch.store.schema import check_schema  # noqa: PLC0415

    with opened(url) as database, writable(file):
        check_schema(database)
        found = back_up(database, file, __version__)
    click.echo(f"Wrote {sum(found.rows.values())} rows to {file}: {_heads(found.heads)}.")


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@db_option
def restore(file: Path, url: str) -> None:
    """Fill an empty database from the backup FILE, verify it, and only then let it count."""
    from dispatch.store.restore import restore as fill  # noqa: PLC0415

    with opened(url) as database:
        found = fill(database, file)
    click.echo(f"Restored {sum(found.rows.values())} rows, and all agrees: {_heads(found.heads)}.")


@contextmanager
def writable(file: Path) -> Iterator[None]:
    """Turn a fault of the disk into a refusal."""
    from dispatch.errors import DispatchError  # noqa: PLC0415

    try:
        yield
    except OSError as error:
        cause = f"{file} could not be written: {error.strerror or error}."
        raise DispatchError(cause, "See to the disk and the rights of its folder.", code="not_written") from error


def _heads(heads: dict[str, int]) -> str:
    return ", ".join(f"{market_id} up to event {seq}" for market_id, seq in sorted(heads.items())) or "no market"

"""`dispatch db`: look after the database of a service."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import click

F = TypeVar("F", bound=Any)

DEFAULT: Final = "sqlite:///dispatch.db"


def db_option(command: F) -> F:
    """Add `--db` (argument ``db``): the address of the database."""
    text = "Address of the database: sqlite:///FILE, or postgresql://USER@HOST/NAME."
    found: F = click.option("--db", "db", default=DEFAULT, show_default=True, envvar="DISPATCH_DB", help=text)(command)
    return found


@click.group()
def db() -> None:
    """Look after the database: bring it to the form of this version, verify it, back it up, restore it."""


@db.command()
@db_option
def upgrade(db: str) -> None:
    """Bring the database to the form of this version; an empty one is set up. Nothing may be serving from it."""
    # Late, because the database takes a while to load, and `dispatch --help` should not.
    from dispatch.store.databases import open_database  # noqa: PLC0415
    from dispatch.store.schema import HEAD  # noqa: PLC0415
    from dispatch.store.schema import upgrade as bring_up  # noqa: PLC0415

    database = open_database(db)
    try:
        before = bring_up(database)
    finally:
        database.close()
    click.echo(
        f"The database is at form {HEAD}" + (" already." if before == HEAD else f"; it was {before or 'empty'}.")
    )

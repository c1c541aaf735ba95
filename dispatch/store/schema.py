"""Whether a database has the form that this version needs, and bringing it there."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError

from dispatch.errors import DispatchError
from dispatch.model.order import MarketId
from dispatch.store.databases import Database, put, unavailable
from dispatch.store.rebuild import rebuild
from dispatch.store.tables import MARKETS, SETTINGS
from dispatch.store.views import PROJECTIONS_VERSION

HEAD: Final = "0011"
"""The newest migration in ``dispatch/store/migrations``."""

_PROJECTIONS: Final = "projections_version"


class SchemaError(DispatchError):
    """The database has another form than this version needs (HTTP 503)."""

    code = "schema"


def schema_of(connection: Connection) -> str | None:
    """The migration that a database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def projections_of(connection: Connection) -> int:
    """The form of the projections that a database has."""
    found = connection.execute(select(SETTINGS.c.value).where(SETTINGS.c.name == _PROJECTIONS)).scalar()
    return int(found) if found is not None else 0


def check_schema(database: Database) -> None:
    """Raise SchemaError unless the database is as this version needs it. Raises StoreUnavailableError."""
    with database.read() as connection:
        found = schema_of(connection)
        if found != HEAD:
            cause = f"The database is at form {found or '(empty)'}; this version needs {HEAD}."
            raise SchemaError(cause, "Run `dispatch db upgrade`, or use the version of Dispatch that fits.")
        if projections_of(connection) != PROJECTIONS_VERSION:
            cause = "The projections of the database have another form than this version needs."
            raise SchemaError(cause, "Run `dispatch db upgrade`.")


def upgrade(database: Database) -> str | None:
    """Bring a database to the form of this version; the migration it was at before (None: it was empty).

    Raises StoreUnavailableError; the database is then as it was.
    """
    try:
        with database.writing.begin() as connection:
            before = schema_of(connection)
            if before != HEAD:
                migrate(connection, HEAD)
            if projections_of(connection) != PROJECTIONS_VERSION:
                project_anew(connection)
    except DBAPIError as error:
        raise unavailable(error) from error
    return before


def rebuild_projections(database: Database) -> list[MarketId]:
    """Write all projections anew from the log; the markets that there are. Raises StoreUnavailableError."""
    try:
        with database.writing.begin() as connection:
            return project_anew(connection)
    except DBAPIError as error:
        raise unavailable(error) from error


def project_anew(connection: Connection) -> list[MarketId]:
    """Write all projections anew from the log; the markets that there are."""
    query = select(MARKETS.c.market_id).order_by(MARKETS.c.market_id)
    markets = [MarketId(name) for name in connection.execute(query).scalars()]
    for market_id in markets:
        rebuild(connection, market_id)
    put(connection, SETTINGS, [{"name": _PROJECTIONS, "value": str(PROJECTIONS_VERSION)}])
    return markets


def migrate(connection: Connection, to: str) -> None:
    """Run the migrations up to one, in the connection's transaction."""
    # Late: the tool for migrations is needed once, and takes a while to load.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "dispatch.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, to)

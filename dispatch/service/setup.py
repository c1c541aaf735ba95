"""What markets a service has: kept in the database, read when a process starts."""

from __future__ import annotations

from sqlalchemy import Connection

from dispatch.errors import ConflictError, StaleError
from dispatch.model.codec import decode, encode
from dispatch.model.order import MarketId
from dispatch.service.markets import MarketSettings
from dispatch.store.access import KeptSettings, market_settings, put_market_settings
from dispatch.store.store import Store
from dispatch.units import Instant


def load_markets(store: Store) -> list[MarketSettings]:
    """Every market that was set up. Raises InvalidInputError for one of a newer version."""
    with store.reading() as connection:
        return [
            decode(MarketSettings, kept.settings, f"market {kept.market_id}") for kept in market_settings(connection)
        ]


def market_version(store: Store, market_id: MarketId) -> int:
    """How often the market was set up or changed."""
    with store.reading() as connection:
        return next((kept.version for kept in market_settings(connection) if kept.market_id == market_id), 0)


def keep_market(
    store: Store,
    settings: MarketSettings,
    now: Instant,
    by: str = "",
    *,
    new: bool = False,
    expected: int | None = None,
) -> int:
    """Set a market up, or change what it is; waits until that is durable. Its version after that.

    new: raises ConflictError (code "market_taken") where there is one of that id. expected: raises StaleError where
    that is not its version.
    """

    def work(connection: Connection) -> int:
        known = {kept.market_id: kept.version for kept in market_settings(connection)}
        if new and settings.id in known:
            cause = f"There is a market {settings.id!r} already."
            raise ConflictError(cause, "Choose another id, or change that one.", code="market_taken")
        present = known.get(settings.id, 0)
        if expected is not None and expected != present:
            cause = f"Market {settings.id!r} is at version {present}, not at {expected}."
            raise StaleError(cause, "Look at it again, and repeat with that version.")
        put_market_settings(connection, KeptSettings(settings.id, present + 1, encode(settings)), now, by)
        return present + 1

    return store.run(work).result()

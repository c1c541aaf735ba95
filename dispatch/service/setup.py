"""What markets a service has: kept in the database, read when a process starts."""

from __future__ import annotations

from sqlalchemy import Connection

from dispatch.errors import ConflictError
from dispatch.model.codec import decode, encode
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


def keep_market(store: Store, settings: MarketSettings, now: Instant, by: str = "", *, new: bool = False) -> None:
    """Set a market up, or change what it is; waits until that is durable.

    new: raises ConflictError (code "market_taken") where there is one of that id.
    """

    def work(connection: Connection) -> None:
        known = {kept.market_id: kept.version for kept in market_settings(connection)}
        if new and settings.id in known:
            cause = f"There is a market {settings.id!r} already."
            raise ConflictError(cause, "Choose another id, or change that one.", code="market_taken")
        kept = KeptSettings(settings.id, known.get(settings.id, 0) + 1, encode(settings))
        put_market_settings(connection, kept, now, by)

    store.run(work).result()

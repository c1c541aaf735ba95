"""Leases in the database: for several processes without Redis, by the one clock that all of them share."""

from __future__ import annotations

import asyncio
from typing import Final

from sqlalchemy import Connection, select, text, update

from dispatch.errors import StaleError
from dispatch.model.order import MarketId
from dispatch.store.book import heads
from dispatch.store.databases import add_missing, put
from dispatch.store.group import new_market
from dispatch.store.live.ports import Lease
from dispatch.store.tables import LEASES, MARKETS
from dispatch.store.writer import Writer

_NOW_US: Final = {
    "sqlite": text("SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000"),
    "postgresql": text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"),
}


def now_us(connection: Connection) -> int:
    """Microseconds since 1970 by the clock of the database; SQLite knows milliseconds."""
    found: int = connection.execute(_NOW_US[connection.dialect.name]).scalar_one()
    return found


def acquire_lease(connection: Connection, name: str, holder: str, ttl_ms: int) -> Lease | None:
    """See ``Leases.acquire``."""
    add_missing(connection, LEASES, [{"name": name, "holder": "", "token": 0, "expires_ms": 0}])
    row = connection.execute(select(LEASES).where(LEASES.c.name == name).with_for_update()).one()
    now = now_us(connection)
    if row.expires_ms <= now // 1000:
        lease = Lease(name, holder, max(row.token + 1, now))
    elif row.holder == holder:
        lease = Lease(name, holder, row.token)
    else:
        return None
    expires_ms = now // 1000 + ttl_ms
    put(connection, LEASES, [{"name": name, "holder": holder, "token": lease.token, "expires_ms": expires_ms}])
    return lease


def renew_lease(connection: Connection, lease: Lease, ttl_ms: int) -> bool:
    """See ``Leases.renew``; 0 milliseconds give it back."""
    now_ms = now_us(connection) // 1000
    held = (LEASES.c.name == lease.name, LEASES.c.holder == lease.holder, LEASES.c.token == lease.token)
    renewed = update(LEASES).where(*held, LEASES.c.expires_ms > now_ms).values(expires_ms=now_ms + ttl_ms)
    return connection.execute(renewed).rowcount == 1


def fence_market(connection: Connection, market_id: MarketId, token: int) -> int:
    """From here on no append under an older lease counts; load the market's state after this. Its last event.

    Raises StaleError (code "lease_lost") if there is a newer lease already.
    """
    add_missing(connection, MARKETS, [new_market(market_id)])
    head = heads(connection, [market_id])[market_id]
    if head.fence > token:
        cause = f"Market {market_id} is written under lease {head.fence}; {token} is over."
        raise StaleError(cause, "Stop writing, and ask for the lease again.", code="lease_lost")
    connection.execute(update(MARKETS).where(MARKETS.c.market_id == market_id).values(fence=token))
    return int(head.seq)


class StoreLeases:
    """``Leases`` in a store."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def acquire(self, name: str, holder: str, ttl_ms: int) -> Lease | None:
        """See ``Leases.acquire``."""

        def work(connection: Connection) -> Lease | None:
            return acquire_lease(connection, name, holder, ttl_ms)

        return await asyncio.wrap_future(self._writer.run(work))

    async def renew(self, lease: Lease, ttl_ms: int) -> bool:
        """See ``Leases.renew``."""

        def work(connection: Connection) -> bool:
            return renew_lease(connection, lease, ttl_ms)

        return await asyncio.wrap_future(self._writer.run(work))

    async def release(self, lease: Lease) -> None:
        """See ``Leases.release``."""
        await self.renew(lease, 0)

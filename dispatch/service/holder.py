"""Who holds a market: one process at a time, by a lease that it has to renew.

A process that does not hold a market asks for it twice a second. Who gets it raises the fence first, so nothing that
the holder before still has under way can be written, then loads the state and starts what goes on by itself. Who cannot
renew, or is told by the database that the lease is lost, lets go at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import Connection

from dispatch.errors import DispatchError
from dispatch.model.order import MarketId
from dispatch.service.background import Background
from dispatch.service.host import Host
from dispatch.service.markets import Market
from dispatch.store.leases import fence_market
from dispatch.store.live.ports import Lease, Leases
from dispatch.store.store import Store

LOG: Final = logging.getLogger(__name__)
TTL_MS: Final = 3_500
ASK_S: Final = 0.5
RENEW_S: Final = 1.0

MakeHost = Callable[[Market, int], Host]
Start = Callable[[Market, Host, Background], Awaitable[None]]
Told = Callable[[MarketId, str], None]
"""Told of every change of a lease: "taken", taken "anew" without letting go, "let_go"."""


class Holder:
    """Holds one market whenever it can. ``taken`` counts how often it got the lease."""

    def __init__(
        self, market: Market, leases: Leases, store: Store, name: str, make_host: MakeHost, start: Start, told: Told
    ) -> None:
        self._market, self._leases, self._store, self._name = market, leases, store, name
        self._make_host, self._start, self._told = make_host, start, told
        self._lease = Lease("", "", 0)
        self._lease_name = f"market:{market.settings.id}"
        self.taken = 0

    async def run(self) -> None:
        """Ask, hold, let go, ask again, until cancelled."""
        while True:
            try:
                lease = await self._leases.acquire(self._lease_name, self._name, TTL_MS)
            except DispatchError as error:
                LOG.warning("market %s: no lease: %s", self._market.settings.id, error)
                lease = None
            if lease is not None:
                await self._hold(lease)
            await asyncio.sleep(ASK_S)

    async def _hold(self, lease: Lease) -> None:
        self._lease = lease
        market_id = self._market.settings.id
        work = Background()
        try:
            host = await self._open(lease)
            await self._start(self._market, host, work)
            self._market.host = host
            self.taken += 1
            self._told(market_id, "taken")
            LOG.info("market %s: held by %s under lease %s", market_id, self._name, lease.token)
            await self._renew(host)
        except DispatchError as error:
            LOG.warning("market %s: let go: %s", market_id, error)
        finally:
            await self._let_go(self._lease, work)

    async def _open(self, lease: Lease) -> Host:
        await self._fence(lease)
        host = self._make_host(self._market, lease.token)
        await host.open()
        return host

    async def _fence(self, lease: Lease) -> None:
        """Keep out whoever held the market before. Raises StaleError where there is a newer lease."""
        market_id = self._market.settings.id

        def fence(connection: Connection) -> None:
            fence_market(connection, market_id, lease.token)

        await asyncio.wrap_future(self._store.run(fence))

    async def _renew(self, host: Host) -> None:
        """Go on until the lease is lost to somebody else."""
        renewed = time.monotonic()
        while not host.lost:
            await asyncio.sleep(RENEW_S)
            try:
                if not await self._leases.renew(self._lease, TTL_MS) and not await self._again(host):
                    return
                renewed = time.monotonic()
            except DispatchError as error:
                LOG.warning("market %s: the lease was not renewed: %s", self._market.settings.id, error)
                if time.monotonic() - renewed > TTL_MS / 1000:
                    return

    async def _again(self, host: Host) -> bool:
        """Whether this process can go on under a new lease: the old one ran out, as on a machine that is too busy.

        If somebody had it for a moment and wrote, the next append is stale, and the host loads its state again.
        """
        lease = await self._leases.acquire(self._lease_name, self._name, TTL_MS)
        LOG.warning("market %s: the lease %s", host.market_id, "was lost" if lease is None else "had to be taken anew")
        if lease is not None:
            self._lease = lease
            host.fence = lease.token
            self._told(host.market_id, "anew")
            await self._fence(lease)
        return lease is not None

    async def _let_go(self, lease: Lease, work: Background) -> None:
        """Stop, write what was decided, and give the lease back."""
        host, self._market.host = self._market.host, None
        await work.stop()
        if host is not None:
            self._told(self._market.settings.id, "let_go")
            await host.drain()
        try:
            await self._leases.release(lease)
        except DispatchError as error:
            LOG.warning("market %s: the lease runs out by itself: %s", self._market.settings.id, error)

"""Who holds a market: one process at a time, by a lease that it has to renew.

A process that does not hold a market asks for it twice a second. Who gets it raises the fence first, so nothing that
the holder before still has under way can be written, then loads the state and starts what goes on by itself. The lease
is renewed from the first moment, because a large market takes longer to load than a lease lasts. Who cannot renew, or
is told by the database that the lease is lost, lets go at once; who hung decides nothing before it knows whether the
lease is still its own (``Host.sure_until``).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import Connection

from dispatch.engine.background import Background
from dispatch.errors import DispatchError
from dispatch.model.order import MarketId
from dispatch.service.host import Host
from dispatch.service.markets import Market
from dispatch.store.leases import fence_market
from dispatch.store.live.ports import Lease, Leases
from dispatch.store.store import Store

LOG: Final = logging.getLogger(__name__)
TTL_MS: Final = 3_500
_TTL_S: Final = TTL_MS / 1000
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
            asked = time.monotonic()
            try:
                lease = await self._leases.acquire(self._lease_name, self._name, TTL_MS)
            except DispatchError as error:
                LOG.warning("market %s: no lease: %s", self._market.settings.id, error)
                lease = None
            if lease is not None:
                await self._hold(lease, asked + _TTL_S)
            await asyncio.sleep(ASK_S)

    async def _hold(self, lease: Lease, sure_until: float) -> None:
        self._lease = lease
        host = self._make_host(self._market, lease.token)
        host.sure_until = sure_until
        work = Background()
        try:
            work.start(self._open(host, work), f"opening of {host.market_id}")
            await self._renew(host)
        finally:
            await self._let_go(host, work)

    async def _open(self, host: Host, work: Background) -> None:
        """Load the market and start what goes on by itself; where that fails, the host is lost."""
        opened = False
        try:
            await self._fence(host)
            await host.open()
            await self._start(self._market, host, work)
            self._market.host, opened = host, True
            self.taken += 1
            self._told(host.market_id, "taken")
            LOG.info("market %s: held by %s under lease %s", host.market_id, self._name, host.fence)
        except DispatchError as error:
            LOG.warning("market %s: let go: %s", host.market_id, error)
        finally:
            host.lost = host.lost or not opened

    async def _fence(self, host: Host) -> int:
        """Keep out whoever held the market before; its last event. Raises StaleError where there is a newer lease."""
        market_id, token = host.market_id, self._lease.token

        def fence(connection: Connection) -> int:
            return fence_market(connection, market_id, token)

        return await asyncio.wrap_future(self._store.run(fence))

    async def _renew(self, host: Host) -> None:
        """Go on until the lease is lost to somebody else."""
        while not host.lost:
            await asyncio.sleep(RENEW_S)
            asked = time.monotonic()
            try:
                if not await self._leases.renew(self._lease, TTL_MS) and not await self._again(host):
                    return
                host.sure_until = asked + _TTL_S
            except DispatchError as error:
                LOG.warning("market %s: the lease was not renewed: %s", host.market_id, error)
                if time.monotonic() > host.sure_until:
                    return

    async def _again(self, host: Host) -> bool:
        """Whether this process can go on under a new lease: the old one ran out, as on a machine that is too busy.

        Somebody may have had it for a moment: where the log has more than the host knows, its state is loaded again.
        """
        lease = await self._leases.acquire(self._lease_name, self._name, TTL_MS)
        LOG.warning("market %s: the lease %s", host.market_id, "was lost" if lease is None else "had to be taken anew")
        if lease is not None:
            self._lease = lease
            host.fence = lease.token
            self._told(host.market_id, "anew")
            if await self._fence(host) > host.state.seq:
                host.doubt()
        return lease is not None

    async def _let_go(self, host: Host, work: Background) -> None:
        """Stop, write what was decided, and give the lease back."""
        host.lost = True
        was_held, self._market.host = self._market.host is host, None
        await work.stop()
        await host.drain()
        if was_held:
            self._told(host.market_id, "let_go")
        try:
            await self._leases.release(self._lease)
        except DispatchError as error:
            LOG.warning("market %s: the lease runs out by itself: %s", host.market_id, error)

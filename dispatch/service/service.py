"""The whole of a running service, put together: the store, the markets, and what goes on by itself."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from dispatch.engine.clock import Clock, SystemClock
from dispatch.engine.dispatcher import Solver
from dispatch.engine.policy import load_policy
from dispatch.geo.travel import SPEEDS_KMH, StraightLine, TravelTimes
from dispatch.model.events import Recorded
from dispatch.model.order import MarketId
from dispatch.service.access import Access
from dispatch.service.background import Background
from dispatch.service.feed import Feed
from dispatch.service.host import Host
from dispatch.service.ids import new_id
from dispatch.service.loop import Loop, Pace, TickReport
from dispatch.service.markets import Market, Markets, MarketSettings
from dispatch.service.read import Reads
from dispatch.service.sight import Sight
from dispatch.service.timers import Timers
from dispatch.store.live.memory import MemoryLive
from dispatch.store.live.ports import LiveState
from dispatch.store.store import Store

LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Services:
    """What endpoints work with."""

    store: Store
    clock: Clock
    markets: Markets
    reads: Reads
    live: LiveState
    access: Access
    sight: Sight
    speed: float = 1.0
    name: str = ""
    ready: bool = False
    ticks: dict[MarketId, TickReport] = field(default_factory=dict)

    def travel(self, market_id: MarketId) -> TravelTimes:
        """Travel times of a market."""
        return travel_of(self.markets.get(market_id).settings)

    def stop(self) -> None:
        """Let go of everybody who waits: streams and long polls end."""
        self.ready = False
        for market in self.markets.all.values():
            market.feed.close()

    def new_id(self, prefix: str) -> str:
        """A name for something new."""
        return new_id(prefix, self.clock.now())


def travel_of(settings: MarketSettings) -> TravelTimes:
    """The travel times that a market is planned with."""
    return StraightLine(SPEEDS_KMH, road_factor=settings.road_factor)


@asynccontextmanager
async def run_services(
    store: Store,
    clock: Clock,
    solver: Solver,
    markets: Sequence[MarketSettings],
    *,
    live: LiveState | None = None,
    key: bytes | None = None,
    speed: float = 1.0,
    ticking: bool = True,
) -> AsyncIterator[Services]:
    """Everything, from opening the markets until all that was acknowledged is written. The store stays open.

    live: where positions, notices and rates are kept; in this process if not given. key: signs tokens; without one
    they count until the process ends. speed: how many seconds of the clock pass in one of the wall. ticking: whether
    plans are made by themselves.
    """
    state = live or MemoryLive()
    access = Access(store, key or secrets.token_bytes(32), SystemClock())
    reads = Reads(store)
    services = Services(store, clock, Markets(), reads, state, access, Sight(reads), speed, new_id("srv", clock.now()))
    async with AsyncExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="solver"))
        for settings in markets:
            await _open_market(services, settings)
        _listen(services)
        stack.push_async_callback(_drain, services)
        group = await stack.enter_async_context(Background())
        for market in services.markets.all.values():
            if market.host is not None:
                _start(services, market, market.host, solver, pool, group, ticking=ticking)
        services.ready = True
        yield services


async def _drain(services: Services) -> None:
    """Wait until all that was decided is durable, or refused."""
    services.ready = False
    for market in services.markets.all.values():
        if market.host is not None:
            await market.host.drain()


async def _open_market(services: Services, settings: MarketSettings) -> None:
    host = Host(settings.id, services.store, services.clock)
    await host.open()
    services.markets.add(Market(settings, Feed(settings.id, services.store, host.state.seq), host))


def _listen(services: Services) -> None:
    """Tell the feeds of everything that becomes durable."""
    loop = asyncio.get_running_loop()

    def take(recorded: tuple[Recorded, ...]) -> None:
        market = services.markets.all.get(recorded[0].market_id)
        if market is not None:
            market.feed.take(recorded)

    def hear(recorded: tuple[Recorded, ...]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(take, recorded)

    services.store.listen(hear)


def _start(
    services: Services,
    market: Market,
    host: Host,
    solver: Solver,
    pool: ThreadPoolExecutor,
    group: Background,
    *,
    ticking: bool,
) -> None:
    """Start what goes on by itself in a market that this process holds."""
    settings = market.settings
    timers = Timers(host, services.store, services.name)
    group.start(timers.run(), f"timers of {settings.id}")
    if not ticking:
        return

    def keep(report: TickReport) -> None:
        services.ticks[settings.id] = report

    loop = Loop(
        host,
        travel_of(settings),
        load_policy(settings.policy),
        solver,
        pace=_paced(settings.pace, services.speed),
        pool=pool,
        report=keep,
    )
    group.start(loop.run(), f"dispatch loop of {settings.id}")


def _paced(pace: Pace, speed: float) -> Pace:
    """The pace of a market whose clock goes faster than that of the wall."""
    return Pace(
        tick_s=pace.tick_s / speed, least_s=min(pace.least_s, pace.tick_s / speed), pressure_orders=pace.pressure_orders
    )

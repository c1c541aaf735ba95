"""Everything that goes on in a process of the service, from its start to its end."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from dispatch.engine.background import Background
from dispatch.engine.clock import Clock, SystemClock
from dispatch.engine.planner import Keep, Solver
from dispatch.engine.policy import load_policy
from dispatch.engine.traces import NO_TRACES, Traces
from dispatch.errors import DispatchError
from dispatch.model.events import Recorded
from dispatch.pay.gateway import Gateway
from dispatch.service.access import Access
from dispatch.service.desk import PLANS_KEPT, Desk
from dispatch.service.feed import Feed
from dispatch.service.forgetting import keep_forgetting
from dispatch.service.forward import Forwarder, serve
from dispatch.service.garbage import collect_at_set_times
from dispatch.service.holder import Holder
from dispatch.service.host import Host
from dispatch.service.ids import new_id
from dispatch.service.links import Links
from dispatch.service.loop import Loop, Pace, TickReport
from dispatch.service.markets import Market, Markets, MarketSettings
from dispatch.service.oidc import Oidc
from dispatch.service.payments import Payments
from dispatch.service.policies import Policies
from dispatch.service.quota import Quota
from dispatch.service.read import Reads
from dispatch.service.refunds import RefundRunner
from dispatch.service.relay import hear, tell
from dispatch.service.robots import Robots
from dispatch.service.sandbox import Part, Sandbox
from dispatch.service.service import Services, travel_of
from dispatch.service.sight import Sight
from dispatch.service.timers import Timers
from dispatch.service.warm import compile_apart, warm_up_all
from dispatch.service.watch import MarketWatch
from dispatch.service.webhook_runner import WebhookRunner
from dispatch.service.webhook_sending import Reach
from dispatch.service.webhooks import Webhooks
from dispatch.service.zones import Zones
from dispatch.store.leases import StoreLeases
from dispatch.store.live.history import PositionHistory
from dispatch.store.live.memory import MemoryLive
from dispatch.store.live.ports import LiveState
from dispatch.store.store import Store

LOG: Final = logging.getLogger(__name__)
_FIRST_S: Final = 8.0
"""How long a start waits for the markets: longer than the lease of a process that has just died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """How a process takes part. Alone: everything in it, live state too.

    live: where positions, notices and rates are, if other processes take part. key: signs tokens; without one they
    count until the process ends. speed: how many seconds of the clock pass in one of the wall. holding: whether it
    takes markets; ticking: whether it plans those that it has. keep: where the decisions on a market are recorded.
    reach: how far webhooks reach.
    plans_kept: the plans of so many ticks are kept for people to look at. oidc: an issuer whose tokens count, too.
    history: a folder for the history of positions, written to every history_s. quota: how
    much anybody may ask.
    gateway: where customers pay. page: where they follow their orders, with ``{token}``.
    sandbox: moves the clock; nothing goes on by itself then. It must be the clock of the service.
    compiling: whether the solver is compiled before the first tick; the process answers meanwhile, ready after it.
    traces: where spans go.
    """

    live: LiveState | None = None
    key: bytes | None = None
    speed: float = 1.0
    holding: bool = True
    ticking: bool = True
    keep: Callable[[MarketSettings], Keep] | None = None
    reach: Reach = field(default_factory=Reach)
    plans_kept: int = PLANS_KEPT
    oidc: Oidc | None = None
    history: Path | None = None
    history_s: float = 30.0
    quota: Quota = field(default_factory=Quota)
    compiling: bool = False
    gateway: Gateway | None = None
    page: str = ""
    sandbox: Sandbox | None = None
    traces: Traces = NO_TRACES


ALONE: Final = Running()


@asynccontextmanager
async def run_services(
    store: Store, clock: Clock, solver: Solver, markets: Sequence[MarketSettings], how: Running = ALONE
) -> AsyncIterator[Services]:
    """Everything, from opening the markets until all that was acknowledged is written. The store stays open."""
    live = how.live or MemoryLive()
    name = new_id("srv", clock.now())
    forwarder = None if how.live is None else Forwarder(live, name, traces=how.traces)
    key = how.key or secrets.token_bytes(32)
    access = Access(store, key, SystemClock(), how.oidc)
    webhooks = Webhooks(store, SystemClock(), loopback=how.reach.loopback)
    known = Markets(forwarder)
    reads = Reads(store, known)
    policies = Policies(store, clock, lambda market_id: known.get(market_id).settings.policy)
    zones = Zones(store, SystemClock())
    payments = Payments(known, reads, SystemClock(), how.gateway)
    links = Links(store, clock, key, how.page)
    parts = (known, reads, live, access, Sight(reads), webhooks, policies, zones, payments, links)
    services = Services(store, clock, *parts, how.speed, name, quota=how.quota, sandbox=how.sandbox, traces=how.traces)
    async with AsyncExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="solver"))
        for settings in markets:
            seq = await asyncio.to_thread(store.last_seq, settings.id)
            services.markets.add(Market(settings, Feed(settings.id, store, seq)))
        _listen(services)
        group = await stack.enter_async_context(Background())
        group.start(_get_ready(services, pool, how), "warm-up")
        group.start(collect_at_set_times(), "garbage")
        if forwarder is not None:
            _join(services, forwarder, group)
        if how.holding:
            begin = await _take_markets(services, solver, pool, group, how)
            group.start(keep_forgetting(store, clock), "forgetting of old answers")
            webhook_runner = WebhookRunner(store, SystemClock(), name, how.reach, chance=Random(), traces=how.traces)
            group.start(webhook_runner.run(), "webhooks")
            if how.gateway is not None:
                refund_runner = RefundRunner(store, known, how.gateway, clock, name, traces=how.traces)
                group.start(refund_runner.run(), "refunds")
            if how.history is not None:
                group.start(_put_away(services, PositionHistory(how.history), how.history_s), "history of positions")
        else:
            begin = _leave
        _watch_markets(services, begin, forwarder, group)
        try:
            yield services
        finally:
            services.stop()


async def _get_ready(services: Services, pool: ThreadPoolExecutor, how: Running) -> None:
    """Have everything compiled before the first tick, if that is asked for."""
    if how.compiling:
        policies = sorted({market.settings.policy for market in services.markets.all.values()})
        await compile_apart(policies)
        await asyncio.get_running_loop().run_in_executor(pool, warm_up_all, policies)
    services.ready.set()


async def _put_away(services: Services, history: PositionHistory, every_s: float) -> None:
    """Write away positions of the markets that this process holds, again and again."""
    while True:
        await asyncio.sleep(every_s)
        try:
            for name in [name for name, market in services.markets.all.items() if market.host is not None]:
                await history.put_away(services.live, name)
        except (DispatchError, OSError) as error:
            LOG.warning("Positions were not written away: %s", error)


async def _tick_when_ready(services: Services, loop: Loop) -> None:
    await services.ready.wait()
    await loop.run()


def _listen(services: Services) -> None:
    """Tell the feeds of everything that this process makes durable."""
    loop = asyncio.get_running_loop()

    def take(recorded: tuple[Recorded, ...]) -> None:
        market = services.markets.all.get(recorded[0].market_id)
        if market is not None:
            market.feed.take(recorded)

    def heard(recorded: tuple[Recorded, ...]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(take, recorded)

    services.store.listen(heard)


def _join(services: Services, forwarder: Forwarder, group: Background) -> None:
    """Take part in a service of several processes."""
    group.start(forwarder.listen(), "answers of other processes")
    for market in services.markets.all.values():
        group.start(hear(services.live, market.feed, services.store), f"news of {market.settings.id}")


Begin = Callable[[Market], None]
"""Begins to ask for a market."""


def _leave(market: Market) -> None:
    """This process holds no markets."""


def _watch_markets(services: Services, begin: Begin, forwarder: Forwarder | None, group: Background) -> None:
    """Look for markets that are set up or changed from now on."""

    def begin_with_news(market: Market) -> None:
        if forwarder is not None:
            group.start(hear(services.live, market.feed, services.store), f"news of {market.settings.id}")
        begin(market)

    watch = services.watch = MarketWatch(services.store, services.markets, begin_with_news)
    group.start(watch.run(), "watch for markets")


async def _take_markets(
    services: Services, solver: Solver, pool: ThreadPoolExecutor, group: Background, how: Running
) -> Begin:
    """Begin to ask for every market; waits a while until they are here. What begins to ask for one more."""
    leases = StoreLeases(services.store.writer) if how.live is None else how.live

    def make_host(market: Market, token: int) -> Host:
        host = Host(market.settings.id, services.store, services.clock, fence=token, traces=how.traces)
        host.listen(services.measures.heard)
        return host

    async def start(market: Market, host: Host, work: Background) -> None:
        timers = Timers(host, services.store, services.name)
        loop = _loop(services, market.settings, host, solver, pool, how) if how.ticking else None
        if loop is not None:
            await loop.go_by_policy()  # no command is decided before
        if how.sandbox is not None:
            robots = Robots(host, travel_of(market.settings), services.live)
            part = Part(timers, robots, loop, max(1, round(market.settings.pace.tick_s)))
            work.start(how.sandbox.take_part(market.settings.id, part), f"sandbox of {market.settings.id}")
            return
        work.start(timers.run(), f"timers of {market.settings.id}")
        if how.live is not None:
            work.start(serve(services.live, host), f"commands for {market.settings.id}")
            work.start(tell(services.live, market.feed), f"news from {market.settings.id}")
        if loop is not None:
            work.start(_tick_when_ready(services, loop), f"dispatch loop of {market.settings.id}")

    def begin(market: Market) -> None:
        holder = Holder(market, leases, services.store, services.name, make_host, start, services.measures.lease)
        group.start(holder.run(), f"holder of {market.settings.id}")

    for market in services.markets.all.values():
        begin(market)
    until = time.monotonic() + (_FIRST_S if how.live is None else 0.0)
    while time.monotonic() < until and any(market.host is None for market in services.markets.all.values()):
        await asyncio.sleep(0.01)
    return begin


def _loop(
    services: Services,
    settings: MarketSettings,
    host: Host,
    solver: Solver,
    pool: ThreadPoolExecutor,
    how: Running,
) -> Loop:
    def report(done: TickReport) -> None:
        services.ticks[settings.id] = done
        services.measures.tick(settings.id, done)
        LOG.debug("planned %s orders and %s riders in %.3f s", done.orders, done.riders, done.solve_s)

    keep = None if how.keep is None else how.keep(settings)
    return Loop(
        host,
        travel_of(settings),
        load_policy(settings.policy),
        solver,
        pace=_paced(settings.pace, how.speed),
        pool=pool,
        report=report,
        live=services.live,
        log=services.store,
        desk=Desk(settings.id, services.store, services.policies, solver, how.plans_kept, keep),
    )


def _paced(pace: Pace, speed: float) -> Pace:
    """The pace of a market whose clock goes faster than that of the wall."""
    tick_s = pace.tick_s / speed
    return Pace(tick_s=tick_s, least_s=min(pace.least_s, tick_s), pressure_orders=pace.pressure_orders)

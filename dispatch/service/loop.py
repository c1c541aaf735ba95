"""The dispatch loop of one market: look, solve, check, decide, record; on the clock, and earlier where something waits.

Only solving and checking leave the event loop: they run on a thread of their own, on arrays that nobody else has. The
plan is then held against the market as it is by that time; what no longer fits is left out (``handle_plan``).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final

from dispatch.engine.eta import EtaErrors, etas_of
from dispatch.engine.foresee import Foreseen, Side, foreseen
from dispatch.engine.planner import Keep, Planner, Solved, Solver, UnsoundPlanError
from dispatch.engine.policy import Policy
from dispatch.engine.traces import Span
from dispatch.errors import ConflictError, DispatchError, NotFoundError
from dispatch.geo.travel import TravelTimes
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.commands import ChangePolicy, Command, MakeOverride, ReportPositions, UpdateEtas
from dispatch.model.events import OrderPlaced, OverrideRecorded, Recorded
from dispatch.model.state import MarketState
from dispatch.service.asks import Ask
from dispatch.service.desk import Desk
from dispatch.service.host import Host
from dispatch.service.marks import TICK_ID
from dispatch.service.positions import news
from dispatch.store.live.ports import LiveState
from dispatch.store.log import EventLog
from dispatch.units import Instant

LOG: Final = logging.getLogger(__name__)
ACTOR: Final = Actor(ActorKind.SYSTEM, "dispatcher")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When ticks happen, in seconds of the wall.

    tick_s: between two on the clock. pressure_orders: so many new orders bring the next one forward, at once but not
    sooner than least_s after the last.
    """

    tick_s: float = 10.0
    least_s: float = 1.0
    pressure_orders: int = 20

    def __post_init__(self) -> None:
        if not 0 < self.least_s <= self.tick_s or self.pressure_orders < 1:
            raise ValueError("a pace needs 0 < least_s <= tick_s and pressure_orders of at least 1")


_AT_ONCE: Final = 32
"""Positions, and what follows from silence, that are written together before others have their turn."""
_REMEMBERED: Final = 50_000
"""Events that are looked at when a market is taken over, to know how good words on arrivals are."""


@dataclass(frozen=True, slots=True)
class TickReport:
    """How one tick went: wall seconds a phase, and the size of what was solved."""

    number: int
    orders: int
    riders: int
    snapshot_s: float
    solve_s: float
    decide_s: float
    events: int


class Loop:
    """Ticks of one market, by the process that holds it."""

    def __init__(
        self,
        host: Host,
        travel: TravelTimes,
        policy: Policy,
        solver: Solver,
        *,
        pace: Pace,
        pool: ThreadPoolExecutor,
        seed: int = 0,
        checked: bool = True,
        keep: Keep | None = None,
        report: Callable[[TickReport], None] | None = None,
        live: LiveState | None = None,
        log: EventLog | None = None,
        desk: Desk | None = None,
    ) -> None:
        self._host, self._pace, self._pool, self._desk = host, pace, pool, desk
        self._named = ("", 0)
        if desk is not None:
            keep = desk.keeping(lambda: self._planner.policy)
        self._planner = Planner(travel, policy, solver, seed=seed, checked=checked, keep=keep)
        self._report, self._live, self._log = report, live, log
        self._errors = EtaErrors()
        self._new_orders = 0
        self._pressed = asyncio.Event()
        host.listen(self._heard)

    async def run(self) -> None:
        """Tick until cancelled. A tick that was refused is told of, and the next one tries again."""
        self.begin()
        while True:
            began = time.monotonic()
            await self.try_tick()
            await self._wait(began)

    def begin(self) -> None:
        """Let the market ask what decisions of people would change."""
        self._host.foresee = self.foresee

    async def try_tick(self) -> None:
        """One tick; where it is refused, that is told of."""
        try:
            await self.tick()
        except UnsoundPlanError:
            LOG.exception("market %s: the plan was not put into effect", self._host.market_id)
        except DispatchError as error:
            LOG.warning("market %s: no tick: %s", self._host.market_id, error)

    async def _wait(self, began: float) -> None:
        """Until the next tick is due; new orders and decisions of people bring it forward."""
        await asyncio.sleep(max(0.0, began + self._pace.least_s - time.monotonic()))
        left_s = began + self._pace.tick_s - time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, left_s)):
                await self._pressed.wait()
        except TimeoutError:
            return

    def _heard(self, recorded: tuple[Recorded, ...], _: MarketState) -> None:
        for entry in recorded:
            self._new_orders += isinstance(entry.event, OrderPlaced)
            urgent = isinstance(entry.event, OverrideRecorded)
            if urgent or self._new_orders >= self._pace.pressure_orders:
                self._pressed.set()

    async def tick(self) -> tuple[Recorded, ...]:
        """See who is gone, plan the market and put the plan into effect. Raises UnsoundPlanError, DispatchError."""
        with self._host.traces.span("tick", market_id=self._host.market_id) as span:
            return await self._tick(span)

    async def _tick(self, span: Span) -> tuple[Recorded, ...]:
        host, traces = self._host, self._host.traces
        await host.open()
        await self.go_by_policy()
        number = host.state.tick + 1
        TICK_ID.set(f"{host.market_id}:{number}")
        span.note(tick_id=TICK_ID.get())
        if self._live is not None:
            found = await news(self._live, host.state)
            await self._ask_all({f"seen-{one.rider_id}-{_at(one)}": one for one in found})
        gone = enumerate(self._planner.absent(host.state, host.clock.now()))
        await self._ask_all({f"absent-{host.state.seq}-{position}": command for position, command in gone})
        await self._learn()
        began = time.monotonic()
        self._pressed.clear()
        self._new_orders = 0
        with traces.span("snapshot"):
            problem = self._planner.look(host.state, host.clock.now())
        if problem is None:
            return ()
        looked = time.monotonic()
        with traces.span("solve", orders=problem.order_count, riders=problem.rider_count):
            solved = await asyncio.get_running_loop().run_in_executor(self._pool, self._planner.solve, problem, number)
        done = time.monotonic()
        with traces.span("decide"):
            await host.open()
            # On the market as it is now, which may have moved since the snapshot.
            command = self._planner.command(host.state, solved, number)
            written = await self._ask(command, f"tick-{number}-from-{host.state.seq}")
        if self._report is not None:
            times = (looked - began, done - looked, time.monotonic() - done)
            self._report(TickReport(number, problem.order_count, problem.rider_count, *times, len(written)))
        with traces.span("etas"):
            await self._say_etas(solved, number)
        with traces.span("shadow"):
            await self._decide_beside(solved, number)
        return written

    async def _follow_policy(self) -> None:
        """Plan under the policy that the log names, from this tick on."""
        named = self._host.state.policy
        if self._desk is None or named == self._named:
            return
        policy = await asyncio.to_thread(self._desk.policy_of, named)
        self._planner, self._named = self._planner.under(policy), named
        LOG.info("market %s: planned by policy %s %s", self._host.market_id, policy.name, policy.version)

    async def go_by_policy(self) -> None:
        """Go by the policy that the log names, and see to it that commands do. Raises DispatchError."""
        await self._follow_policy()
        await self._tell_rules()

    async def _tell_rules(self) -> None:
        """Put what the policy says beside the delivery into the log, so that commands are decided by it ever after."""
        state, care = self._host.state, self._planner.policy.care
        if state.care == care:
            return
        name, version = state.policy
        await self._ask(ChangePolicy(name=name, version=version, care=care), f"care-{state.seq}")

    async def _say_etas(self, solved: Solved, number: int) -> None:
        """Say when orders come by this plan, as far as that is news to anybody."""
        state = self._host.state
        self._errors.seq = max(self._errors.seq, state.seq - _REMEMBERED)
        if self._log is not None:
            self._errors.take(await asyncio.to_thread(list, self._log.read(state.market_id, self._errors.seq)))
        await self._host.open()
        etas = etas_of(solved.problem, solved.plan, self._host.state, self._errors)
        await self._ask(UpdateEtas(etas=tuple(etas)), f"etas-{number}-from-{self._host.state.seq}")

    async def _decide_beside(self, solved: Solved, number: int) -> None:
        """Let the shadow decide, if there is one; after the plan that counts, so that nobody waits for it."""
        desk = self._desk
        shadow = None if desk is None else await asyncio.to_thread(desk.shadow)
        if desk is None or shadow is None:
            return
        args = (shadow, self._planner.policy, solved.problem, solved.plan, number)
        await asyncio.get_running_loop().run_in_executor(self._pool, desk.decide_beside, *args)

    async def foresee(self, state: MarketState, after: MarketState, command: MakeOverride, now: Instant) -> Foreseen:
        """What an override that makes ``after`` of ``state`` changes in the plan."""
        planner, number = self._planner, state.tick + 1
        sides = (planner.peek(state, now), planner.peek(after, now))

        def plan_both() -> Foreseen:
            without, with_it = (None if one is None else Side(one, planner.try_out(one, number)) for one in sides)
            return foreseen(planner.policy, command, without, with_it)

        return await asyncio.get_running_loop().run_in_executor(self._pool, plan_both)

    async def _learn(self) -> None:
        """Let the planner see what the log has, if its policy asks for that."""
        learner = self._planner.learner
        if learner is not None and self._log is not None:
            found = await asyncio.to_thread(list, self._log.read(self._host.market_id, learner.seq))
            learner.take(found)

    async def _ask_all(self, commands: Mapping[str, Command]) -> None:
        """Carry out commands that stand for themselves, by their ids, few at a time: riders do not wait behind all.

        What no longer fits, because the rider was quicker, stops none of the others, and not the tick.
        """
        left = iter(commands.items())
        while some := list(islice(left, _AT_ONCE)):
            asked = [self._ask(command, name) for name, command in some]
            for answer in await asyncio.gather(*asked, return_exceptions=True):
                self._pass_over(answer)

    def _pass_over(self, answer: object) -> None:
        """Go on where a command was refused; raise what else went wrong."""
        if isinstance(answer, ConflictError | NotFoundError):
            LOG.info("market %s: %s", self._host.market_id, answer)
        elif isinstance(answer, BaseException):
            raise answer

    async def _ask(self, command: Command, command_id: str) -> tuple[Recorded, ...]:
        return (await self._host.execute(Ask(command=command, actor=ACTOR, command_id=command_id))).events


def _at(command: ReportPositions) -> Instant:
    return command.positions[0].occurred_at

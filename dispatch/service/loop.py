"""The dispatch loop of one market: look, solve, check, decide, record; on the clock, and earlier where something waits.

Only solving and checking leave the event loop: they run on a thread of their own, on arrays that nobody else has. The
plan is then held against the market as it is by that time; what no longer fits is left out (``handle_plan``).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from dispatch.engine.absence import absences
from dispatch.engine.dispatcher import Keep, Solver, UnsoundPlanError
from dispatch.engine.intents import intents, planned_of, sequences_of
from dispatch.engine.policy import Policy
from dispatch.engine.snapshot import Planned, snapshot
from dispatch.errors import DispatchError
from dispatch.geo.travel import TravelTimes
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.commands import Command, ReportPositions
from dispatch.model.events import OrderPlaced, OverrideRecorded, Recorded
from dispatch.model.state import MarketState
from dispatch.service.asks import Ask
from dispatch.service.host import Host
from dispatch.service.positions import news
from dispatch.solver.check import check
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Problem
from dispatch.solver.summary import with_summary
from dispatch.store.live.ports import LiveState
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
    ) -> None:
        self._host, self._travel, self._policy, self._solver = host, travel, policy, solver
        self._pace, self._pool, self._seed, self._checked = pace, pool, seed, checked
        self._keep, self._report, self._live = keep, report, live
        self._planned: Planned = {}
        self._new_orders = 0
        self._pressed = asyncio.Event()
        host.listen(self._heard)

    async def run(self) -> None:
        """Tick until cancelled. A tick that was refused is told of, and the next one tries again."""
        while True:
            began = time.monotonic()
            try:
                await self.tick()
            except UnsoundPlanError:
                LOG.exception("market %s: the plan was not put into effect", self._host.market_id)
            except DispatchError as error:
                LOG.warning("market %s: no tick: %s", self._host.market_id, error)
            await self._wait(began)

    async def _wait(self, began: float) -> None:
        """Until the next tick is due; new orders and decisions of people bring it forward."""
        self._pressed.clear()
        self._new_orders = 0
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
        host = self._host
        await host.open()
        number = host.state.tick + 1
        if self._live is not None:
            found = await news(self._live, host.state)
            await asyncio.gather(*(self._ask(one, f"seen-{one.rider_id}-{_at(one)}") for one in found))
        for position, command in enumerate(list(absences(host.state, host.clock.now(), self._policy.loop))):
            await self._ask(command, f"tick-{number}-absent-{position}")
        began = time.monotonic()
        problem = self._look()
        if problem.order_count == 0:
            self._planned = {}
            return ()
        looked = time.monotonic()
        plan, record_id = await asyncio.get_running_loop().run_in_executor(self._pool, self._solve, problem, number)
        solved = time.monotonic()
        written = await self._put_into_effect(problem, plan, record_id, number)
        report = TickReport(
            number,
            problem.order_count,
            problem.rider_count,
            looked - began,
            solved - looked,
            time.monotonic() - solved,
            len(written),
        )
        if self._report is not None:
            self._report(report)
        return written

    def _look(self) -> Problem:
        policy, host = self._policy, self._host
        now = host.clock.now()
        return snapshot(host.state, now, self._travel, policy.params.rules, policy.loop, self._planned)

    def _solve(self, problem: Problem, number: int) -> tuple[Plan, str]:
        """On the thread: plan, judge, sum up, keep the record."""
        params, seed = self._policy.params, self._seed + number
        plan = self._solver(problem, params, seed=seed)
        violations = check(problem, plan, params.rules) if self._checked else []
        if not violations:
            plan = with_summary(problem, params, plan)
        record_id = "" if self._keep is None else self._keep(problem, params, seed, plan)
        if violations:
            cause = f"The plan of tick {number} breaks {len(violations)} rule(s): {violations[0].text}."
            raise UnsoundPlanError(cause, "Keep the decision record and report it; the routes stay as they are.")
        return plan, record_id

    async def _put_into_effect(self, problem: Problem, plan: Plan, record_id: str, number: int) -> tuple[Recorded, ...]:
        """Decide on the market as it is now, which may have moved since the snapshot."""
        await self._host.open()
        state = self._host.state
        sequences = sequences_of(problem, plan, state)
        command = intents(state, problem, plan, sequences, self._policy.loop, number)
        self._planned = planned_of(sequences)
        return await self._ask(replace(command, record_id=record_id), f"tick-{number}-from-{state.seq}")

    async def _ask(self, command: Command, command_id: str) -> tuple[Recorded, ...]:
        return (await self._host.execute(Ask(command=command, actor=ACTOR, command_id=command_id))).events


def _at(command: ReportPositions) -> Instant:
    return command.positions[0].occurred_at

"""The dispatch loop's one step: look, solve, check, decide, record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NoReturn, Protocol

from dispatch.engine.absence import absences
from dispatch.engine.demand import Demand
from dispatch.engine.intents import intents, on_time, planned_of, sequences_of
from dispatch.engine.learned import Learner
from dispatch.engine.market import Market
from dispatch.engine.policy import Policy
from dispatch.engine.snapshot import Outlook, Planned, snapshot
from dispatch.errors import DispatchError
from dispatch.geo.travel import TravelTimes
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.events import Recorded
from dispatch.model.place import Place
from dispatch.solver.check import check
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Problem
from dispatch.solver.summary import Summary, with_summary
from dispatch.solver.violation import Violation
from dispatch.units import Instant


class Solver(Protocol):
    """Plans one market at one instant; the product's own is ``dispatch.solver.solve.solve``."""

    def __call__(self, problem: Problem, params: Params, *, seed: int) -> Plan:
        """Plan."""
        ...


class UnsoundPlanError(DispatchError):
    """A plan broke a hard rule; it was not put into effect."""

    code = "unsound_plan"


Keep = Callable[[Problem, Params, int, Plan], str]
"""Keeps a decision, and answers the id under which it can be found."""


class Dispatcher:
    """Decides for one market, tick after tick; the only writer of plans there.

    checked: every plan is judged by the independent checker before it counts. accepts_at_once: riders are not asked.
    explained: every plan is summed up; ``summary`` is the last tick's, None where it had no orders or no sound plan.
    keep: where decisions are recorded, if they are.
    """

    def __init__(
        self,
        market: Market,
        travel: TravelTimes,
        policy: Policy,
        solver: Solver,
        *,
        seed: int = 0,
        checked: bool = False,
        accepts_at_once: bool = False,
        explained: bool = True,
        keep: Keep | None = None,
    ) -> None:
        self._market, self._travel, self._policy, self._solver = market, travel, policy, solver
        self._seed, self._checked, self._accepts_at_once, self._keep = seed, checked, accepts_at_once, keep
        self._explained = explained
        self.summary: Summary | None = None
        self._planned: Planned = {}
        self._demand = Demand(policy.demand)
        self._learner = Learner(policy.learned) if policy.learned.anything else None
        self._actor = Actor(ActorKind.SYSTEM, "dispatcher")
        self.tick_number = market.state.tick

    def tick(self) -> tuple[Recorded, ...]:
        """See who is gone, plan the market as it is now and put the plan into effect. Raises UnsoundPlanError."""
        self.tick_number += 1
        return self._without_absent() + self._plan()

    def _without_absent(self) -> tuple[Recorded, ...]:
        """Go on without riders who have fallen silent."""
        found = list(absences(self._market.state, self._market.clock.now(), self._policy.loop))
        written: tuple[Recorded, ...] = ()
        for number, command in enumerate(found):
            written += self._market.execute(command, self._actor, f"tick-{self.tick_number}-absent-{number}")
        return written

    def _plan(self) -> tuple[Recorded, ...]:
        state, policy = self._market.state, self._policy
        now = self._market.clock.now()
        problem = snapshot(
            state, now, self._travel, policy.params.rules, policy.loop, self._planned, self._outlook(now)
        )
        self.summary = None
        if problem.order_count == 0:
            self._planned = {}
            return ()
        ask_early_s = on_time
        if self._learner is not None:
            self._learner.take(self._market.since(self._learner.seq))
            problem, ask_early_s = self._learner.expected(problem, state), self._learner.ask_early_s
        seed = self._seed + self.tick_number
        plan = self._solver(problem, policy.params, seed=seed)
        violations = check(problem, plan, policy.params.rules) if self._checked else []
        if self._explained and not violations:
            plan = with_summary(problem, policy.params, plan)
        self.summary = plan.summary
        record_id = self._keep(problem, policy.params, seed, plan) if self._keep is not None else ""
        if violations:
            self._refuse(violations)
        sequences = sequences_of(problem, plan, state)
        command = intents(state, problem, plan, sequences, policy.loop, self.tick_number, ask_early_s)
        self._planned = planned_of(sequences)
        command = replace(command, auto_accept=self._accepts_at_once, record_id=record_id)
        return self._market.execute(command, self._actor, f"tick-{self.tick_number}")

    def _outlook(self, now: Instant) -> Outlook | None:
        """What is foreseen of the demand, if the policy asks for it."""
        if self._policy.params.weights.ending == 0:
            return None
        self._demand.see(self._market.state, now, self._ends())
        return self._demand.onward_m

    def _ends(self) -> Iterator[Place]:
        """Where the riders on shift are going to be after all that is planned for them."""
        state = self._market.state
        for rider in state.riders.values():
            if rider.shift is None or rider.place is None:
                continue
            tasks = self._planned.get(rider.rider.id) or rider.tasks
            last = state.orders[tasks[-1].order_id].order.dropoff if tasks else None
            yield last or (rider.place if rider.leg is None else rider.leg.destination)

    def _refuse(self, violations: Sequence[Violation]) -> NoReturn:
        cause = f"The plan of tick {self.tick_number} breaks {len(violations)} rule(s): {violations[0].text}."
        raise UnsoundPlanError(cause, "Keep the decision record and report it; the routes stay as they are.")

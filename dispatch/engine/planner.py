"""One tick's thinking in three parts: look at the market, solve, say what follows.

Looking and saying read the market's state, so whoever changes it must stand still meanwhile. Solving does not: a
service does it on another thread while commands go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from dispatch.engine.absence import Absences
from dispatch.engine.asked_beside import asked_beside
from dispatch.engine.budget import WithinBudget, unsearched, with_work
from dispatch.engine.demand import Demand
from dispatch.engine.intents import TaskMemo, intents, on_time, planned_of, sequences_of
from dispatch.engine.learned import Learner
from dispatch.engine.policy import Policy
from dispatch.engine.sending import Sending
from dispatch.engine.snapshot import Outlook, Planned, Snapshots
from dispatch.errors import DispatchError
from dispatch.geo.travel import TravelTimes
from dispatch.model.commands import ApplyPlan, Command
from dispatch.model.state import MarketState
from dispatch.solver.check import check
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve
from dispatch.solver.summary import with_summary
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


@dataclass(frozen=True, slots=True)
class Solved:
    """A sound plan, and the record it can be replayed from."""

    problem: Problem
    plan: Plan
    record_id: str


class Planner:
    """Plans one market, tick after tick; remembers where the last plan left off, and what the log has taught.

    checked: every plan is judged by the independent checker before it counts. explained: every plan is summed up. keep:
    where decisions are recorded, if they are. ``learner`` is there where the policy asks for what it learns; whoever
    plans hands it the events since ``learner.seq`` before looking. The product's own solver keeps to the budget.
    """

    def __init__(
        self,
        travel: TravelTimes,
        policy: Policy,
        solver: Solver,
        *,
        seed: int = 0,
        checked: bool = False,
        explained: bool = True,
        keep: Keep | None = None,
    ) -> None:
        self.policy = policy
        self.learner = Learner(policy.learned) if policy.learned.anything else None
        self._travel, self._solver, self._seed = travel, solver, seed
        budget_s = policy.loop.budget_s
        self._timed = WithinBudget(budget_s) if budget_s > 0.0 and solver is solve else None
        self._unsearched: frozenset[str] = frozenset()
        self._absences = Absences(policy.loop)
        self._snapshots = Snapshots(travel, policy.params.rules, policy.loop)
        self._checked, self._explained, self._keep = checked, explained, keep
        self._planned: Planned = {}
        self._tasks = TaskMemo()
        self._demand = Demand(policy.demand)
        self._sending = Sending(policy.demand, self._demand)

    def absent(self, state: MarketState, now: Instant) -> Iterator[Command]:
        """What to do about riders who have fallen silent; to be done before looking."""
        return self._absences.found(state, now)

    def look(self, state: MarketState, now: Instant) -> Problem | None:
        """What is to be planned at ``now``; None where there are no orders."""
        outlook = self._outlook(state, now)
        problem = self._snapshots.take(state, now, self._planned, outlook)
        if problem.order_count == 0:
            self._planned = {}
            return None
        problem = self._with_unsearched(problem)
        return problem if self.learner is None else self.learner.expected(problem, state)

    def under(self, policy: Policy) -> Planner:
        """A planner that goes on from here under another policy."""
        keep, checked, explained = self._keep, self._checked, self._explained
        other = Planner(
            self._travel, policy, self._solver, seed=self._seed, checked=checked, explained=explained, keep=keep
        )
        other._planned = self._planned
        return other

    def peek(self, state: MarketState, now: Instant) -> Problem | None:
        """The same as ``look``, and nothing is remembered of it: for what is not put into effect."""
        policy = self.policy
        outlook = self._demand.onward_m if policy.params.weights.ending > 0 else None
        problem = self._snapshots.take(state, now, self._planned, outlook)
        if problem.order_count == 0:
            return None
        return problem if self.learner is None else self.learner.expected(problem, state)

    def try_out(self, problem: Problem, tick: int) -> Plan:
        """Plan and sum up; not judged, not recorded."""
        params = self.policy.params
        return with_summary(problem, params, self._solver(problem, params, seed=self._seed + tick))

    def solve(self, problem: Problem, tick: int) -> Solved:
        """Plan, sum up, record, judge. Raises UnsoundPlanError; what a solver may make of a market is in its arrays."""
        params, seed = self.policy.params, self._seed + tick
        plan = (self._timed or self._solver)(problem, params, seed=seed)
        violations = check(problem, plan, params.rules) if self._checked else []
        if self._explained and not violations:
            plan = with_summary(problem, params, plan)
        if self._timed is not None:
            params = with_work(params, plan)
            self._unsearched = unsearched(problem, plan)
        record_id = self._keep(problem, params, seed, plan) if self._keep is not None else ""
        if violations:
            raise _unsound(tick, violations)
        return Solved(problem, plan, record_id)

    def command(self, state: MarketState, solved: Solved, tick: int) -> ApplyPlan:
        """What the plan asks of the market as it is now, which may have moved since the problem was made."""
        sequences = sequences_of(solved.problem, solved.plan, state, self._tasks)
        ask_early_s = on_time if self.learner is None else self.learner.ask_early_s
        command = intents(state, solved.problem, solved.plan, sequences, self.policy.loop, tick, ask_early_s)
        self._planned = planned_of(solved.problem, sequences)
        busy = frozenset(sequences)
        waits = tuple(self._sending.waits(state, solved.problem.now, busy))
        beside = tuple(asked_beside(solved.problem, command, busy, self.policy.loop.offer_to))
        return replace(command, record_id=solved.record_id, waits=waits, beside=beside)

    def _with_unsearched(self, problem: Problem) -> Problem:
        """The problem with the routes as changed that the last plan's search did not come to."""
        if not self._unsearched or problem.changed is None:
            return problem
        open_still = np.array([rider in self._unsearched for rider in problem.rider_ids], np.int64)
        return replace(problem, changed=problem.changed | open_still)

    def _outlook(self, state: MarketState, now: Instant) -> Outlook | None:
        """What is foreseen of the demand, if the policy asks for it."""
        weighed = self.policy.params.weights.ending > 0
        if weighed or self.policy.demand.send_gain_m > 0:
            self._demand.see(state, now, lambda: self._snapshots.ends(state, self._planned))
        return self._demand.onward_m if weighed else None


def _unsound(tick: int, violations: Sequence[Violation]) -> UnsoundPlanError:
    cause = f"The plan of tick {tick} breaks {len(violations)} rule(s): {violations[0].text}."
    return UnsoundPlanError(cause, "Keep the decision record and report it; the routes stay as they are.")

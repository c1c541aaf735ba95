"""A plan within a budget of time: the engine's clock says how much work the solver may do.

The clock is asked between stretches of work, each as long as about half of what is left should take at the pace so far.
So the plan is ready in time on any machine, and what was done is known to the unit: with that number in its record the
plan can be made again by a solver that knows no clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve

Clock = Callable[[], float]
"""Seconds since any instant."""

FIRST: Final = 200
"""Work of the first stretch, before anything is known of the pace."""

LEAST: Final = 50
"""Work of the shortest stretch: to stop and to go on costs about as much."""

_PART: Final = 0.5


@dataclass(slots=True)
class Stopwatch:
    """A ``Meter`` that allows work until ``budget_s`` have passed since it was made."""

    budget_s: float
    clock: Clock = time.thread_time
    ended_at: float = 0.0
    _began_at: float = field(init=False)
    _search_at: float = 0.0
    _done: int = -1

    def __post_init__(self) -> None:
        self._began_at = self.clock()

    def __call__(self, done: int) -> int:
        """Up to how much work may be done, after ``done``."""
        now = self.ended_at = self.clock()
        left_s = self.budget_s - (now - self._began_at)
        if self._done < 0:
            self._search_at, self._done = now, done
            return done + FIRST if left_s > 0.0 else done
        pace = (done - self._done) / max(now - self._search_at, 1e-6)
        more = int(left_s * pace * _PART)
        return done + more if more >= LEAST else done


class WithinBudget:
    """The product's solver, given ``budget_s`` of this thread's time for each plan."""

    def __init__(self, budget_s: float, clock: Clock = time.thread_time) -> None:
        if budget_s <= 0.0:
            raise ValueError(f"the budget must be a positive number of seconds, not {budget_s}")
        self._budget_s, self._clock = budget_s, clock
        self._after_s = 0.0  # for each order and rider, from the end of the search to the finished plan

    def __call__(self, problem: Problem, params: Params, *, seed: int) -> Plan:
        """Plan. Candidates, matching and the finished plan come always; the search gets what they leave of the time."""
        size = problem.order_count + problem.rider_count
        watch = Stopwatch(self._budget_s - self._after_s * size, self._clock)
        plan = solve(problem, params, seed=seed, meter=watch)
        if watch.ended_at > 0.0:
            self._after_s = (self._clock() - watch.ended_at) / max(1, size)
        return plan


def with_work(params: Params, plan: Plan) -> Params:
    """The parameters under which the plan is made again, however long that takes."""
    return replace(params, search=replace(params.search, most_work=plan.work))


def unsearched(problem: Problem, plan: Plan) -> frozenset[str]:
    """The riders whose routes the search did not come to: they are the next tick's."""
    if plan.unsearched is None:
        return frozenset()
    return frozenset(problem.rider_ids[rider] for rider in np.flatnonzero(plan.unsearched).tolist())

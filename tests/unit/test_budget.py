"""Plans within a budget: in time, sound, no dearer than before the search, and made again from what was done."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median

import pytest

from benchmarks.snapshots import make_snapshot
from dispatch.engine.budget import FIRST, Stopwatch, WithinBudget, unsearched, with_work
from dispatch.engine.policy import load_policy
from dispatch.solver.check import check
from dispatch.solver.params import Params, SearchParams
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve
from tests.support.random_problems import random_problem


@dataclass(slots=True)
class Worker:
    """Works at a pace, in units a second; its clock is the work."""

    pace: float
    now_s: float = 0.0

    def clock(self) -> float:
        """Seconds worked."""
        return self.now_s

    def work(self, watch: Stopwatch) -> int:
        """Work as long as the watch allows; what was done."""
        done = 0
        while (most := watch(done)) > done:
            self.now_s += (most - done) / self.pace
            done = most
        return done


@pytest.mark.parametrize("pace", [1e5, 1e6, 1e7])
def test_a_stopwatch_stops_shortly_before_the_budget_is_spent(pace: float) -> None:
    worker = Worker(pace)
    done = worker.work(Stopwatch(0.05, worker.clock))
    assert 0.04 <= worker.now_s <= 0.05
    assert done == pytest.approx(worker.now_s * pace)


def test_a_stopwatch_allows_little_at_first_and_nothing_when_it_is_too_late() -> None:
    worker = Worker(1e6)
    watch = Stopwatch(0.05, worker.clock)
    worker.now_s = 0.01
    assert watch(0) == FIRST
    worker.now_s = 0.06
    assert watch(FIRST) == FIRST
    late = Stopwatch(0.05, worker.clock)
    worker.now_s = 0.2
    assert late(0) == 0


def cities() -> Iterator[tuple[Problem, Params]]:
    """Problems in which there is something to search, with and without ruin and recreate."""
    rng = random.Random(7)
    for number in range(30):
        problem = random_problem(70_000 + number, orders=rng.randint(8, 24), riders=rng.randint(2, 8), spread=3)
        yield problem, Params(search=SearchParams(passes=4, ruins=rng.choice((0, 120)), matcher="own"))


def test_the_work_that_was_done_makes_the_same_plan_again() -> None:
    cut = 0
    for problem, params in cities():
        whole, none = solve(problem, params), solve(problem, with_most(params, 0))
        assert none.work == 0
        for most in (1, 20, 90, 350):
            plan = solve(problem, with_most(params, most), seed=3)
            assert check(problem, plan, params.rules) == ()
            assert plan.cost <= none.cost or (plan.verdict != none.verdict).any()
            again = solve(problem, with_work(params, plan), seed=3)
            assert again.same_as(plan)
            assert again.work == plan.work
            cut += plan.work < whole.work
    assert cut > 30


def test_a_meter_that_asks_often_changes_nothing() -> None:
    for problem, params in cities():
        plan = solve(problem, params, meter=lambda done: min(done + 7, 150))
        assert solve(problem, with_most(params, 150)).same_as(plan)
        assert solve(problem, with_work(params, plan)).same_as(plan)


def test_a_large_plan_is_ready_in_time_and_can_be_made_again() -> None:
    params, budget_s = load_policy("default").params, 0.03
    solver, spent = WithinBudget(budget_s), list[float]()
    for number in range(12):
        problem = make_snapshot(300 + 10 * number, 450, seed=number)
        whole = solve(problem, params, seed=number)  # compiles, or loads what was compiled
        began = time.thread_time()
        plan = solver(problem, params, seed=number)
        spent.append(time.thread_time() - began)
        assert check(problem, plan, params.rules) == ()
        assert 0 < plan.work < whole.work
        assert solve(problem, with_work(params, plan), seed=number).same_as(plan)
        assert unsearched(problem, plan)
    assert median(spent) <= 1.1 * budget_s


def with_most(params: Params, most_work: int) -> Params:
    """The parameters with so much work."""
    return replace(params, search=replace(params.search, most_work=most_work))

"""Which orders ruin and recreate takes out, and what it does with the plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dispatch.solver.check import check
from dispatch.solver.neighbours import make_neighbours
from dispatch.solver.params import Params, SearchParams
from dispatch.solver.problem import Ints, Problem
from dispatch.solver.ruin_choice import choose, find_delayed
from dispatch.solver.solve import solve
from tests.support.plans import rows_of
from tests.support.problems import OrderAt, RiderAt, market
from tests.support.random_problems import random_problem
from tests.support.solving import Bench, bench


def delayed_names(problem: Problem) -> set[str]:
    work = bench(problem)
    movable = np.arange(problem.order_count, dtype=np.int64)
    return {problem.order_ids[order] for order in find_delayed(work.view, work.table, movable).tolist()}


def test_who_is_served_as_early_as_the_food_allows_is_not_delayed() -> None:
    assert delayed_names(market("a 1 A", OrderAt("1A", ready_at=600), RiderAt("a", tasks="+1A -1A"))) == set()


def test_who_waits_for_a_rider_from_far_away_is_delayed() -> None:
    assert delayed_names(market("a . . . 1 A", "1A", RiderAt("a", tasks="+1A -1A"))) == {"1A"}


def test_who_waits_for_another_order_first_is_delayed() -> None:
    problem = market(
        "a1 A . B",
        OrderAt("1A", ready_at=600),
        OrderAt("1B", ready_at=600),
        RiderAt("a", tasks="+1A +1B -1B -1A"),
    )
    assert delayed_names(problem) == {"1A"}


def test_who_is_to_come_later_is_not_delayed_before_that() -> None:
    late = OrderAt("1A", not_before_at=7200)
    assert delayed_names(market("a . . . 1 A", late, RiderAt("a", tasks="+1A -1A"))) == set()


def test_nobody_without_a_rider_is_delayed() -> None:
    assert delayed_names(market("a . . . 1 A", "1A")) == set()


def planned(number: int) -> tuple[Bench, Ints]:
    """A plan without ruins for a crowded market, and the orders that may move in it."""
    problem = random_problem(number, orders=14, riders=4)
    work = bench(problem, routes=solve(problem, Params(search=SearchParams(ruins=0))).routes)
    return work, np.flatnonzero((work.table.fixed == 0) & (work.table.rider >= 0))


@pytest.mark.parametrize("size", [1, 3, 6])
def test_the_first_order_and_some_others_that_may_move_are_chosen(size: int) -> None:
    together = 0
    for number in range(30):
        work, movable = planned(number)
        known = make_neighbours(work.view, work.table, np.ones(work.problem.rider_count, np.int64), 4)
        state, removed, likeness = np.array([number]), np.empty(size, np.int64), np.empty(size, np.int64)
        for first in movable.tolist():
            count = choose(work.view, work.table, movable, known, first, state, likeness, removed)
            chosen = removed[:count].tolist()
            assert first in chosen
            assert len(set(chosen)) == count
            assert set(chosen) <= set(movable.tolist())
            together += count > 1
    assert (together > 0) == (size > 1)


def test_plans_with_ruins_are_sound_and_the_same_again() -> None:
    params = Params(search=SearchParams(ruins=400, ruin_size=5))
    plain = replace(params, search=replace(params.search, ruins=0))
    other = 0
    for number in range(20):
        problem = random_problem(100 + number, orders=30, riders=5)
        once, again, without = (solve(problem, each, seed=7) for each in (params, params, plain))
        assert check(problem, once, params.rules) == ()
        assert rows_of(once.routes) == rows_of(again.routes)
        other += rows_of(once.routes) != rows_of(without.routes)
    assert other > 0

"""What is told of a plan: changes against the last one, limits on what is looked at, and the gap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dispatch.solver.changes import Changes
from dispatch.solver.costs.terms import ENDING
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve
from dispatch.solver.summary import Summary, summarize
from tests.support.plans import plan_of
from tests.support.problems import OrderAt, RiderAt, market
from tests.support.random_problems import random_problem

TOWN = market(
    "a 1 . A\nb 2 . B",
    "1A",
    "2B",
    OrderAt("1B", name="third"),
    RiderAt("a", tasks="+1A -1A +third -third"),
    RiderAt("b", tasks="+2B -2B"),
)
A, B, C = range(3)


def told(problem: Problem, rows: list[list[tuple[int, int]]]) -> Summary:
    return summarize(problem, Params(), plan_of(problem, rows))


def both(*orders: int) -> list[tuple[int, int]]:
    """Pickup and drop-off of each order, one order after the other."""
    return [(order, kind) for order in orders for kind in (0, 1)]


def test_a_plan_that_goes_on_has_changed_nothing() -> None:
    assert told(TOWN, [both(A, C), both(B)]).changes == (0, 0, 0, 0, 0)


def test_what_moves_and_what_is_dropped_is_counted() -> None:
    meant = replace(TOWN, orders=TOWN.orders._replace(rider=np.full(3, -1)))
    assert told(meant, [both(A), both(B, C)]).changes == Changes(0, moved=1, dropped=0, taken_back=0, resequenced=0)
    assert told(meant, [both(A), both(B)]).changes == Changes(0, moved=0, dropped=1, taken_back=0, resequenced=0)


def test_an_order_that_the_rider_had_been_given_is_taken_back() -> None:
    given = replace(TOWN, orders=TOWN.orders._replace(rider=np.array([0, 1, -1])))
    assert told(given, [both(C), both(B, A)]).changes == Changes(0, moved=1, dropped=0, taken_back=1, resequenced=0)
    assert told(given, [both(A), both(B, C)]).changes.taken_back == 0


def test_tasks_that_change_places_are_counted_past_those_that_leave() -> None:
    assert told(TOWN, [both(C, A), both(B)]).changes.resequenced == 4
    assert told(TOWN, [[(A, 0), (C, 0), (A, 1), (C, 1)], both(B)]).changes.resequenced == 2
    assert told(TOWN, [both(C), both(B, A)]).changes.resequenced == 0


def test_of_very_many_orders_the_oldest_are_looked_at() -> None:
    names = [OrderAt("1A", name=f"o{k}", placed_at=-k, size=9 if k % 2 else 1) for k in range(8)]
    problem = market("a 1 . A", *names)
    plan = solve(problem, Params())
    few = summarize(problem, Params(), plan, choices=2, trials=3)
    assert (few.chosen, few.choices.order.tolist()) == (4, [6, 4])
    assert (few.short, few.shortages.order.tolist()) == (4, [7, 5, 3])
    assert len(summarize(problem, Params(), plan, trials=0).shortages.order) == 1
    assert few.verdicts.sum() == 8


def test_where_routes_end_is_no_part_of_the_gap() -> None:
    problem = replace(TOWN, onward_m=np.arange(len(TOWN.travel.points)) * 100)
    params = Params(weights=Params().weights._replace(ending=50))
    summary = summarize(problem, params, solve(problem, params))
    ending = int(summary.terms[ENDING])
    assert ending > 0
    assert summary.gap == pytest.approx((summary.cost - ending - summary.bound) / (summary.cost - ending))


@pytest.mark.parametrize("later", [0, 600])
def test_the_view_of_another_problem_is_not_used(later: int) -> None:
    problem = random_problem(5, orders=6, riders=4, tables=("plane",))
    plan = solve(problem, Params())
    asked = replace(problem, now=problem.now + later)
    read, unread = (summarize(asked, Params(), made) for made in (plan, replace(plan, view=None)))
    assert (read.bound, read.left_out, read.changes) == (unread.bound, unread.left_out, unread.changes)
    assert isinstance(plan, Plan)
    assert (read.bound == summarize(problem, Params(), plan).bound) == (later == 0)

"""The cheapest insertion is the cheapest: it is compared with trying every place in the route."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.solver.insertion import copy_with, least_cost
from dispatch.solver.params import Params
from dispatch.solver.problem import Problem
from dispatch.solver.rules import Rules
from dispatch.solver.walk import INFEASIBLE, price
from tests.support.random_problems import problems, random_problem, rules
from tests.support.solving import Bench, bench, pairs, slot_by_trying

METRIC = ("plane", "sphere")
"""Tables in which no detour is shorter than the direct way: the search for the cheapest place counts on that."""


def limits_of(rng: random.Random) -> Rules:
    return Rules(
        one_merchant_on_board=rng.random() < 0.5,
        last_pickup_in_shift=rng.random() < 0.7,
        max_stops=rng.randint(2, 24),
        max_orders_on_board=rng.randint(1, 5),
        max_food_age_s=rng.choice((0, 600, 1800)),
    )


def small_benches(seed: int, count: int, spread: int, tables: tuple[str, ...] = METRIC) -> Iterator[Bench]:
    """Few riders with long routes; in a town of a small ``spread`` many places lie on the way to others."""
    rng = random.Random(seed)
    for number in range(count):
        problem = random_problem(
            seed + number, orders=rng.randint(1, 8), riders=rng.randint(1, 2), tables=tables, spread=spread
        )
        yield bench(problem, Params(rules=limits_of(rng)))


def assert_cheapest(work: Bench) -> int:
    """Check every pair of the problem; how many orders had a place."""
    found = 0
    for order, rider in pairs(work):
        best, slot = slot_by_trying(work, order, rider), work.slot(order, rider)
        assert slot.cost == best.cost
        if best.pickup_at < 0:
            assert slot.pickup_at < 0
            continue
        found += 1
        assert route_cost(work, order, rider, slot.pickup_at, slot.dropoff_at) == slot.cost
        assert work.slot(order, rider, best.cost + 1).cost == best.cost
        assert work.slot(order, rider, best.cost).pickup_at < 0
        assert least_cost(work.view, rider, order) <= best.cost - work.table.cost[rider]
    return found


def route_cost(work: Bench, order: int, rider: int, pickup_at: int, dropoff_at: int) -> int:
    count = int(work.table.length[rider])
    whole = np.zeros(count + 2, np.int64)
    copy_with(work.table.route[rider], count, order, pickup_at, dropoff_at, whole)
    return price(work.view, rider, whole, count + 2, work.scratch.ledger)


@pytest.mark.parametrize("spread", [1, 4, 24])
def test_no_place_in_a_route_is_cheaper(spread: int) -> None:
    found = sum(assert_cheapest(work) for work in small_benches(1000 * spread, 500, spread))
    assert found > 300


@given(problems(max_orders=8, max_riders=2, tables=METRIC), rules())
def test_no_place_in_a_drawn_route_is_cheaper(problem: Problem, limits: Rules) -> None:
    assert_cheapest(bench(problem, Params(rules=limits)))


@given(
    problems(max_orders=8, max_riders=2, tables=METRIC),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_no_place_is_cheaper_whatever_is_weighed(
    problem: Problem, wait: int, way: int, food: int, ending: int, time: int
) -> None:
    """Also where riding weighs more than the customer's time; waiting riders alone may make an insertion pay."""
    params = Params()
    weights = params.weights._replace(click_to_door=wait, travel=way, food_waiting=food, heading=50, load=500, churn=90)
    weights = weights._replace(ending=ending, ending_time=time)
    assert_cheapest(bench(problem, replace(params, weights=weights)))


def test_what_is_found_where_ways_are_not_metric_is_what_it_says() -> None:
    found = 0
    for work in small_benches(7, 200, 24, tables=("matrix",)):
        for order, rider in pairs(work):
            slot = work.slot(order, rider)
            assert slot.cost >= slot_by_trying(work, order, rider).cost
            if slot.cost < INFEASIBLE:
                found += 1
                assert route_cost(work, order, rider, slot.pickup_at, slot.dropoff_at) == slot.cost
    assert found > 100

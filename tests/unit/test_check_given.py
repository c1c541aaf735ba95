"""Rules broken by what a rider holds are not held against a plan; what its own decisions break is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.solver.check import ViolationCode, check
from dispatch.solver.problem import Problem
from dispatch.solver.rules import Rules
from tests.support.plans import plan
from tests.support.problems import OrderAt, RiderAt, market

Code = ViolationCode
Parts = list[str | OrderAt | RiderAt]
CITY = """
    a . 1 . A
    . . . . .
    b . 2 . B
"""


def codes(problem: Problem, tasks: str) -> list[Code]:
    """What is wrong with rider a doing ``tasks``."""
    return [violation.code for violation in check(problem, plan(problem, {"a": tasks}), Rules())]


OVERFULL: Parts = [OrderAt("1A", size=3), OrderAt("1B", size=3)]
FIXED_BOTH: Parts = [OrderAt("1A", fixed=True), OrderAt("2B", fixed=True)]
LATE: Parts = [OrderAt("1A", fixed=True), RiderAt("a", tasks="+1A -1A", off_at=0)]

GIVEN: dict[str, tuple[Parts, str, Rules, set[Code]]] = {
    "a bag too full at the start": ([*OVERFULL, RiderAt("a", tasks="-1A -1B")], "-1A -1B", Rules(), set()),
    "a new order once it is emptied": (
        [*OVERFULL, "2B", RiderAt("a", tasks="-1A -1B")],
        "-1A -1B +2B -2B",
        Rules(),
        set(),
    ),
    "a new order into what is too full": (
        [*OVERFULL, "2B", RiderAt("a", tasks="-1A -1B")],
        "+2B -1A -1B -2B",
        Rules(),
        {Code.CAPACITY},
    ),
    "a fixed order too large for its rider": (
        [OrderAt("1A", size=9, fixed=True), "2B", RiderAt("a", tasks="+1A -1A")],
        "+1A -1A +2B -2B",
        Rules(),
        set(),
    ),
    "a new order beside one that is too large": (
        [OrderAt("1A", size=9, fixed=True), "2B", RiderAt("a", tasks="+1A -1A")],
        "+2B +1A -1A -2B",
        Rules(),
        {Code.CAPACITY},
    ),
    "a fixed pickup after the shift": (LATE, "+1A -1A", Rules(), set()),
    "another order after the shift": ([*LATE, "2B"], "+1A -1A +2B -2B", Rules(), {Code.PICKUP_AFTER_SHIFT}),
    "a fixed pickup made too late by a new order": (
        [OrderAt("1A", fixed=True), "2B", RiderAt("a", tasks="+1A -1A", off_at=200)],
        "+2B -2B +1A -1A",
        Rules(),
        {Code.PICKUP_AFTER_SHIFT},
    ),
    "an order fixed without being in the route": (
        [OrderAt("1A", fixed=True, rider="a"), RiderAt("a", off_at=0, accepts=False)],
        "+1A -1A",
        Rules(),
        set(),
    ),
    "an open order kept by a rider who takes no more": (
        ["1A", RiderAt("a", tasks="+1A -1A", accepts=False)],
        "+1A -1A",
        Rules(),
        set(),
    ),
    "held orders that mix merchants as given": (
        [*FIXED_BOTH, RiderAt("a", tasks="+1A +2B -1A -2B")],
        "+1A +2B -1A -2B",
        Rules(one_merchant_on_board=True),
        set(),
    ),
    "held orders that the plan mixes": (
        [*FIXED_BOTH, RiderAt("a", tasks="+1A -1A +2B -2B")],
        "+1A +2B -1A -2B",
        Rules(one_merchant_on_board=True),
        {Code.MERCHANTS_MIXED},
    ),
    "a frozen open order": (
        ["1A", RiderAt("a", tasks="+1A -1A", frozen=1, off_at=0, zones=2)],
        "+1A -1A",
        Rules(),
        set(),
    ),
    "a route too long as given": (
        [*FIXED_BOTH, RiderAt("a", tasks="+1A -1A +2B -2B")],
        "+1A -1A +2B -2B",
        Rules(max_stops=2),
        set(),
    ),
    "a new order in a route too long as given": (
        [*FIXED_BOTH, "1B", RiderAt("a", tasks="+1A -1A +2B -2B")],
        "+1A -1A +2B -2B +1B -1B",
        Rules(max_stops=3),
        {Code.TOO_MANY_TASKS},
    ),
    "food too old as given": (
        [OrderAt("1A", fixed=True), "2B", RiderAt("a", tasks="+1A -1A")],
        "+1A -1A +2B -2B",
        Rules(max_food_age_s=120),
        set(),
    ),
    "food made too old by a detour": (
        [OrderAt("1A", fixed=True), "2B", RiderAt("a", tasks="+1A -1A")],
        "+1A +2B -2B -1A",
        Rules(max_food_age_s=359),
        {Code.FOOD_TOO_OLD},
    ),
}


@pytest.mark.parametrize("case", GIVEN)
def test_only_what_new_orders_break_counts(case: str) -> None:
    parts, tasks, rules, expected = GIVEN[case]
    problem = market(CITY, *parts)
    assert {violation.code for violation in check(problem, plan(problem, {"a": tasks}), rules)} == expected


def test_a_held_order_may_be_barred_out_of_zone_and_on_the_wrong_vehicle() -> None:
    order, rider = OrderAt("1A", zones=1, vehicles=(1,)), RiderAt("a", tasks="+1A -1A", zones=2)
    fixed = market(CITY, replace(order, fixed=True), rider, bars=[("1A", "a")], minutes_a_cell=(1, 2))
    assert codes(fixed, "+1A -1A") == []
    free = market(CITY, order, rider, bars=[("1A", "a")], minutes_a_cell=(1, 2))
    assert set(codes(free, "+1A -1A")) == {Code.BARRED, Code.ZONE, Code.VEHICLE}


def test_a_carried_order_that_cannot_be_reached_is_not_held_against_the_plan() -> None:
    problem = market(CITY, "1A", "2B", RiderAt("a", tasks="-1A"), no_way=["aA", "AB", "A2"])
    assert codes(problem, "-1A") == []
    assert codes(problem, "+2B -2B -1A") == []
    assert codes(problem, "-1A +2B -2B") == [Code.UNREACHABLE]


def test_a_new_order_that_waits_for_food_at_a_held_stop_answers_for_the_shift() -> None:
    held, slow = OrderAt("1A", fixed=True), OrderAt("1B", ready_at=900)
    problem = market(CITY, held, slow, RiderAt("a", tasks="+1A -1A", off_at=300))
    late = check(problem, plan(problem, {"a": "+1A +1B -1A -1B"}), Rules())
    assert [(violation.code, violation.order) for violation in late] == [
        (Code.PICKUP_AFTER_SHIFT, 0),
        (Code.PICKUP_AFTER_SHIFT, 1),
    ]

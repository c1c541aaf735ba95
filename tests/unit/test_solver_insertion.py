"""Places for an order in a route, one by one."""

from __future__ import annotations

import numpy as np
import pytest

from dispatch.solver.insertion import Slot, copy_with, least_cost
from dispatch.solver.params import Params
from dispatch.solver.problem import Problem
from dispatch.solver.rules import Rules
from dispatch.solver.walk import INFEASIBLE
from tests.support.problems import OrderAt, RiderAt, market
from tests.support.solving import bench

ROW = """
a  .  1  .  A  .  2  .  B
"""


def slot_of(problem: Problem, order: str, rules: Rules | None = None) -> str:
    """The first rider's route with the order where the solver puts it; "" where it finds no place."""
    work = bench(problem, Params(rules=rules or Rules()))
    number = problem.order_ids.index(order)
    slot = work.slot(number, 0)
    if slot.pickup_at < 0:
        assert slot == Slot(INFEASIBLE, -1, -1)
        return ""
    count = int(work.table.length[0])
    whole = np.zeros(count + 2, np.int64)
    copy_with(work.table.route[0], count, number, slot.pickup_at, slot.dropoff_at, whole)
    return " ".join("+-"[task & 1] + problem.order_ids[task >> 1] for task in whole.tolist())


def test_an_order_on_the_way_goes_between() -> None:
    problem = market(ROW, "1A", OrderAt("2B", name="far"), RiderAt("a", tasks="+far -far"))
    assert slot_of(problem, "1A") == "+1A -1A +far -far"


def test_an_order_of_the_same_merchant_joins_the_stop() -> None:
    problem = market("a . 1 . A . B", "1A", OrderAt("1B", name="on"), RiderAt("a", tasks="+on -on"))
    assert slot_of(problem, "1A") == "+on +1A -1A -on"


def test_an_order_joins_a_stop_that_is_frozen_in_part() -> None:
    problem = market("a . 1 . A . B", "1A", OrderAt("1B", name="on"), RiderAt("a", tasks="+on -on", frozen=1))
    assert slot_of(problem, "1A") == "+on +1A -1A -on"
    problem = market("a . 1 . A . B", "1A", OrderAt("1B", name="on"), RiderAt("a", tasks="+on -on", frozen=2))
    assert slot_of(problem, "1A") == "+on -on +1A -1A"


def test_an_order_that_is_ready_is_brought_before_returning_for_one_that_is_not() -> None:
    problem = market("a . 1 A . B", "1A", OrderAt("1B", name="slow", ready_at=3600), RiderAt("a", tasks="+slow -slow"))
    assert slot_of(problem, "1A") == "+1A -1A +slow -slow"


def test_an_order_does_not_join_another_merchant_at_the_same_place() -> None:
    problem = market("a . 12 . A . B", "1A", OrderAt("2B", name="on"), RiderAt("a", tasks="+on -on"))
    one_merchant = Rules(one_merchant_on_board=True)
    assert slot_of(problem, "1A", one_merchant) == "+1A -1A +on -on"
    assert slot_of(problem, "1A") in ("+1A +on -1A -on", "+on +1A -1A -on")


def test_one_merchant_on_board_keeps_others_out_of_the_bag() -> None:
    drawing = """
    a  1  .  2  A  B
    """
    problem = market(drawing, "2B", OrderAt("1A", name="on"), RiderAt("a", tasks="+on -on"))
    assert slot_of(problem, "2B") == "+on +2B -on -2B"
    assert slot_of(problem, "2B", Rules(one_merchant_on_board=True)) == "+on -on +2B -2B"
    carried = market(drawing, "2B", OrderAt("1A", name="on"), RiderAt("a", tasks="-on"))
    assert slot_of(carried, "2B", Rules(one_merchant_on_board=True)) == "-on +2B -2B"


@pytest.mark.parametrize(("capacity", "route"), [(2, "+on +1A -1A -on"), (1, "+1A -1A +on -on")])
def test_what_does_not_fit_beside_another_goes_alone(capacity: int, route: str) -> None:
    problem = market("a . 1 A . B", "1A", OrderAt("1B", name="on"), RiderAt("a", tasks="+on -on", capacity=capacity))
    assert slot_of(problem, "1A") == route
    assert slot_of(problem, "1A", Rules(max_orders_on_board=1)) == "+1A -1A +on -on"


def test_a_full_bag_is_emptied_first() -> None:
    order = OrderAt("1B", name="big", size=3)
    problem = market("a 1 . B . A", "1A", order, RiderAt("a", tasks="-big", capacity=3))
    assert slot_of(problem, "1A") == "-big +1A -1A"


def test_no_pickup_after_the_end_of_the_shift() -> None:
    problem = market("a 1 A", "1A", RiderAt("a", off_at=60))
    assert slot_of(problem, "1A") == "+1A -1A"
    late = market("a 1 A", "1A", RiderAt("a", off_at=59))
    assert slot_of(late, "1A") == ""
    assert slot_of(late, "1A", Rules(last_pickup_in_shift=False)) == "+1A -1A"


def test_an_insertion_must_not_push_another_pickup_over_the_end_of_the_shift() -> None:
    held = OrderAt("2B", name="on")
    problem = market("a 1 2 . B . . A", "1A", held, RiderAt("a", tasks="+on -on", off_at=130))
    assert slot_of(problem, "1A") == "+1A +on -on -1A"
    slow = market("a 1 2 . B . . A", OrderAt("1A", pickup_after_s=60), held, RiderAt("a", tasks="+on -on", off_at=130))
    assert slot_of(slow, "1A") == ""


def test_food_must_not_become_too_old() -> None:
    problem = market("a 1 2 . B . . A", "1A", OrderAt("2B", name="on"), RiderAt("a", tasks="+on -on"))
    assert slot_of(problem, "1A", Rules(max_food_age_s=360)) == "+1A +on -on -1A"
    assert slot_of(problem, "1A", Rules(max_food_age_s=359)) == ""
    back = market("a 1 2 . B . . A", OrderAt("1A", pickup_after_s=90), OrderAt("2B", name="on"), RiderAt("a"))
    assert slot_of(back, "1A", Rules(max_food_age_s=450)) == "+1A -1A"
    assert slot_of(back, "1A", Rules(max_food_age_s=449)) == ""


def test_the_food_of_others_must_not_become_too_old() -> None:
    held, brief = OrderAt("1A", name="on"), OrderAt("2B", pickup_after_s=30)
    problem = market("a 1 2 B . A", brief, held, RiderAt("a", tasks="+on -on", frozen=1))
    assert slot_of(problem, "2B", Rules(max_food_age_s=270)) == "+on +2B -2B -on"
    assert slot_of(problem, "2B", Rules(max_food_age_s=269)) == "+on -on +2B -2B"


def test_a_route_that_is_as_long_as_allowed_takes_nothing() -> None:
    problem = market(ROW, "1A", OrderAt("2B", name="on"), RiderAt("a", tasks="+on -on"))
    assert slot_of(problem, "1A", Rules(max_stops=4)) == "+1A -1A +on -on"
    assert slot_of(problem, "1A", Rules(max_stops=3)) == ""


def test_no_way_no_place() -> None:
    assert slot_of(market("a 1 A", "1A", no_way=["a1"]), "1A") == ""
    assert slot_of(market("a 1 A", "1A", no_way=["1A"]), "1A") == ""


def test_nothing_dearer_than_the_limit_is_found() -> None:
    work = bench(market(ROW, "1A"))
    cost = work.slot(0, 0).cost
    assert work.slot(0, 0, cost).pickup_at == -1
    assert work.slot(0, 0, cost + 1) == Slot(cost, 0, 0)


def test_a_drop_off_on_the_way_to_a_pickup_that_waits_is_found_below_the_limit_of_its_true_cost() -> None:
    """The way to the drop-off is the way to the pickup, and must not be counted twice when giving up early."""
    problem = market(
        "a1 . . . . . . . . A2 B", "1A", OrderAt("2B", name="on", ready_at=3600), RiderAt("a", tasks="+on -on")
    )
    work = bench(problem)
    cost = work.slot(0, 0).cost
    assert cost == work.table.cost[0] + 100 * 9 * 60
    assert work.slot(0, 0, cost + 1).cost == cost


def test_who_stands_at_the_merchant_since_long_is_ready_at_once() -> None:
    order = OrderAt("1A", pickup_before_s=120)
    soon, late = (bench(market("a1 . A", order, RiderAt("a", free_at=free))) for free in (-120, 0))
    assert late.slot(0, 0).cost - soon.slot(0, 0).cost == 100 * 120


def test_the_least_cost_is_reached_by_a_rider_who_goes_straight() -> None:
    work = bench(market("a . 1 . A", OrderAt("1A", priority=1, pickup_before_s=30, dropoff_before_s=20)))
    assert least_cost(work.view, 0, 0) == 2 * 100 * (120 + 30 + 120 + 20)
    assert work.added(0, 0) == least_cost(work.view, 0, 0) + 5 * 240

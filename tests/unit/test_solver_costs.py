"""One rule a cost term."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dispatch.solver.costs import TERMS, Weights
from dispatch.solver.costs.churn import churn_cost
from dispatch.solver.costs.click_to_door import click_to_door_cost
from dispatch.solver.costs.ending import CROWD, LATELY_S, SERVED, ending_prices, ending_time_cost, time_price
from dispatch.solver.costs.food_waiting import food_waiting_cost
from dispatch.solver.costs.heading import FULL_TURN_S, heading_cost
from dispatch.solver.costs.lateness import lateness_cost
from dispatch.solver.costs.load import load_cost
from dispatch.solver.costs.rider_waiting import rider_waiting_cost
from dispatch.solver.costs.travel import travel_cost
from dispatch.solver.params import Params
from dispatch.solver.problem import Problem
from dispatch.solver.walk import walk
from tests.support.problems import OrderAt, RiderAt, market
from tests.support.solving import bench

NOTHING = Weights(*(0 for _ in Weights._fields))._replace(lateness_scale_s=600)


def terms_of(problem: Problem, weights: Weights) -> dict[str, int]:
    """The terms of the first rider's route as it is, those that are 0 left out."""
    work = bench(problem, replace(Params(), weights=weights))
    work.slot(0, 0)  # a search between must leave no trace
    walk(work.view, 0, work.table.route[0], int(work.table.length[0]), work.scratch.ledger)
    terms = work.scratch.ledger.terms.tolist()
    assert sum(terms) == work.table.cost[0]
    return {name: value for name, value in zip(TERMS, terms, strict=True) if value}


def test_waiting_counts_by_the_second() -> None:
    weights = NOTHING._replace(click_to_door=3)
    assert click_to_door_cost(weights, 100, 160) == 180
    assert click_to_door_cost(NOTHING, 100, 160) == 0


def test_in_time_is_not_late() -> None:
    weights = NOTHING._replace(lateness=20)
    assert [lateness_cost(weights, 1000, at) for at in (0, 999, 1000, 1001)] == [0, 0, 0, 20]


def test_lateness_is_convex_and_doubles_at_its_scale() -> None:
    weights = NOTHING._replace(lateness=1, lateness_scale_s=600)
    assert lateness_cost(weights, 0, 600) == 2 * 600
    points = np.array([lateness_cost(weights, 0, 60 * minute) for minute in range(120)])
    assert (np.diff(points) > 0).all()
    assert (np.diff(points, 2)[1:] >= 0).all()
    assert lateness_cost(weights, 0, 1200) > 2 * lateness_cost(weights, 0, 600)


def test_food_waits_from_ready_to_pickup() -> None:
    weights = NOTHING._replace(food_waiting=2)
    assert [food_waiting_cost(weights, 100, at) for at in (90, 100, 130)] == [0, 0, 60]


def test_a_rider_waits_from_could_to_pickup() -> None:
    weights = NOTHING._replace(rider_waiting=2)
    assert [rider_waiting_cost(weights, could, 100) for could in (70, 100, 130)] == [60, 0, 0]


def test_riding_counts_by_the_second() -> None:
    assert travel_cost(NOTHING._replace(travel=5), 60) == 300


def test_only_who_has_another_rider_now_is_taken_from_somebody() -> None:
    weights = NOTHING._replace(churn=3000)
    assert [churn_cost(weights, present, 2) for present in (-1, 2, 1)] == [0, 0, 3000]


def test_load_grows_with_the_square_of_the_orders_on_hand() -> None:
    weights = NOTHING._replace(load=12)
    assert [load_cost(weights, orders, 3) for orders in (0, 1, 2, 3)] == [0, 4, 16, 36]
    assert load_cost(weights, 2, 6) < load_cost(weights, 2, 3)


EAST = """
.  .  .  .  .  C  .  .  .  .  .
B  .  .  .  .  a1 .  .  .  .  A
"""


def turn(door: str, *, trust: float = 1.0, minutes_a_cell: float = 1.0, weight: int = 100) -> int:
    """Points for an order to that door, of a rider who rides east: 100 points are a second against the grain."""
    problem = market(EAST, f"1{door}", minutes_a_cell=(minutes_a_cell,))
    riders = problem.riders._replace(heading=np.array([[1.0, 0.0, 0.0]]), heading_trust=np.array([trust]))
    weights = NOTHING._replace(heading=weight)
    return heading_cost(weights, problem.travel, riders, 0, int(problem.orders.dropoff[0]))


def test_straight_ahead_is_free_and_right_behind_costs_every_second() -> None:
    assert turn("A") == 0
    assert turn("B") == 100 * 300
    assert turn("C") == 100 * 60 // 2


def test_an_old_position_says_less_about_the_direction() -> None:
    assert [turn("B", trust=trust) for trust in (1.0, 0.5, 0.25, 0.0)] == [30_000, 15_000, 7_500, 0]


def test_a_turn_to_a_far_door_weighs_no_more_than_its_cap() -> None:
    assert turn("B", minutes_a_cell=3) == 100 * FULL_TURN_S
    assert turn("B", minutes_a_cell=60) == 100 * FULL_TURN_S
    assert turn("B", minutes_a_cell=2.9) < 100 * FULL_TURN_S


def test_who_stands_or_is_there_already_turns_nowhere() -> None:
    problem = market("a1A . B", "1A", "1B")
    weights = NOTHING._replace(heading=100)
    riders = problem.riders._replace(heading=np.array([[-1.0, 0.0, 0.0]]), heading_trust=np.ones(1))
    doors = problem.orders.dropoff.tolist()
    assert [heading_cost(weights, problem.travel, riders, 0, door) for door in doors] == [0, 12_000]
    assert heading_cost(weights, problem.travel, problem.riders, 0, doors[1]) == 0
    assert heading_cost(NOTHING, problem.travel, riders, 0, doors[1]) == 0


CROWDED = market("a 1 A b", *(OrderAt("1A", name=str(n), placed_at=-60 * n) for n in range(3)))
"""Three orders of late for two riders: 1.5 for each, one too many."""


def price_of_time(problem: Problem, weight: int = 100) -> int:
    return time_price(NOTHING._replace(ending_time=weight), problem.orders, problem.riders, problem.now)


def test_time_costs_only_while_more_orders_come_than_riders_serve() -> None:
    assert price_of_time(CROWDED) == 100 * (1.5 - SERVED)
    assert price_of_time(CROWDED, weight=0) == 0
    assert price_of_time(market("a 1 A b", "1A")) == 0


def test_only_orders_of_late_and_riders_free_soon_count() -> None:
    orders = CROWDED.orders._replace(placed_at=np.array([0, 0, -LATELY_S]))
    assert price_of_time(replace(CROWDED, orders=orders)) == 100 * (1.0 - SERVED)
    riders = CROWDED.riders._replace(free_at=np.array([0, LATELY_S]))
    assert price_of_time(replace(CROWDED, riders=riders)) == 100 * min(3.0 - SERVED, CROWD) > price_of_time(CROWDED)


def test_a_crowd_without_riders_has_a_price_with_an_end() -> None:
    nobody = CROWDED.riders._replace(free_at=np.full(2, 10 * LATELY_S))
    orders = CROWDED.orders._replace(placed_at=np.zeros(3, np.int64))
    assert price_of_time(replace(CROWDED, riders=nobody, orders=orders)) == 100 * min(3.0 - SERVED, CROWD)


def test_the_way_to_the_next_pickup_is_part_of_the_time() -> None:
    weights, riders, pace = NOTHING._replace(ending=12), CROWDED.riders, CROWDED.travel.pace
    assert ending_prices(weights, riders, pace, 0, 60) == pytest.approx(6 * ending_prices(weights, riders, pace, 0, 0))


def test_a_route_counts_until_its_end_or_the_end_of_the_shift() -> None:
    assert [ending_time_cost(7, 100, 500, at) for at in (40, 100, 160, 500, 900)] == [0, 0, 420, 2800, 2800]
    assert ending_time_cost(7, 600, 500, 900) == 0


def test_the_time_of_a_route_counts_while_orders_crowd() -> None:
    problem = market("a . 1 . A", *(OrderAt("1A", name=str(n)) for n in range(3)), RiderAt("a", tasks="+0 -0"))
    assert terms_of(problem, NOTHING._replace(ending_time=10)) == {"ending": int(10 * min(3.0 - SERVED, CROWD)) * 240}


ROUTE = market(
    "a . 1 . A . B . b",
    OrderAt("1A", placed_at=-60, ready_at=300, due_at=400, rider="a"),
    OrderAt("1B", placed_at=-120, ready_at=100, due_at=9000, priority=2),
    RiderAt("a", tasks="+1A +1B -1A -1B"),
)
"""Both are picked up at 300 by who could at 120, dropped off at 420 and 540."""


@pytest.mark.parametrize(
    ("weights", "terms"),
    [
        ({"click_to_door": 1}, {"click_to_door": (420 + 60) + 3 * (540 + 120)}),
        ({"lateness": 1}, {"lateness": 20 + 20 * 20 // 600}),
        ({"food_waiting": 1}, {"food_waiting": 200}),
        ({"rider_waiting": 1}, {"rider_waiting": 180}),
        ({"travel": 1}, {"travel": 360}),
        ({"load": 3}, {"load": 3 * 4 // 3}),
        ({"churn": 7, "heading": 9}, {}),
    ],
    ids="+".join,
)
def test_each_weight_moves_its_own_term_only(weights: dict[str, int], terms: dict[str, int]) -> None:
    assert terms_of(ROUTE, NOTHING._replace(**weights)) == terms
    ten_times = NOTHING._replace(**{name: 10 * value for name, value in weights.items()})
    linear = {name: 10 * value for name, value in terms.items()}
    assert terms_of(ROUTE, ten_times) == linear


def test_churn_is_paid_by_the_route_that_gets_the_order() -> None:
    taken = replace(ROUTE, orders=ROUTE.orders._replace(rider=np.array([1, 1])))
    assert terms_of(taken, NOTHING._replace(churn=7)) == {"churn": 14}


def test_an_order_on_board_counts_as_on_hand_and_not_as_picked_up() -> None:
    problem = market("a 1 A B", "1A", OrderAt("1B", name="on"), RiderAt("a", tasks="-on +1A -1A", capacity=1))
    heavy = NOTHING._replace(load=1, food_waiting=50, churn=50)
    assert terms_of(problem, heavy) == {"load": 4, "food_waiting": 50 * 300}


def test_an_empty_route_costs_nothing() -> None:
    assert terms_of(market("a 1 A", "1A"), Weights()) == {}

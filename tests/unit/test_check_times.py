"""The times of a plan as the checker works them out, against numbers worked out by hand."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from dispatch.geo.kernel import EARTH_RADIUS_M, TravelTable
from dispatch.solver.check import ViolationCode, check
from dispatch.solver.check_times import plain_travel_s, timetable
from dispatch.solver.problem import Problem
from dispatch.solver.rules import Rules
from dispatch.units import UNREACHABLE_S
from tests.support.plans import plan, visits
from tests.support.problems import OrderAt, RiderAt, market, parse_tasks, to_routes


def times(problem: Problem, tasks: str) -> list[tuple[int, int, int, int]]:
    """(depart, arrive, event, leave) of each task of the first rider."""
    rows = [parse_tasks(tasks, problem.order_ids)]
    table = timetable(problem, to_routes(rows, [0]))
    return list(
        zip(
            table.depart_at.tolist(),
            table.arrive_at.tolist(),
            table.event_at.tolist(),
            table.leave_at.tolist(),
            strict=True,
        )
    )


def test_a_rider_goes_on_without_waiting_where_nothing_is_to_wait_for() -> None:
    problem = market("a . 1 . A", "1A")
    assert times(problem, "+1A -1A") == [(0, 120, 120, 120), (120, 240, 240, 240)]


def test_a_rider_leaves_just_in_time_for_the_food() -> None:
    problem = market("a . 1 . A", OrderAt("1A", ready_at=600, pickup_before_s=30, pickup_after_s=45))
    assert times(problem, "+1A -1A") == [(450, 570, 600, 645), (645, 765, 765, 765)]


def test_a_rider_leaves_just_in_time_for_the_customers_window() -> None:
    problem = market(
        "a . 1 . A", OrderAt("1A", not_before_at=1000, dropoff_before_s=40, dropoff_after_s=20), RiderAt("a")
    )
    assert times(problem, "+1A -1A") == [(0, 120, 120, 120), (840, 960, 1000, 1020)]


def test_handling_and_food_of_a_stop_are_those_of_its_slowest_order() -> None:
    quick = OrderAt("1A", ready_at=300, pickup_before_s=10, pickup_after_s=60)
    slow = OrderAt("1B", ready_at=200, pickup_before_s=40, pickup_after_s=20)
    problem = market("a . 1 A B", quick, slow)
    shared = (140, 260, 300, 360)
    assert times(problem, "+1A +1B -1A -1B") == [shared, shared, (360, 420, 420, 420), (420, 480, 480, 480)]


def test_pickups_apart_and_merchants_of_one_place_are_stops_of_their_own() -> None:
    order = partial(OrderAt, pickup_before_s=30, pickup_after_s=30)
    problem = market("a 12 A", order("1A"), order("2A"), order("1A", name="x"))
    assert [row[2] for row in times(problem, "+1A +2A +x")] == [90, 150, 210]
    assert [row[2] for row in times(problem, "+1A +x +2A")] == [90, 90, 150]
    assert [row[2] for row in times(problem, "+1A -1A +x")] == [90, 180, 270]


def test_drop_offs_at_one_door_are_stops_of_their_own() -> None:
    order = partial(OrderAt, dropoff_before_s=10, dropoff_after_s=20)
    problem = market("a1 A", order("1A"), order("1A", name="x"))
    rows = times(problem, "+1A +x -1A -x")
    assert rows[2:] == [(0, 60, 70, 90), (90, 90, 100, 120)]


def test_a_rider_who_stands_at_the_first_stop_has_been_there_since_being_free() -> None:
    order = OrderAt("1A", pickup_before_s=60)
    for free_at, event in ((-600, 0), (-30, 30), (0, 60), (90, 150)):
        problem = market("a1 . A", order, RiderAt("a", free_at=free_at))
        assert times(problem, "+1A -1A")[0] == (free_at, free_at, event, event)


def test_a_rider_elsewhere_leaves_at_now_or_when_free() -> None:
    for free_at, depart in ((-600, 0), (90, 90)):
        problem = market("a . 1 A", "1A", RiderAt("a", free_at=free_at))
        assert times(problem, "+1A -1A")[0] == (depart, depart + 120, depart + 120, depart + 120)


def test_coming_back_to_where_the_rider_stood_is_a_leg_like_any_other() -> None:
    problem = market("a1 A", "1A", OrderAt("1A", name="x"), RiderAt("a", free_at=-50))
    assert times(problem, "+1A -1A +x") == [(-50, -50, 0, 0), (0, 60, 60, 60), (60, 120, 120, 120)]


def test_part_seconds_are_rounded_up() -> None:
    problem = market("a . .\n. 1 A", "1A")
    assert [row[2] for row in times(problem, "+1A -1A")] == [85, 145]


def test_riders_start_afresh() -> None:
    problem = market("a 1 A . b 2 B", "1A", "2B", RiderAt("a", free_at=1000))
    answer = plan(problem, {"a": "+1A -1A", "b": "+2B -2B"})
    assert answer.event_at.tolist() == [1060, 1120, 60, 120]
    assert check(problem, answer, Rules()) == ()


def test_a_plan_that_leaves_early_and_waits_is_wrong() -> None:
    problem = market("a . 1 . A", OrderAt("1A", ready_at=600))
    answer = plan(problem, {"a": "+1A -1A"})
    answer.depart_at[0], answer.arrive_at[0] = 0, 120
    violations = check(problem, answer, Rules())
    assert [violation.code for violation in violations] == [ViolationCode.TIMES_WRONG] * 2
    assert violations[0].text == "depart_at of the pickup of order 1A by rider a is 0, the route gives 480"


def test_a_leg_without_a_way_takes_three_quarters_of_for_ever() -> None:
    problem = market("a 1 A", "1A", no_way=["1A"])
    assert [row[2] for row in times(problem, "+1A -1A")] == [60, 60 + UNREACHABLE_S]
    assert [visit.event_at for visit in visits(problem, 0, [(0, 0), (0, 1)])] == [60, 60 + UNREACHABLE_S]


def _table(
    points: list[tuple[float, float, float]], pace: float, *, radius_m: float = 0.0, step_s: int = 1
) -> TravelTable:
    return TravelTable(np.array(points), radius_m, np.array([pace]), step_s, np.zeros((0, 0, 0), np.int32))


def _travel(table: TravelTable, a: int, b: int) -> int:
    zero, one, other = np.zeros(1, np.int64), np.array([a]), np.array([b])
    return int(plain_travel_s(table, zero, one, other)[0])


@pytest.mark.parametrize(
    ("pace", "step_s", "seconds"),
    [(0.6, 1, 300), (0.6002, 1, 301), (0.6, 60, 300), (0.6002, 60, 360), (1e12, 1, UNREACHABLE_S)],
)
def test_travel_on_a_plane(pace: float, step_s: int, seconds: int) -> None:
    table = _table([(0, 0, 0), (300, 400, 0)], pace, step_s=step_s)
    assert (_travel(table, 0, 1), _travel(table, 1, 1)) == (seconds, 0)


def test_travel_on_the_earth_follows_the_great_circle() -> None:
    quarter = _table([(EARTH_RADIUS_M, 0, 0), (0, 0, EARTH_RADIUS_M)], 0.1, radius_m=EARTH_RADIUS_M)
    assert _travel(quarter, 0, 1) == 1_000_756
    across = _table([(EARTH_RADIUS_M, 0, 0), (-EARTH_RADIUS_M, 0, 0)], 0.1, radius_m=EARTH_RADIUS_M)
    assert _travel(across, 0, 1) == 2_001_512


def test_a_profile_that_cannot_move_reaches_only_where_it_is() -> None:
    table = _table([(0, 0, 0), (0, 0, 0), (1, 0, 0)], np.inf)
    assert [_travel(table, 0, b) for b in range(3)] == [0, UNREACHABLE_S, UNREACHABLE_S]

"""What would help is tried: doing it gives the order its rider, doing a little less does not."""

from __future__ import annotations

import pytest

from dispatch.solver.explanation import Explanation, HelpKind
from dispatch.solver.free_rider import metres_of, reach_s
from dispatch.solver.params import Options, Params, SearchParams
from dispatch.solver.plan import Verdict
from dispatch.solver.problem import Problem
from dispatch.solver.rules import Rules
from dispatch.solver.view import make_view
from tests.support.explaining import explained, help_of
from tests.support.problems import OrderAt, RiderAt, market

ROW = "a . . 1 . A"
BRIEF = Params(options=Options(not_yet_s=600))
"""Leaving an order out counts no more than ten minutes of waiting."""


def kinds(told: Explanation) -> set[HelpKind]:
    return {found.kind for found in told.helps}


def test_an_order_that_has_a_rider_needs_no_help() -> None:
    assert explained(market(ROW, "1A"), "1A").helps == ()


@pytest.mark.parametrize("off_at", [179, 120, 119, 0, -3600])
def test_the_shift_is_prolonged_by_the_fewest_whole_minutes(off_at: int) -> None:
    """The rider is at the merchant at 180."""

    def problem(more: int) -> Problem:
        return market(ROW, "1A", RiderAt("a", off_at=off_at + 60 * more))

    told = explained(problem(0), "1A")
    help_ = help_of(told, HelpKind.LONGER_SHIFT)
    assert told.verdict == Verdict.SHIFT_ENDS
    assert help_.amount is not None
    assert (help_.rider, help_.enough, help_.total) == (0, True, 300 * 105)
    assert explained(problem(help_.amount), "1A").rider == 0
    assert explained(problem(help_.amount - 1), "1A").rider is None


def test_the_shift_with_the_least_missing_is_the_one_named() -> None:
    told = explained(market("b . . a . 1 A", "1A", RiderAt("a", off_at=0), RiderAt("b", off_at=240)), "1A")
    help_ = help_of(told, HelpKind.LONGER_SHIFT)
    assert (help_.rider, help_.amount) == (1, 1)
    assert help_.text.startswith("If the shift of rider b ends 1 min later: ")


def test_a_bar_that_keeps_the_order_waiting_is_named() -> None:
    told = explained(market(ROW, "1A", bars=[("1A", "a")]), "1A")
    help_ = help_of(told, HelpKind.LIFT_BAR)
    assert (told.verdict, help_.rider, help_.total) == (Verdict.BARRED, 0, 300 * 105)
    assert help_.text == "If rider a is no longer barred: 31,500 points, less than leaving it out (360,000 points)."


def test_a_rider_who_takes_no_orders_is_named() -> None:
    told = explained(market(ROW, "1A", RiderAt("a", accepts=False)), "1A")
    assert told.verdict == Verdict.NO_RIDER_ON_SHIFT
    assert help_of(told, HelpKind.RESUME).rider == 0


def test_the_zone_that_is_missing_is_named() -> None:
    told = explained(market(ROW, OrderAt("1A", zones=0b110), RiderAt("a", zones=0b1)), "1A")
    assert told.verdict == Verdict.NO_ZONE
    assert "rider a works in zone 1 or 2, too" in help_of(told, HelpKind.ZONE).text
    assert "who works in zone 1 or 2" in help_of(told, HelpKind.FREE_RIDER).text


def test_zones_and_vehicles_are_called_by_their_names_where_they_are_known() -> None:
    problem = market(ROW, OrderAt("1A", zones=0b10, vehicles=(1,)), RiderAt("a", zones=0b10), minutes_a_cell=(1, 2))
    object.__setattr__(problem, "profile_names", ("bicycle", "car"))
    object.__setattr__(problem, "zone_names", ("north", "centre"))
    told = explained(problem, "1A")
    assert told.verdict == Verdict.NO_VEHICLE
    assert "rider a may carry it by bicycle" in help_of(told, HelpKind.VEHICLE).text
    assert "A free rider (car) who works in zone centre within" in help_of(told, HelpKind.FREE_RIDER).text


def test_the_room_that_is_missing_is_named() -> None:
    told = explained(market("b . a 1 A", OrderAt("1A", size=5), RiderAt("b", capacity=4)), "1A")
    help_ = help_of(told, HelpKind.LARGER_VEHICLE)
    assert (told.verdict, help_.rider, help_.amount) == (Verdict.NO_CAPACITY, 0, 5)
    assert "rider a can carry 5 instead of 3" in help_.text


def test_two_rules_in_the_way_are_not_lifted_one_by_one() -> None:
    problem = market(ROW, OrderAt("1A", size=4), RiderAt("a", accepts=False))
    assert kinds(explained(problem, "1A")) == {HelpKind.FREE_RIDER}


def test_orders_that_are_in_the_way_are_named() -> None:
    problem = market("a 2 B . 1 A", "1A", OrderAt("2B", placed_at=-1200))
    told = explained(problem, "1A", Params(rules=Rules(max_stops=2)))
    help_ = help_of(told, HelpKind.FEWER_ORDERS)
    assert (told.verdict, help_.rider) == (Verdict.LOST_TO_OTHERS, 0)
    assert "the plan gives rider a none of 2B" in help_.text
    assert help_.total == 300 * 105


@pytest.mark.parametrize(
    ("no_way", "words"), [("aA", "none"), ("a1", "no way to the merchant"), ("1A", "from the merchant to the customer")]
)
def test_a_missing_way_is_said_where_it_is(no_way: str, words: str) -> None:
    told = explained(market(ROW, "1A", no_way=[no_way]), "1A")
    ways = [found.text for found in told.helps if found.kind is HelpKind.WAY]
    assert (words in ways[0]) if ways else told.rider == 0


def test_a_vehicle_that_nobody_knows_is_said_so() -> None:
    told = explained(market(ROW, OrderAt("1A", vehicles=(5,))), "1A")
    assert "No vehicle that is known here may carry it" in " ".join(found.text for found in told.helps)


def test_a_free_rider_must_be_just_so_near_that_waiting_is_dearer() -> None:
    def problem(blanks: int) -> Problem:
        return market("a" + " ." * blanks + " 1 . A", "1A", cell_m=10, minutes_a_cell=(0.1,))

    told = explained(problem(99), "1A", BRIEF)
    help_ = help_of(told, HelpKind.FREE_RIDER)
    assert told.verdict == Verdict.NOT_YET
    assert help_.amount == (600 * 100 - 1) // 105 - 12
    assert help_.text == (
        "A free rider (vehicle 0) within 9 min 19 s (931 m) of the merchant would get it; "
        "rider a, the cheapest there is, is 10 min away."
    )
    assert explained(problem(help_.amount // 6 - 1), "1A", BRIEF).rider == 0
    assert explained(problem(help_.amount // 6), "1A", BRIEF).rider is None


def test_a_price_too_low_for_any_rider_is_said() -> None:
    told = explained(market(ROW, "1A"), "1A", Params(options=Options(not_yet_s=60)))
    help_ = help_of(told, HelpKind.PRICE)
    assert kinds(told) == {HelpKind.PRICE}
    assert help_.total == 120 * 105
    assert help_.amount == 120 * 105 - 60 * 100 + 1


def test_what_makes_an_order_too_dear_is_not_offered_as_a_help() -> None:
    """A bar could be lifted, but the rider barred is as far away as the one who may have it."""
    problem = market("a b" + " ." * 20 + " 1 A", "1A", bars=[("1A", "b")])
    assert kinds(explained(problem, "1A", BRIEF)) == {HelpKind.FREE_RIDER}


def test_an_order_not_looked_at_yet_needs_time() -> None:
    told = explained(market(ROW, OrderAt("1A", ready_at=3000)), "1A", Params(search=SearchParams(horizon_s=2400)))
    assert [(found.kind, found.amount) for found in told.helps] == [(HelpKind.WAIT, 600)]


def test_in_a_market_without_riders_the_wish_is_for_one() -> None:
    assert kinds(explained(market("1 . A", "1A"), "1A")) == {HelpKind.FREE_RIDER}


def test_a_rider_who_must_wait_for_the_food_may_come_from_as_far_as_that() -> None:
    """With a price on standing idle the best leg is the one that ends when the food is ready."""
    params = Params(options=Options(not_yet_s=300))
    view = make_view(market(ROW, OrderAt("1A", ready_at=900)), params.rules, params.weights._replace(rider_waiting=50))
    reach = reach_s(view, 0, 0, 1, 110_000)
    assert reach is not None
    assert reach >= 900
    assert reach_s(view, 0, 0, 1, 1000) is None


def test_metres_are_left_out_where_times_come_from_a_matrix() -> None:
    view = make_view(market(ROW, "1A", no_way=["aA"]), Rules(), Params().weights)
    assert metres_of(view, 0, 60) is None

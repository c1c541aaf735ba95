"""Whole days: examples of every format, drawn cities under every policy, and input that is odd but allowed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.engine.policy import LoopParams, load_policy, shipped_policies
from dispatch.model.events import (
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OrderHeld,
    OrderPickedUp,
    OrderReassigned,
    OrderUnassigned,
    ShiftStarted,
)
from dispatch.model.order import Handling, Vehicle, ZoneId
from dispatch.model.rider import RiderId
from dispatch.solver.solve import solve
from dispatch.units import DAY_S, HOUR_S, MINUTE_S
from simulations.instance import Instance, WorldRules
from simulations.policies.registry import SOLVERS
from simulations.readers import load_instance
from simulations.runner import Outcome, Simulation
from simulations.worlds import Declines, Kitchens, World
from tests.support.days import MIDNIGHT, a_day, asked, cancelled, delivered, play, told, worked
from tests.support.instance_files import EXAMPLES

LINE = """
a  .  1  .  A  .  .  b
"""
TOWN = """
a  .  .  1  A  .  .  b
.  D  .  .  .  2  B  .
.  .  c  .  .  .  .  .
F  .  .  3  E  .  C  d
"""
POLICIES = pytest.mark.parametrize("policy", shipped_policies())


def of_kind(outcome: Outcome, kind: type[object]) -> list[object]:
    return [recorded.event for recorded in outcome.events if isinstance(recorded.event, kind)]


def busy_evening(rules: WorldRules | None = None) -> Instance:
    """Three merchants, four riders of several kinds, forty orders in two hours."""
    ways = ("1A", "1B", "2C", "2B", "3D", "3E", "1F", "2E")
    orders = [
        asked(
            ways[number % 8],
            at=180 * number,
            ready=180 * number + 60 * (5 + number * 7 % 20),
            name=f"o{number:02d}",
            size=1 + number % 5 // 4,
            priority=number % 7 // 6,
            pickup_handling=Handling(30, 60),
            dropoff_handling=Handling(60, 30),
        )
        for number in range(40)
    ]
    riders = [
        worked("a", ends=3 * HOUR_S, capacity=3),
        worked("b", ends=4 * HOUR_S, vehicle=Vehicle.BICYCLE, capacity=2),
        worked("c", starts=HOUR_S, ends=2 * HOUR_S, vehicle=Vehicle.CAR),
        worked("d", starts=1800, ends=5 * HOUR_S),
    ]
    return a_day(TOWN, *orders, *riders, rules=rules)


@POLICIES
@pytest.mark.parametrize("example", ["grubhub", "colombia", "own"])
def test_every_example_is_played_to_its_end_under_every_policy(example: str, policy: str) -> None:
    day = load_instance(EXAMPLES / example)
    assert set(delivered(play(day, policy))) == {order.id for order in day.orders}


@POLICIES
@pytest.mark.parametrize("accept_s", [0, 20])
def test_a_busy_evening_is_delivered_under_every_policy(policy: str, accept_s: int) -> None:
    outcome = play(busy_evening(WorldRules(accept_s=accept_s)), policy)
    assert len(delivered(outcome)) == 40
    assert bool(of_kind(outcome, OfferMade)) == (accept_s > 0)


@pytest.mark.parametrize("solver", sorted(SOLVERS))
def test_a_busy_evening_is_delivered_by_every_solver(solver: str) -> None:
    assert len(delivered(play(busy_evening(), solver=SOLVERS[solver]))) == 40


def test_searching_harder_is_as_sound() -> None:
    policy = load_policy("default")
    search = replace(policy.params.search, ruins=60, replan=True, candidates=1, matcher="sparse")
    harder = replace(policy, params=replace(policy.params, search=search))
    assert len(delivered(play(busy_evening(), harder))) == 40


def test_kitchens_that_err_and_riders_who_decline_are_lived_with() -> None:
    world = World(kitchens=Kitchens(0.5), declines=Declines(0.3, 0.3))
    outcome = play(busy_evening(WorldRules(accept_s=20, give_up_after_s=HOUR_S)), world=world, seed=5)
    assert of_kind(outcome, OfferDeclined)
    assert len(delivered(outcome)) + len(cancelled(outcome)) == 40
    assert len(delivered(outcome)) > 30


def test_one_order_takes_as_long_as_its_parts() -> None:
    """A minute to the merchant is spent while the food cooks; then handling, two minutes' ride, and handling."""
    order = asked("1A", at=60, ready=660, pickup_handling=Handling(10, 20), dropoff_handling=Handling(30, 40))
    assert delivered(play(a_day("a . 1 . A", order, worked("a")))) == {"1A": 600 + 20 + 120 + 30}


def test_no_orders() -> None:
    outcome = play(a_day(LINE, worked("a"), worked("b", starts=60)))
    assert outcome.tick_cpu_s == ()
    assert len(of_kind(outcome, ShiftStarted)) == 2


def test_no_riders_at_all() -> None:
    outcome = play(a_day("1 . A", asked("1A"), rules=WorldRules(give_up_after_s=HOUR_S)))
    assert cancelled(outcome) == {"1A"}
    assert [event.verdict for event in of_kind(outcome, OrderHeld) if isinstance(event, OrderHeld)] == [
        "no_rider_on_shift"
    ]


def test_nothing_at_all() -> None:
    outcome = play(a_day("."))
    assert outcome.events == ()


def test_riders_without_shifts_and_merchants_without_orders_do_not_matter() -> None:
    day = a_day("a b 1 2 A B", asked("1A"), worked("b"))
    outcome = play(day)
    assert [event.rider_id for event in of_kind(outcome, OrderPickedUp) if isinstance(event, OrderPickedUp)] == ["b"]


def test_everything_at_one_place() -> None:
    day = a_day("a1A", asked("1A", ready=0), asked("1A", name="x", at=5, ready=5), worked("a"))
    assert delivered(play(day)) == {"1A": 0, "x": 55}


def test_an_order_in_a_zone_where_nobody_works_says_so_and_holds_nobody_up() -> None:
    zones = frozenset({ZoneId("north")})
    day = a_day(
        LINE,
        asked("1A", zones=frozenset({ZoneId("south")})),
        asked("1A", name="north", zones=zones),
        worked("a", zones=zones),
        rules=WorldRules(give_up_after_s=HOUR_S),
    )
    outcome = play(day)
    assert (set(delivered(outcome)), cancelled(outcome)) == ({"north"}, {"1A"})
    assert "no_zone" in {event.verdict for event in of_kind(outcome, OrderHeld) if isinstance(event, OrderHeld)}


def test_an_order_too_large_for_all_stays_and_the_day_ends() -> None:
    outcome = play(a_day(LINE, asked("1A", size=9), asked("1A", name="small"), worked("a", capacity=8)))
    assert set(delivered(outcome)) == {"small"}


@pytest.mark.parametrize(("starts", "ends"), [(22 * HOUR_S, 26 * HOUR_S), (-2 * HOUR_S, 2 * HOUR_S)])
def test_a_shift_over_midnight(starts: int, ends: int) -> None:
    midnight = starts + 2 * HOUR_S
    orders = [asked("1A", at=midnight + 60 * minutes, name=f"o{minutes}") for minutes in (-20, -1, 0, 1, 20)]
    assert len(delivered(play(a_day(LINE, *orders, worked("a", starts=starts, ends=ends))))) == 5


def test_the_night_of_the_clock_change_has_an_hour_more() -> None:
    """The own example: orders at 2:40 before and 2:05 after the change, when a clock shows 2 a.m. twice."""
    outcome = play(load_instance(EXAMPLES / "own"))
    assert max(delivered(outcome).values()) < HOUR_S


def test_orders_placed_while_nobody_is_on_shift_wait_for_the_next_or_for_nobody() -> None:
    day = a_day(LINE, asked("1A"), asked("1A", at=9 * HOUR_S, name="late"), worked("a", 2 * HOUR_S, 4 * HOUR_S))
    assert delivered(play(day)) == {"1A": 2 * HOUR_S + 240}


def test_days_between_two_shifts() -> None:
    two = [worked("a", 0, HOUR_S), worked("a", 2 * DAY_S, 2 * DAY_S + HOUR_S)]
    day = a_day(LINE, asked("1A"), asked("1A", at=2 * DAY_S, name="x"), *two, rules=WorldRules(tick_s=600))
    assert len(delivered(play(day))) == 2


def test_the_second_shift_begins_where_the_first_one_ends() -> None:
    day = a_day(LINE, asked("1A"), worked("a", 0, HOUR_S), worked("a", HOUR_S, 2 * HOUR_S))
    starts = [recorded.occurred_at for recorded in play(day).events if isinstance(recorded.event, ShiftStarted)]
    assert starts == [MIDNIGHT, MIDNIGHT + HOUR_S]


def test_who_still_brings_an_order_when_the_next_shift_begins_begins_it_after_that() -> None:
    far = "a 1 . . . . . . . . A"
    day = a_day(far, asked("1A", at=3000, ready=3540), worked("a", 0, HOUR_S), worked("a", HOUR_S, 2 * HOUR_S))
    starts = [recorded.occurred_at for recorded in play(day).events if isinstance(recorded.event, ShiftStarted)]
    assert len(starts) == 2
    assert starts[1] >= MIDNIGHT + 3540 + 9 * MINUTE_S


def test_nobody_picks_up_after_the_shift_and_the_order_goes_to_the_next() -> None:
    day = a_day(LINE, asked("1A", ready=HOUR_S), worked("a", 0, HOUR_S - 1), worked("b", 0, 2 * HOUR_S))
    picked = [event.rider_id for event in of_kind(play(day), OrderPickedUp) if isinstance(event, OrderPickedUp)]
    assert picked == [RiderId("b")]


def test_a_window_is_waited_for() -> None:
    opens = MIDNIGHT + 5000
    assert delivered(play(a_day(LINE, asked("1A", not_before_at=opens), worked("a")))) == {"1A": 5000}


def test_food_that_was_ready_before_the_order_is_ready() -> None:
    day = a_day("a . 1 . A", asked("1A", at=600, ready=0), worked("a"))
    assert delivered(play(day, world=World(kitchens=Kitchens(0.5)))) == delivered(play(day)) == {"1A": 240}


def test_customers_and_the_operator_give_up_only_while_nobody_goes() -> None:
    rules = WorldRules(cancel_after_s=20 * MINUTE_S, cancel_probability=1.0, give_up_after_s=40 * MINUTE_S)
    brought, left = asked("1A"), asked("1A", at=60, name="big", size=9)
    outcome = play(a_day(LINE, brought, left, worked("a", capacity=2), rules=rules))
    assert (set(delivered(outcome)), cancelled(outcome)) == ({"1A"}, {"big"})
    (at,) = [r.occurred_at for r in outcome.events if type(r.event).__name__ == "OrderCancelled"]
    assert at == MIDNIGHT + 60 + 20 * MINUTE_S


@pytest.mark.parametrize("accept_s", [59, 60])
def test_riders_who_take_their_time_accept_in_time(accept_s: int) -> None:
    outcome = play(a_day(LINE, asked("1A"), worked("a"), rules=WorldRules(accept_s=accept_s)))
    assert set(delivered(outcome)) == {"1A"}


def test_offers_that_nobody_answers_in_time_run_out() -> None:
    rules = WorldRules(accept_s=61, give_up_after_s=HOUR_S)
    outcome = play(a_day(LINE, asked("1A"), worked("a", ends=2 * HOUR_S), rules=rules))
    assert cancelled(outcome) == {"1A"}
    offers, expired = of_kind(outcome, OfferMade), of_kind(outcome, OfferExpired)
    assert len(offers) - len(expired) in (0, 1)
    assert len(expired) == LoopParams().unanswered_offers  # then the rider counts as lost


def test_an_order_changes_hands_when_somebody_better_comes() -> None:
    """Rider b begins next to the merchant while a is still on the long way."""
    far = """
    a  .  .  .  .  .  .  .  .  .  .  .  1  b  A
    """
    day = a_day(far, asked("1A", ready=0), worked("a"), worked("b", starts=120))
    usual = load_policy("default")  # in which the order would have waited for b from the beginning
    outcome = play(day, replace(usual, loop=replace(usual.loop, shift_ahead_s=0)))
    assert [event.rider_id for event in of_kind(outcome, OrderPickedUp) if isinstance(event, OrderPickedUp)] == ["b"]
    assert of_kind(outcome, OrderUnassigned) or of_kind(outcome, OrderReassigned)


def test_a_simulation_can_be_run_again() -> None:
    simulation = Simulation(busy_evening(), load_policy("default"), solve)
    assert told(simulation.run()) == told(simulation.run())

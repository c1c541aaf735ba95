"""Riders whose shift is about to begin: planned with, but nothing is given to them before they are there."""

from __future__ import annotations

from dataclasses import replace

from dispatch.engine.dispatcher import Dispatcher
from dispatch.engine.policy import LoopParams, Policy
from dispatch.engine.snapshot import snapshot
from dispatch.geo.travel import StraightLine
from dispatch.model.actor import SYSTEM_ACTOR
from dispatch.model.commands import EndShift, PlanShift, RegisterRider, StartShift
from dispatch.model.events import Event, OfferMade, OrderHeld
from dispatch.model.rider import RiderId, Shift
from dispatch.solver.problem import ANY_ORDER, FREE_ORDERS, Problem
from dispatch.solver.rules import Rules
from dispatch.solver.solve import solve
from dispatch.units import HOUR_S, MINUTE_S
from tests.support.builders import NOON, a_rider, a_shift, an_order
from tests.support.towns import Town

TRAVEL = StraightLine()
LATE = RiderId("late")


def town_with_a_shift_in(minutes: int) -> tuple[Town, Shift]:
    """A town whose one rider has gone home, and a planned shift of another."""
    town = Town("r1")
    town.do(EndShift(rider_id=RiderId("r1")))
    town.do(RegisterRider(rider=a_rider("late")))
    begins_at = NOON + minutes * MINUTE_S
    shift = replace(a_shift("late"), starts_at=begins_at, ends_at=begins_at + 4 * HOUR_S)
    town.do(PlanShift(shift=shift))
    town.placed(an_order("o1", ready_at=NOON + 30 * MINUTE_S))
    return town, shift


def seen(town: Town, ahead_s: int = 20 * MINUTE_S) -> Problem:
    """What the solver is told now."""
    loop = LoopParams(shift_ahead_s=ahead_s)
    return snapshot(town.market.state, town.clock.now(), TRAVEL, Rules(), loop, {})


def tick(town: Town, dispatcher: Dispatcher) -> list[Event]:
    """What a tick leads to."""
    assert town.market.state.orders
    return [recorded.event for recorded in dispatcher.tick()]


def test_a_shift_that_begins_soon_is_planned_with_from_its_beginning() -> None:
    town, shift = town_with_a_shift_in(10)
    problem = seen(town)
    assert problem.rider_ids == ("late",)
    assert problem.riders.free_at.tolist() == [shift.starts_at]
    assert problem.riders.off_at.tolist() == [shift.ends_at]
    assert problem.riders.accepts.tolist() == [FREE_ORDERS]


def test_a_shift_that_begins_later_or_should_have_begun_is_not_planned_with() -> None:
    town, shift = town_with_a_shift_in(10)
    assert seen(town, ahead_s=9 * MINUTE_S).rider_ids == ()
    town.wait(10 * MINUTE_S)
    assert seen(town).rider_ids == ()
    town.do(StartShift(rider_id=LATE, shift=shift))
    assert seen(town).riders.accepts.tolist() == [ANY_ORDER]


def test_nothing_is_given_before_the_shift_begins() -> None:
    town, shift = town_with_a_shift_in(10)
    dispatcher = Dispatcher(town.market, TRAVEL, Policy(name="test", version=1), solve)
    for _ in range(10):
        assert not any(isinstance(event, OfferMade) for event in tick(town, dispatcher))
        town.wait(MINUTE_S)
    town.do(StartShift(rider_id=LATE, shift=shift))
    offers: list[OfferMade] = []
    while not offers and town.clock.now() < NOON + 30 * MINUTE_S:
        offers = [event for event in tick(town, dispatcher) if isinstance(event, OfferMade)]
        town.wait(MINUTE_S)
    assert [(offer.rider_id, offer.order_ids) for offer in offers] == [("late", ("o1",))]


def test_the_order_waits_for_the_rider_by_name() -> None:
    town, _ = town_with_a_shift_in(10)
    dispatcher = Dispatcher(town.market, TRAVEL, Policy(name="test", version=1), solve)
    held = [event for event in tick(town, dispatcher) if isinstance(event, OrderHeld)]
    assert [event.order_id for event in held] == ["o1"]
    assert "late" in repr(held)


def test_an_order_that_somebody_has_is_not_taken_away_for_who_is_not_here_yet() -> None:
    town, _ = town_with_a_shift_in(1)
    shift = replace(a_shift("r1"), starts_at=NOON, ends_at=NOON + 4 * HOUR_S)
    town.market.execute(StartShift(rider_id=RiderId("r1"), shift=shift), SYSTEM_ACTOR, "again")
    town.given("r1", "o1")
    problem = seen(town)
    plan = solve(problem, Policy(name="test", version=1).params)
    holder = problem.rider_ids.index("r1")
    assert plan.routes.start[holder + 1] - plan.routes.start[holder] == 2

"""Riders come, go, pause and are seen."""

from __future__ import annotations

from dataclasses import replace

from dispatch.errors import NotFoundError
from dispatch.model.commands import (
    EndShift,
    PauseRider,
    PlanShift,
    RegisterRider,
    ReportPositions,
    ResumeRider,
    StartLeg,
    StartShift,
)
from dispatch.model.lifecycle import DispatchStatus, IllegalMove
from dispatch.model.order import MarketId
from dispatch.model.place import Place, Position
from dispatch.model.rider import RiderId, ShiftId
from dispatch.units import HOUR_S, NEVER
from tests.support.builders import CORNER, KITCHEN, NOON, a_rider, a_shift
from tests.support.towns import Town, kinds

R1, R2 = RiderId("r1"), RiderId("r2")


def test_a_shift_starts_where_it_begins_unless_said_otherwise() -> None:
    town = Town()
    assert (town.rider().place, town.rider().since, town.rider().shift) == (CORNER, NOON, a_shift())
    town.do(RegisterRider(rider=a_rider("r2")))
    events = town.do(StartShift(rider_id=R2, shift=a_shift("r2"), place=KITCHEN))
    assert kinds(events) == ["ShiftPlanned", "ShiftStarted"]
    assert town.rider("r2").place == KITCHEN


def test_a_planned_shift_is_only_started() -> None:
    town = Town()
    town.do(RegisterRider(rider=a_rider("r2")))
    assert kinds(town.do(PlanShift(shift=a_shift("r2")))) == ["ShiftPlanned"]
    assert town.do(PlanShift(shift=a_shift("r2"))) == []
    assert town.rider("r2").shift is None
    assert kinds(town.do(StartShift(rider_id=R2, shift=a_shift("r2")))) == ["ShiftStarted"]
    assert town.do(StartShift(rider_id=R2, shift=a_shift("r2"))) == []


def test_a_shift_can_be_made_longer_while_it_runs() -> None:
    town = Town()
    longer = a_shift(ends_at=NOON + 10 * HOUR_S)
    town.do(PlanShift(shift=longer))
    assert town.rider().shift == longer


def test_nobody_works_two_shifts_or_that_of_another() -> None:
    town = Town("r1", "r2")
    second = a_shift(id=ShiftId("late"))
    assert isinstance(town.refused(StartShift(rider_id=R1, shift=second)), IllegalMove)
    assert town.refused(StartShift(rider_id=R1, shift=a_shift("r2"))).code == "shift_of_another"
    stolen = replace(a_shift("r2"), rider_id=R1)
    assert "belongs to rider r2" in town.refused(PlanShift(shift=stolen)).cause


def test_going_home_gives_back_what_was_not_picked_up() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.given("r1", "o1")
    town.offered("r1", "o2")
    events = town.do(EndShift(rider_id=R1))
    assert kinds(events) == ["OrderUnassigned", "OfferWithdrawn", "ShiftEnded"]
    assert {town.order(order_id).dispatch for order_id in ("o1", "o2")} == {DispatchStatus.OPEN}
    assert (town.rider().shift, town.rider().tasks, town.rider().offers) == (None, (), frozenset())
    assert town.refused(EndShift(rider_id=R1)).code == "rider_off_shift"
    assert town.refused(StartLeg(rider_id=R1, arrives_at=NOON, destination=KITCHEN)).code == "rider_off_shift"


def test_nobody_goes_home_with_food_on_board() -> None:
    town = Town()
    town.placed("o1")
    town.on_board("r1", "o1")
    refusal = town.refused(EndShift(rider_id=R1))
    assert (refusal.code, "o1" in refusal.cause) == ("orders_on_board", True)


def test_the_newest_position_counts_and_all_are_kept() -> None:
    town = Town()
    seen = [Position(Place(4.6 + i / 100, -74.0), NOON + i) for i in range(4)]
    events = town.do(ReportPositions(rider_id=R1, positions=(seen[2], seen[1])))
    assert kinds(events) == ["PositionReported"] * 2
    assert town.rider().position == seen[2]
    town.do(ReportPositions(rider_id=R1, positions=(seen[0],)))
    assert town.rider().position == seen[2]
    town.do(ReportPositions(rider_id=R1, positions=(seen[3],)))
    assert town.rider().position == seen[3]
    assert town.do(ReportPositions(rider_id=R1, positions=())) == []


def test_a_pause_takes_back_offers_but_not_tasks() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.given("r1", "o1")
    town.offered("r1", "o2")
    assert kinds(town.do(PauseRider(rider_id=R1, until=NOON + 600))) == ["OfferWithdrawn", "RiderPaused"]
    assert town.tasks() == "+o1 -o1"
    assert town.rider().paused(NOON + 599)
    assert not town.rider().paused(NOON + 600)
    town.do(PauseRider(rider_id=R1))
    assert town.rider().paused_until == NEVER
    town.do(ResumeRider(rider_id=R1))
    assert not town.rider().paused(NOON)


def test_a_rider_is_registered_anew_only_when_something_changed() -> None:
    town = Town()
    assert town.do(RegisterRider(rider=a_rider())) == []
    town.do(RegisterRider(rider=a_rider(capacity=5)))
    assert (town.rider().rider.capacity, town.rider().shift) == (5, a_shift())
    assert town.refused(RegisterRider(rider=a_rider(market_id=MarketId("cali")))).code == "wrong_market"


def test_an_unknown_rider_is_not_found() -> None:
    town = Town()
    for command in (
        PlanShift(shift=a_shift("r9")),
        StartShift(rider_id=RiderId("r9"), shift=a_shift("r9")),
        EndShift(rider_id=RiderId("r9")),
        ReportPositions(rider_id=RiderId("r9"), positions=()),
        PauseRider(rider_id=RiderId("r9")),
        ResumeRider(rider_id=RiderId("r9")),
    ):
        assert isinstance(town.refused(command), NotFoundError)

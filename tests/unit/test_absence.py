"""Riders who fall silent: told from what was due, and the market goes on without them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.engine.absence import Absences
from dispatch.engine.dispatcher import Dispatcher
from dispatch.engine.policy import LoopParams, Policy
from dispatch.geo.travel import StraightLine
from dispatch.model.actor import ActorKind
from dispatch.model.commands import (
    AcceptOffer,
    ApplyPlan,
    Arrive,
    CancelOrder,
    Command,
    ConfirmPickup,
    DeclineOffer,
    EndShift,
    ExpireOffer,
    LoseFood,
    LoseRider,
    ReportPositions,
    ResumeRider,
    RouteIntent,
    StartLeg,
)
from dispatch.model.events import CaseOpened, OrderPlaced, OrderUnassigned, RiderLost
from dispatch.model.lifecycle import DispatchStatus, OrderStatus, TaskStatus
from dispatch.model.order import OrderId
from dispatch.model.override import OverrideKind
from dispatch.model.place import Position
from dispatch.model.reasons import CancelReason, CaseKind, UnassignReason
from dispatch.model.rider import RiderId
from dispatch.solver.solve import solve
from dispatch.units import HOUR_S, MINUTE_S
from tests.support.builders import CORNER, KITCHEN, NOON, an_order
from tests.support.market_rules import check_market
from tests.support.towns import Town, an_override, kinds

R1, R2 = RiderId("r1"), RiderId("r2")
O1, O2 = OrderId("o1"), OrderId("o2")
LOOP = LoopParams(presence_timeout_s=300, unanswered_offers=2, lost_food_s=900)
LOSE_R1 = LoseRider(rider_id=R1)


def town_of_two() -> Town:
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    return town


def absent(town: Town, loop: LoopParams = LOOP) -> list[Command]:
    """What is to be done about silent riders now."""
    return list(Absences(loop).found(town.market.state, town.clock.now()))


def first_absence(town: Town, until_s: int, loop: LoopParams = LOOP) -> tuple[int, Command] | None:
    """The first thing to be done within ``until_s``, with the seconds from noon until then."""
    while town.clock.now() < NOON + until_s:
        found = absent(town, loop)
        if found:
            return town.clock.now() - NOON, found[0]
        town.wait(1)
    return None


def test_a_rider_without_a_task_may_be_silent_for_hours() -> None:
    assert first_absence(town_of_two(), 4 * HOUR_S) is None


def test_a_rider_who_does_not_arrive_is_lost() -> None:
    town = town_of_two()
    town.given("r1", "o1")
    town.do(StartLeg(rider_id=R1, arrives_at=NOON + 200))
    assert first_absence(town, HOUR_S) == (500, LOSE_R1)


def test_a_rider_who_does_not_set_out_is_lost() -> None:
    town = town_of_two()
    town.given("r1", "o1")
    assert first_absence(town, HOUR_S) == (300, LOSE_R1)


def test_a_later_time_to_leave_does_not_excuse_who_has_not_left() -> None:
    town = town_of_two()
    town.given("r1", "o1")
    route = RouteIntent(rider_id=R1, tasks=town.rider().tasks, depart_at=NOON + 100)
    town.do(ApplyPlan(tick=1, routes=(route,)))
    town.wait(60)
    town.do(ApplyPlan(tick=2, routes=(replace(route, depart_at=NOON + 130),)))
    assert town.rider().overdue_at is None
    for tick in range(3, 10):
        now = town.wait(60)
        town.do(ApplyPlan(tick=tick, routes=(replace(route, depart_at=now + 10),)))
        if absent(town):
            break
    assert (town.clock.now(), town.rider().overdue_at) == (NOON + 480, NOON + 130)
    town.do(StartLeg(rider_id=R1, arrives_at=town.clock.now() + 60))
    assert (town.rider().overdue_at, absent(town)) == (None, [])


def test_a_rider_who_waits_for_food_may_be_silent_until_it_is_ready() -> None:
    town = town_of_two()
    town.given("r1", "o1")
    town.ride("r1", seconds=60)
    assert first_absence(town, HOUR_S) == (10 * MINUTE_S + 300, LOSE_R1)


def test_a_rider_at_the_door_is_lost_when_nothing_is_handed_over() -> None:
    town = town_of_two()
    town.on_board("r1", "o1")
    town.ride("r1", seconds=100)
    assert first_absence(town, HOUR_S) == (700, LOSE_R1)


def test_positions_tell_that_a_rider_is_there_and_their_end_that_not() -> None:
    town = town_of_two()
    for _ in range(30):
        seen = Position(CORNER, town.wait(60))
        town.do(ReportPositions(rider_id=R1, positions=(seen,)))
        assert absent(town) == []
    assert first_absence(town, 4 * HOUR_S) == (30 * 60 + 300, LOSE_R1)


def test_a_rider_who_lets_offers_run_out_is_lost() -> None:
    town = town_of_two()
    for number in range(2):
        assert absent(town) == []
        offer_id = town.offered("r1", "o1")
        town.wait(60)
        town.do(ExpireOffer(offer_id=offer_id))
        assert town.rider().unanswered == number + 1
    assert absent(town) == [LOSE_R1]


@pytest.mark.parametrize("answer", [AcceptOffer, DeclineOffer])
def test_an_answer_forgives_offers_that_ran_out(answer: type[AcceptOffer | DeclineOffer]) -> None:
    town = town_of_two()
    offer_id = town.offered("r1", "o1")
    town.wait(60)
    town.do(ExpireOffer(offer_id=offer_id))
    town.do(answer(rider_id=R1, offer_id=town.offered("r1", "o2")))
    assert town.rider().unanswered == 0


def test_nobody_is_lost_where_the_policy_says_never() -> None:
    town = town_of_two()
    town.given("r1", "o1")
    assert first_absence(town, HOUR_S, LoopParams(presence_timeout_s=0)) is None


def test_what_a_lost_rider_has_not_collected_goes_back_to_the_market() -> None:
    town = town_of_two()
    town.given("r1", "o1")
    town.offered("r1", "o2")
    events = town.do(LOSE_R1)
    assert kinds(events) == ["RiderLost", "OfferWithdrawn", "OrderUnassigned", "CaseOpened"]
    assert events[0] == RiderLost(rider_id=R1, seen_at=NOON)
    assert events[2] == OrderUnassigned(order_id=O1, rider_id=R1, reason=UnassignReason.RIDER_LOST)
    assert [town.order(order_id).dispatch for order_id in (O1, O2)] == [DispatchStatus.OPEN] * 2
    assert town.do(LOSE_R1) == []
    check_market(town.market.state)


def test_a_lost_rider_gets_nothing_until_there_is_a_sign_of_life() -> None:
    town = Town("r1")
    town.placed(an_order("o1", ready_at=NOON))
    town.do(LOSE_R1)
    ticking = Dispatcher(town.market, StraightLine(), Policy(name="test", version=1, loop=LOOP), solve, checked=True)
    assert "OfferMade" not in kinds(entry.event for entry in ticking.tick())
    town.do(ResumeRider(rider_id=R1))
    assert "OfferMade" in kinds(entry.event for entry in ticking.tick())


def test_a_rider_who_arrives_after_all_is_not_lost() -> None:
    town = town_of_two()
    town.given("r1", "o1")
    town.do(StartLeg(rider_id=R1, arrives_at=NOON + 60))
    town.do(LOSE_R1)
    town.do(Arrive(rider_id=R1))
    assert town.rider().lost_at is None
    assert town.rider().place == KITCHEN


def test_food_on_board_is_given_up_after_a_while() -> None:
    town = town_of_two()
    town.on_board("r1", "o1")
    town.do(LOSE_R1)
    assert town.tasks() == "-o1"
    lost_at = town.clock.now() - NOON
    assert first_absence(town, 2 * HOUR_S) == (lost_at + 900, LoseFood(rider_id=R1))
    events = town.do(LoseFood(rider_id=R1))
    assert kinds(events) == ["OrderLost", "CaseOpened"]
    assert isinstance(events[1], CaseOpened)
    assert (events[1].kind, events[1].order_id) == (CaseKind.FAILED_DELIVERY, O1)
    order = town.order()
    assert (order.status, order.dispatch) == (OrderStatus.LOST, DispatchStatus.DONE)
    assert order.dropoff_task is TaskStatus.DROPPED
    assert O1 not in town.market.state.active
    assert town.tasks() == ""
    check_market(town.market.state)


def test_lost_food_is_made_once_more_where_the_policy_wants_it() -> None:
    town = town_of_two()
    town.on_board("r1", "o1")
    town.do(LOSE_R1)
    events = town.do(LoseFood(rider_id=R1, redeliver=True))
    placed = [event.order for event in events if isinstance(event, OrderPlaced)]
    assert [order.linked_to for order in placed] == [O1]
    (again,) = placed
    now = town.clock.now()
    assert (again.placed_at, again.ready_at, again.promised_at) == (now, now + 600, now + 2400)
    assert town.order(again.id).dispatch is DispatchStatus.OPEN
    assert town.order(again.id).priority == town.order().priority + 1


def test_food_of_a_cancelled_order_is_lost_for_good() -> None:
    town = town_of_two()
    town.on_board("r1", "o1")
    town.do(CancelOrder(order_id=O1, by=ActorKind.CUSTOMER, reason=CancelReason.OTHER))
    town.do(LOSE_R1)
    assert kinds(town.do(LoseFood(rider_id=R1, redeliver=True))) == ["OrderLost", "CaseOpened"]
    assert town.order().return_task is TaskStatus.DROPPED
    check_market(town.market.state)


def test_food_is_not_given_up_while_its_rider_is_there() -> None:
    town = town_of_two()
    town.on_board("r1", "o1")
    assert town.refused(LoseFood(rider_id=R1)).code == "rider_there"


def test_nobody_is_lost_who_is_not_at_work() -> None:
    town = town_of_two()
    town.do(EndShift(rider_id=R1))
    assert town.refused(LOSE_R1).code == "rider_off_shift"


def test_the_shift_of_a_lost_rider_ends_with_nothing_on_board() -> None:
    town = town_of_two()
    town.do(LOSE_R1)
    assert first_absence(town, 9 * HOUR_S) == (8 * HOUR_S, EndShift(rider_id=R1))


def test_a_tick_gives_the_orders_of_a_lost_rider_to_another() -> None:
    town = town_of_two()
    town.given("r1", "o1")
    town.do(StartLeg(rider_id=R1, arrives_at=NOON + 60))
    ticking = Dispatcher(
        town.market,
        StraightLine(),
        Policy(name="test", version=1, loop=LOOP),
        solve,
        checked=True,
        accepts_at_once=True,
    )
    town.wait(360)
    ticking.tick()
    assert (town.order().rider_id, town.rider("r1").lost_at) == (R2, NOON + 360)


def test_food_collected_twice_is_a_matter_of_the_new_rider_only() -> None:
    """A rider who comes back after others got the order cannot collect it any more."""
    town = town_of_two()
    town.given("r1", "o1")
    town.ride("r1", seconds=60)
    town.do(LOSE_R1)
    town.given("r2", "o1")
    assert town.refused(ConfirmPickup(rider_id=R1, order_ids=(O1,))).code == "not_next"


def test_what_somebody_insists_on_giving_to_a_lost_rider_is_taken_back_with_the_food() -> None:
    town = town_of_two()
    town.on_board("r1", "o1")
    town.do(LOSE_R1)
    town.do(an_override(OverrideKind.ASSIGN, order_id="o2", rider_id="r1"))
    assert town.order("o2").rider_id == R1
    assert "OrderUnassigned" in kinds(town.do(LoseFood(rider_id=R1)))
    assert (town.order("o1").status, town.order("o2").status) == (OrderStatus.LOST, OrderStatus.PLACED)
    assert (town.order("o2").dispatch, town.tasks("r1")) == (DispatchStatus.OPEN, "")
    check_market(town.market.state)

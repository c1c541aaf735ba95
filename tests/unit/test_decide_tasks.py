"""Riders on their way: legs, arrivals, pickups, drop-offs, returns, trouble."""

from __future__ import annotations

import pytest

from dispatch.model.commands import (
    ApplyPlan,
    Arrive,
    ConfirmDropoff,
    ConfirmPickup,
    ConfirmReturn,
    FailDelivery,
    ReportProblem,
    ResumeRider,
    RouteIntent,
    StartLeg,
)
from dispatch.model.events import CaseOpened, OrderDelivered, Proof, ProofKind
from dispatch.model.lifecycle import DispatchStatus, IllegalMove, OrderStatus, TaskStatus
from dispatch.model.order import Handling, MerchantId, OrderId
from dispatch.model.reasons import CaseKind, FailureReason, ProblemKind
from dispatch.model.rider import RiderId
from dispatch.units import NEVER
from tests.support.builders import CORNER, DOOR, KITCHEN, NOON, an_order
from tests.support.towns import Town, kinds

R1 = RiderId("r1")
O1, O2 = OrderId("o1"), OrderId("o2")


def pick_up(*order_ids: str) -> ConfirmPickup:
    return ConfirmPickup(rider_id=R1, order_ids=tuple(OrderId(order_id) for order_id in order_ids))


def drop_off(order_id: str = "o1") -> ConfirmDropoff:
    return ConfirmDropoff(rider_id=R1, order_id=OrderId(order_id))


def test_a_whole_delivery() -> None:
    town = Town()
    town.placed("o1")
    town.given("r1", "o1")
    town.do(StartLeg(rider_id=R1, arrives_at=NOON + 240))
    rider = town.rider()
    assert rider.leg is not None
    assert (rider.leg.origin, rider.leg.destination, rider.leg.arrives_at) == (CORNER, KITCHEN, NOON + 240)
    assert (rider.place, rider.leg.departed_at) == (CORNER, NOON)
    assert (town.order().dispatch, town.order().pickup_task) == (DispatchStatus.UNDER_WAY, TaskStatus.STARTED)
    town.wait(250)
    town.do(Arrive(rider_id=R1))
    assert (town.rider().leg, town.rider().place, town.rider().since) == (None, KITCHEN, NOON + 250)
    assert town.order().pickup_task is TaskStatus.ARRIVED
    town.do(pick_up("o1"))
    order = town.order()
    assert (order.status, order.dispatch) == (OrderStatus.PICKED_UP, DispatchStatus.CARRIED)
    assert order.picked_up_at == NOON + 250
    town.ride()
    assert town.order().dropoff_task is TaskStatus.ARRIVED
    proof = Proof(ProofKind.CODE, "4711")
    (delivered,) = town.do(ConfirmDropoff(rider_id=R1, order_id=O1, proof=proof))
    assert isinstance(delivered, OrderDelivered)
    assert delivered.proof == proof
    order = town.order()
    assert (order.status, order.dispatch, order.dropoff_task) == (
        OrderStatus.DELIVERED,
        DispatchStatus.DONE,
        TaskStatus.DONE,
    )
    assert (order.delivered_at, order.rider_id) == (NOON + 550, "r1")
    assert (town.rider().tasks, town.rider().place) == ((), DOOR)
    assert town.market.state.active == {}


def test_handling_keeps_the_rider_busy() -> None:
    town = Town()
    short, long = Handling(after_s=60), Handling(after_s=120)
    town.placed(an_order("o1", pickup_handling=long), an_order("o2", pickup_handling=short, dropoff_handling=short))
    town.on_board("r1", "o1", "o2")
    left_at = town.clock.now()
    assert town.rider().busy_until == left_at + 120
    assert town.refused(StartLeg(rider_id=R1, arrives_at=left_at)).code == "rider_busy"
    assert town.rider().since == left_at
    town.ride()
    town.do(drop_off("o1"))
    assert town.rider().busy_until <= town.clock.now()
    town.ride()
    town.do(drop_off("o2"))
    assert town.rider().busy_until == town.clock.now() + 60


def test_a_rider_without_a_task_has_nowhere_to_go_but_may_be_sent_to_wait() -> None:
    town = Town()
    assert town.refused(StartLeg(rider_id=R1, arrives_at=NOON)).code == "no_task"
    town.do(StartLeg(rider_id=R1, arrives_at=NOON + 100, destination=KITCHEN))
    town.wait(100)
    town.do(Arrive(rider_id=R1))
    assert town.rider().place == KITCHEN
    town.placed("o1")
    town.given("r1", "o1")
    town.do(pick_up("o1"))
    assert town.refused(StartLeg(rider_id=R1, arrives_at=NOON, destination=CORNER)).code == "stop_waits"


def test_the_first_stop_comes_first() -> None:
    town = Town()
    town.placed("o1", an_order("o2", merchant_id=MerchantId("m2"), pickup=CORNER))
    town.given("r1", "o1", "o2")
    assert town.refused(pick_up("o1")).code == "not_there"
    town.ride()
    assert town.refused(pick_up("o2")).code == "not_next"
    assert town.refused(drop_off("o1")).code == "not_next"
    assert town.refused(StartLeg(rider_id=R1, arrives_at=NOON)).code == "already_there"
    town.do(pick_up("o1"))
    town.do(StartLeg(rider_id=R1, arrives_at=NOON))
    assert town.refused(pick_up("o2")).code == "not_there"
    assert isinstance(town.refused(StartLeg(rider_id=R1, arrives_at=NOON)), IllegalMove)
    assert town.order("o1").dispatch is DispatchStatus.CARRIED
    assert town.order("o2").dispatch is DispatchStatus.UNDER_WAY


def test_orders_of_one_stop_are_picked_up_in_any_order() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.given("r1", "o1", "o2")
    town.ride()
    town.do(pick_up("o2"))
    town.do(pick_up("o1"))
    assert town.tasks() == "-o1 -o2"


def test_a_pickup_names_each_order_once() -> None:
    town = Town()
    with pytest.raises(ValueError, match="each once"):
        town.do(pick_up())
    with pytest.raises(ValueError, match="each once"):
        town.do(pick_up("o1", "o1"))


def test_arriving_needs_a_leg() -> None:
    assert isinstance(Town().refused(Arrive(rider_id=R1)), IllegalMove)


def test_a_new_route_that_puts_another_stop_first_postpones_the_pickup() -> None:
    town = Town()
    town.placed("o1", an_order("o2", merchant_id=MerchantId("m2"), pickup=DOOR))
    town.given("r1", "o1", "o2")
    town.ride()
    tasks = town.rider().tasks
    other_first = (tasks[1], tasks[0], *tasks[2:])
    town.do(ApplyPlan(tick=2, routes=(RouteIntent(rider_id=R1, tasks=other_first, depart_at=NOON + 400),)))
    assert town.tasks() == "+o2 +o1 -o1 -o2"
    assert (town.order("o1").dispatch, town.order("o1").pickup_task) == (DispatchStatus.ASSIGNED, TaskStatus.PLANNED)
    assert town.rider().depart_at == NOON + 400
    town.ride()
    assert town.rider().depart_at is None
    town.do(pick_up("o2"))
    town.ride()
    assert town.order("o1").pickup_task is TaskStatus.ARRIVED


def test_a_leg_ends_where_it_was_going_even_if_the_route_changed() -> None:
    town = Town()
    town.placed("o1", an_order("o2", merchant_id=MerchantId("m2"), pickup=DOOR))
    town.given("r1", "o1", "o2")
    town.do(StartLeg(rider_id=R1, arrives_at=NOON + 100))
    tasks = town.rider().tasks
    town.do(ApplyPlan(tick=2, routes=(RouteIntent(rider_id=R1, tasks=(tasks[1], tasks[0], *tasks[2:])),)))
    town.wait(100)
    town.do(Arrive(rider_id=R1))
    assert town.rider().place == KITCHEN
    assert town.order("o2").pickup_task is TaskStatus.PLANNED


def test_a_pickup_added_to_the_stop_on_the_way_is_reached_with_it() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.given("r1", "o1")
    town.do(StartLeg(rider_id=R1, arrives_at=NOON + 100))
    town.given("r1", "o2")
    pickups_first = sorted(town.rider().tasks, key=lambda task: task.kind.value, reverse=True)
    town.do(ApplyPlan(tick=2, routes=(RouteIntent(rider_id=R1, tasks=tuple(pickups_first)),)))
    town.wait(100)
    town.do(Arrive(rider_id=R1))
    assert {town.order(order_id).pickup_task for order_id in ("o1", "o2")} == {TaskStatus.ARRIVED}
    town.do(pick_up("o1", "o2"))


def test_what_cannot_be_handed_over_goes_back() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.on_board("r1", "o1", "o2")
    town.ride()
    town.do(FailDelivery(rider_id=R1, order_id=O1, reason=FailureReason.CUSTOMER_ABSENT))
    order = town.order()
    assert (order.status, order.dispatch) == (OrderStatus.FAILED, DispatchStatus.RETURNING)
    assert town.tasks() == "~o1 -o2"
    assert town.refused(ConfirmReturn(rider_id=R1, order_id=O1)).code == "not_there"
    town.ride()
    assert town.order().return_task is TaskStatus.ARRIVED
    town.do(ConfirmReturn(rider_id=R1, order_id=O1))
    order = town.order()
    assert (order.status, order.dispatch, order.return_task) == (
        OrderStatus.RETURNED,
        DispatchStatus.DONE,
        TaskStatus.DONE,
    )
    assert town.tasks() == "-o2"
    assert list(town.market.state.active) == ["o2"]


def test_only_the_rider_who_has_it_can_fail_to_deliver() -> None:
    town = Town("r1", "r2")
    town.placed("o1")
    town.on_board("r1", "o1")
    command = FailDelivery(rider_id=RiderId("r2"), order_id=O1, reason=FailureReason.DAMAGED)
    assert "with rider r1" in town.refused(command).cause


@pytest.mark.parametrize("kind", [ProblemKind.ACCIDENT, ProblemKind.BREAKDOWN])
def test_trouble_that_stops_a_rider_pauses_and_opens_a_case(kind: ProblemKind) -> None:
    town = Town()
    town.placed("o1", "o2")
    town.given("r1", "o1")
    town.offered("r1", "o2")
    events = town.do(ReportProblem(rider_id=R1, kind=kind, text="at the bridge"))
    assert kinds(events) == ["ProblemReported", "OfferWithdrawn", "RiderPaused", "CaseOpened"]
    assert (town.rider().paused_until, town.rider().problem) == (NEVER, kind)
    assert town.tasks() == "+o1 -o1"
    town.do(ResumeRider(rider_id=R1))
    assert (town.rider().paused_until, town.rider().problem) == (None, None)


def test_wrong_items_open_a_case_of_their_own_kind() -> None:
    town = Town()
    town.placed("o1")
    events = town.do(ReportProblem(rider_id=R1, kind=ProblemKind.ITEMS_DO_NOT_MATCH, text="no rice", order_id=O1))
    opened = events[-1]
    assert isinstance(opened, CaseOpened)
    assert (opened.kind, opened.order_id) == (CaseKind.ITEMS_DO_NOT_MATCH, "o1")
    assert opened.text == "items_do_not_match: no rice"
    assert town.rider().paused_until is None

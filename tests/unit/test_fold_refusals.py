"""Events that no command leads to, but a damaged or foreign log could hold: refused, and nothing changed."""

from __future__ import annotations

import pytest

from dispatch.errors import DispatchError
from dispatch.model.events import (
    CaseId,
    CaseOpened,
    Event,
    LegStarted,
    OfferAccepted,
    OfferId,
    OfferMade,
    OrderChanged,
    OrderDelivered,
    OrderPickedUp,
    OrderReassigned,
    OrderUnassigned,
    OverrideRecorded,
    RoutePlanned,
    ShiftEnded,
    ShiftStarted,
)
from dispatch.model.fold import fold
from dispatch.model.order import OrderId
from dispatch.model.override import Override, OverrideId, OverrideKind, OverrideReason
from dispatch.model.reasons import CaseKind, UnassignReason
from dispatch.model.rider import RiderId, ShiftId, Task, TaskKind
from tests.support.builders import CORNER, KITCHEN, NOON, an_order
from tests.support.towns import Town, an_override, snapshot

R1, R2 = RiderId("r1"), RiderId("r2")
O1, O2, O3 = OrderId("o1"), OrderId("o2"), OrderId("o3")


@pytest.fixture
def town() -> Town:
    """o1 is on board of r1, o2 assigned to r1, o3 offered to r2; r1 is under way."""
    town = Town("r1", "r2")
    town.placed("o1", "o2", "o3")
    town.on_board("r1", "o1")
    town.do(an_override(OverrideKind.ASSIGN, order_id="o2", rider_id="r1"))
    town.offered("r2", "o3")
    return town


def refused(town: Town, event: Event) -> str:
    before = snapshot(town.market.state)
    with pytest.raises(DispatchError) as caught:
        fold(town.market.state, event, NOON)
    assert snapshot(town.market.state) == before
    return caught.value.cause


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        (OrderDelivered(order_id=O1, rider_id=R2), "with rider r1, not with r2"),
        (OrderPickedUp(order_id=O1, rider_id=R1), "is picked_up: OrderPickedUp cannot happen"),
        (OrderPickedUp(order_id=O2, rider_id=R2), "with rider r1, not with r2"),
        (OrderPickedUp(order_id=O3, rider_id=R2), "is offered: OrderPickedUp cannot happen"),
        (OrderUnassigned(order_id=O1, rider_id=R1, reason=UnassignReason.OVERRIDE), "is carried"),
        (OrderUnassigned(order_id=O2, rider_id=R2, reason=UnassignReason.OVERRIDE), "with rider r1, not with r2"),
        (
            OrderReassigned(order_id=O2, from_rider_id=R1, rider_id=R1, reason=UnassignReason.OVERRIDE),
            "with rider r1 already",
        ),
        (
            OrderReassigned(order_id=O2, from_rider_id=R1, rider_id=RiderId("r9"), reason=UnassignReason.OVERRIDE),
            "no rider 'r9'",
        ),
        (OrderChanged(order_id=O2, order=an_order("o9")), "cannot become order o9"),
        (RoutePlanned(rider_id=R1, tasks=()), "not an order of the tasks"),
        (RoutePlanned(rider_id=R1, tasks=(Task(O1, TaskKind.DROPOFF),)), "not an order of the tasks"),
        (
            RoutePlanned(
                rider_id=R1,
                tasks=(Task(O1, TaskKind.DROPOFF), Task(O2, TaskKind.DROPOFF), Task(O2, TaskKind.PICKUP)),
            ),
            "not an order of the tasks",
        ),
        (ShiftEnded(rider_id=R1, shift_id=ShiftId("shift of r1")), "still has tasks"),
        (ShiftEnded(rider_id=R2, shift_id=ShiftId("shift of r2")), "still has tasks or offers"),
        (ShiftEnded(rider_id=R1, shift_id=ShiftId("another")), "not on shift another"),
        (ShiftStarted(rider_id=R1, shift_id=ShiftId("another"), place=CORNER), "no shift 'another'"),
        (ShiftStarted(rider_id=R1, shift_id=ShiftId("shift of r2"), place=CORNER), "belongs to rider r2"),
        (ShiftStarted(rider_id=R1, shift_id=ShiftId("shift of r1"), place=CORNER), "is on shift"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_it_is_refused(town: Town, event: Event, cause: str) -> None:
    assert cause in refused(town, event)


def test_an_offer_is_answered_by_whom_it_was_made_to_and_as_it_was_made(town: Town) -> None:
    (offer_id,) = town.rider("r2").offers
    assert "another rider" in refused(town, OfferAccepted(offer_id=offer_id, order_ids=(O3,), rider_id=R1))
    assert "other orders" in refused(town, OfferAccepted(offer_id=offer_id, order_ids=(O2,), rider_id=R2))
    again = OfferMade(offer_id=offer_id, order_ids=(), rider_id=R1, expires_at=NOON, tasks=())
    assert "exists already" in refused(town, again)


def test_an_offer_of_several_orders_is_refused_whole(town: Town) -> None:
    town.placed("o4")
    made = OfferMade(offer_id=OfferId("offer x"), order_ids=(OrderId("o4"), O1), rider_id=R2, expires_at=NOON, tasks=())
    assert "o1 is carried" in refused(town, made)


def test_a_rider_has_one_leg_at_a_time(town: Town) -> None:
    leg = LegStarted(rider_id=R1, origin=KITCHEN, destination=CORNER, arrives_at=NOON)
    fold(town.market.state, leg, NOON)
    assert "under way already" in refused(town, leg)


def test_names_are_given_once(town: Town) -> None:
    opened = CaseOpened(case_id=CaseId("case-1"), kind=CaseKind.OTHER)
    fold(town.market.state, opened, NOON)
    assert "exists already" in refused(town, opened)
    (known,) = town.market.state.overrides
    override = Override(
        id=OverrideId(known),
        kind=OverrideKind.UNPIN,
        order_id=O2,
        reason=OverrideReason.OTHER,
        text="twice",
        by="ana",
        made_at=NOON,
    )
    assert "exists already" in refused(town, OverrideRecorded(override=override))

"""An order that a rider has is offered to a better one: it stays where it is until that one accepts."""

from __future__ import annotations

import pytest

from dispatch.model.actor import ActorKind
from dispatch.model.commands import (
    AcceptOffer,
    ApplyPlan,
    CancelOrder,
    Command,
    ConfirmPickup,
    DeclineOffer,
    EndShift,
    ExpireOffer,
)
from dispatch.model.events import OfferAccepted, OfferId, OfferWithdrawn, OrderReassigned
from dispatch.model.lifecycle import DispatchStatus, OfferStatus
from dispatch.model.order import OrderId
from dispatch.model.override import OverrideKind
from dispatch.model.reasons import CancelReason, UnassignReason
from dispatch.model.rider import RiderId
from tests.support.market_rules import check_market
from tests.support.towns import Town, an_override, kinds

R1, R2 = RiderId("r1"), RiderId("r2")
O1, O2 = OrderId("o1"), OrderId("o2")


def asked_about_o1() -> tuple[Town, OfferId]:
    """Rider r1 has o1, and r2 is asked for it together with o2, which nobody has."""
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    town.given("r1", "o1")
    offer_id = town.offered("r2", "o1", "o2")
    check_market(town.market.state)
    return town, offer_id


def test_while_a_better_rider_thinks_the_order_stays() -> None:
    town, _ = asked_about_o1()
    assert (town.order().rider_id, town.order().dispatch) == (R1, DispatchStatus.ASSIGNED)
    assert (town.tasks("r1"), town.tasks("r2")) == ("+o1 -o1", "")
    assert town.order("o2").dispatch is DispatchStatus.OFFERED


def test_it_moves_when_the_better_rider_accepts() -> None:
    town, offer_id = asked_about_o1()
    events = town.do(AcceptOffer(rider_id=R2, offer_id=offer_id))
    assert events[:2] == [
        OrderReassigned(order_id=O1, from_rider_id=R1, rider_id=R2, reason=UnassignReason.BETTER_RIDER),
        OfferAccepted(offer_id=offer_id, order_ids=(O1, O2), rider_id=R2),
    ]
    assert (town.tasks("r1"), town.tasks("r2")) == ("", "+o1 +o2 -o1 -o2")
    assert (town.order().rider_id, town.order().offer_id) == (R2, None)
    check_market(town.market.state)


def test_it_moves_from_a_rider_who_is_under_way_for_it() -> None:
    town, offer_id = asked_about_o1()
    town.ride("r1", seconds=30)
    assert town.order().dispatch is DispatchStatus.UNDER_WAY
    town.do(AcceptOffer(rider_id=R2, offer_id=offer_id))
    assert (town.order().rider_id, town.order().dispatch) == (R2, DispatchStatus.ASSIGNED)
    check_market(town.market.state)


@pytest.mark.parametrize("answer", ["declined", "expired"])
def test_nothing_changes_when_the_better_rider_does_not_accept(answer: str) -> None:
    town, offer_id = asked_about_o1()
    before = town.rider("r1")
    if answer == "declined":
        command: Command = DeclineOffer(rider_id=R2, offer_id=offer_id)
    else:
        town.wait(60)
        command = ExpireOffer(offer_id=offer_id)
    town.do(command)
    assert town.rider("r1") == before
    assert (town.order().rider_id, town.order().dispatch, town.order().offer_id) == (R1, DispatchStatus.ASSIGNED, None)
    assert town.order("o2").dispatch is DispatchStatus.OPEN
    check_market(town.market.state)


def test_food_that_its_rider_collects_meanwhile_is_not_offered_any_more() -> None:
    town, offer_id = asked_about_o1()
    town.ride("r1", seconds=30)
    events = town.do(ConfirmPickup(rider_id=R1, order_ids=(O1,)))
    assert kinds(events) == ["OfferWithdrawn", "OrderPickedUp"]
    assert town.market.state.offer(offer_id).status is OfferStatus.WITHDRAWN
    assert town.order().dispatch is DispatchStatus.CARRIED
    check_market(town.market.state)


def test_a_cancelled_order_leaves_rider_and_offer() -> None:
    town, _ = asked_about_o1()
    town.do(CancelOrder(order_id=O1, by=ActorKind.CUSTOMER, reason=CancelReason.OTHER))
    assert (town.tasks("r1"), town.rider("r2").offers) == ("", frozenset())
    check_market(town.market.state)


def test_an_order_whose_rider_goes_home_is_still_offered() -> None:
    town, offer_id = asked_about_o1()
    town.do(EndShift(rider_id=R1))
    assert (town.order().dispatch, town.order().rider_id) == (DispatchStatus.OFFERED, None)
    check_market(town.market.state)
    town.do(AcceptOffer(rider_id=R2, offer_id=offer_id))
    assert town.order().rider_id == R2


def test_barring_the_better_rider_leaves_the_order_where_it_is() -> None:
    town, offer_id = asked_about_o1()
    events = town.do(an_override(OverrideKind.BAR, order_id="o1", rider_id="r2"))
    assert kinds(events) == ["OverrideRecorded", "OfferWithdrawn"]
    assert isinstance(events[1], OfferWithdrawn)
    assert town.market.state.offer(offer_id).status is OfferStatus.WITHDRAWN
    assert town.tasks("r1") == "+o1 -o1"


def test_unassigning_takes_it_from_the_rider_who_has_it() -> None:
    town, _ = asked_about_o1()
    town.do(an_override(OverrideKind.UNASSIGN, order_id="o1"))
    assert (town.order().dispatch, town.order().barred) == (DispatchStatus.OPEN, frozenset({R1}))
    assert town.rider("r2").offers == frozenset()
    check_market(town.market.state)


def test_nobody_is_asked_twice_about_the_same_order() -> None:
    town = Town("r1", "r2", "r3")
    town.placed("o1")
    town.given("r1", "o1")
    town.offered("r2", "o1")
    plan = ApplyPlan(tick=1, offers=(town.intent("r3", "o1"),), unassign=((O1, UnassignReason.BETTER_RIDER),))
    assert kinds(town.do(plan)) == ["TickDecided"]

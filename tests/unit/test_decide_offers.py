"""Offers made, answered, run out, withdrawn."""

from __future__ import annotations

from dispatch.errors import NotFoundError
from dispatch.model.actor import ActorKind
from dispatch.model.commands import (
    AcceptOffer,
    ApplyPlan,
    CancelOrder,
    ConfirmDropoff,
    DeclineOffer,
    ExpireOffer,
    OfferIntent,
    PauseRider,
)
from dispatch.model.events import OfferId, OfferMade
from dispatch.model.lifecycle import DispatchStatus, IllegalMove, OfferStatus
from dispatch.model.order import OrderId
from dispatch.model.override import OverrideKind
from dispatch.model.reasons import CancelReason, DeclineReason
from dispatch.model.rider import RiderId, Task, TaskKind
from tests.support.builders import NOON
from tests.support.towns import Town, an_override, kinds

R1 = RiderId("r1")


def test_an_offer_waits_for_its_answer() -> None:
    town = Town()
    town.placed("o1", "o2")
    events = town.do(ApplyPlan(tick=1, offers=(town.intent("r1", "o1", "o2"),), offer_s=45))
    made = events[0]
    assert isinstance(made, OfferMade)
    assert (made.expires_at, made.order_ids) == (NOON + 45, ("o1", "o2"))
    assert made.offer_id == f"offer-{town.market.state.seq - 1}"
    assert town.rider().offers == {made.offer_id}
    assert town.rider().tasks == ()
    assert (town.order().dispatch, town.order().offer_id) == (DispatchStatus.OFFERED, made.offer_id)
    assert town.market.state.offer(made.offer_id).made_at == NOON


def test_accepting_gives_the_orders_in_the_sequence_offered() -> None:
    town = Town()
    town.placed("o1", "o2")
    tasks = tuple(
        Task(OrderId(order_id), kind)
        for order_id, kind in (
            ("o2", TaskKind.PICKUP),
            ("o1", TaskKind.PICKUP),
            ("o1", TaskKind.DROPOFF),
            ("o2", TaskKind.DROPOFF),
        )
    )
    intent = OfferIntent(rider_id=R1, order_ids=(OrderId("o1"), OrderId("o2")), tasks=tasks, depart_at=NOON + 90)
    town.do(ApplyPlan(tick=1, offers=(intent,)))
    (offer_id,) = town.rider().offers
    town.wait(20)
    assert kinds(town.do(AcceptOffer(rider_id=R1, offer_id=offer_id))) == ["OfferAccepted", "RoutePlanned"]
    assert town.tasks() == "+o2 +o1 -o1 -o2"
    assert town.rider().depart_at == NOON + 90
    order = town.order()
    assert (order.dispatch, order.rider_id, order.assigned_at) == (DispatchStatus.ASSIGNED, "r1", NOON + 20)
    assert order.offer_id is None
    assert town.rider().offers == frozenset()


def test_accepting_twice_is_as_good_as_once() -> None:
    town = Town()
    town.placed("o1")
    offer_id = town.offered("r1", "o1")
    town.do(AcceptOffer(rider_id=R1, offer_id=offer_id))
    assert town.do(AcceptOffer(rider_id=R1, offer_id=offer_id)) == []


def test_what_was_done_meanwhile_falls_out_of_the_sequence_and_what_came_goes_to_its_end() -> None:
    town = Town()
    town.placed("o1", "o2", "o3")
    town.on_board("r1", "o1")
    offer_id = town.offered("r1", "o2")
    town.ride()
    town.do(ConfirmDropoff(rider_id=R1, order_id=OrderId("o1")), occurred_at=town.clock.now())
    town.do(an_override(OverrideKind.ASSIGN, order_id="o3", rider_id="r1"))
    town.do(PauseRider(rider_id=RiderId("r1"), until=NOON))
    assert town.market.state.offer(offer_id).status is OfferStatus.WITHDRAWN
    offer_id = town.offered("r1", "o2")
    town.placed("o4")
    town.do(an_override(OverrideKind.ASSIGN, order_id="o4", rider_id="r1"))
    town.do(AcceptOffer(rider_id=R1, offer_id=offer_id))
    assert town.tasks() == "+o3 -o3 +o2 -o2 +o4 -o4"


def test_the_time_to_leave_counts_only_for_the_stop_it_was_planned_for() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.on_board("r1", "o1")
    intent = town.intent("r1", "o2", depart_at=NOON + 700)
    town.do(ApplyPlan(tick=1, offers=(intent,), offer_s=3600))
    (offer_id,) = town.rider().offers
    town.ride()
    town.do(ConfirmDropoff(rider_id=R1, order_id=OrderId("o1")))
    town.do(AcceptOffer(rider_id=R1, offer_id=offer_id))
    assert (town.tasks(), town.rider().depart_at) == ("+o2 -o2", None)


def test_declining_opens_the_orders_and_is_remembered() -> None:
    town = Town()
    town.placed("o1", "o2")
    offer_id = town.offered("r1", "o1", "o2")
    town.do(DeclineOffer(rider_id=R1, offer_id=offer_id, reason=DeclineReason.TOO_FAR))
    for order in (town.order("o1"), town.order("o2")):
        assert (order.dispatch, order.declined_by, order.offer_id) == (DispatchStatus.OPEN, frozenset({R1}), None)
    assert isinstance(town.refused(AcceptOffer(rider_id=R1, offer_id=offer_id)), IllegalMove)


def test_an_offer_runs_out() -> None:
    town = Town()
    town.placed("o1")
    offer_id = town.offered("r1", "o1", offer_s=60)
    assert town.refused(ExpireOffer(offer_id=offer_id)).code == "offer_open"
    town.wait(60)
    assert kinds(town.do(ExpireOffer(offer_id=offer_id))) == ["OfferExpired"]
    assert (town.order().dispatch, town.order().declined_by) == (DispatchStatus.OPEN, frozenset())
    assert town.do(ExpireOffer(offer_id=offer_id)) == []


def test_the_last_second_still_counts_the_one_after_does_not() -> None:
    town = Town()
    town.placed("o1", "o2")
    first, second = town.offered("r1", "o1", offer_s=60), town.offered("r1", "o2", offer_s=60)
    town.wait(60)
    town.do(AcceptOffer(rider_id=R1, offer_id=first))
    town.wait(1)
    assert town.refused(AcceptOffer(rider_id=R1, offer_id=second)).code == "offer_expired"


def test_a_rider_answers_only_the_own_offers() -> None:
    town = Town("r1", "r2")
    town.placed("o1")
    offer_id = town.offered("r1", "o1")
    assert town.refused(AcceptOffer(rider_id=RiderId("r2"), offer_id=offer_id)).code == "offer_of_another"
    assert town.refused(DeclineOffer(rider_id=RiderId("r2"), offer_id=offer_id)).code == "offer_of_another"


def test_an_unknown_offer_is_not_found() -> None:
    assert isinstance(Town().refused(AcceptOffer(rider_id=R1, offer_id=OfferId("offer-9"))), NotFoundError)
    assert isinstance(Town().refused(ExpireOffer(offer_id=OfferId("offer-9"))), NotFoundError)


def test_a_withdrawn_offer_cannot_be_accepted() -> None:
    town = Town()
    town.placed("o1")
    offer_id = town.offered("r1", "o1")
    town.do(CancelOrder(order_id=OrderId("o1"), by=ActorKind.CUSTOMER, reason=CancelReason.OTHER))
    refusal = town.refused(AcceptOffer(rider_id=R1, offer_id=offer_id))
    assert "withdrawn" in refusal.cause

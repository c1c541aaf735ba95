"""Each event of the log is told to whom it concerns, with every value that the texts name."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from sqlalchemy import Connection

from dispatch.model.actor import SYSTEM_ACTOR, ActorKind
from dispatch.model.codec import Json
from dispatch.model.events import (
    AppealDecided,
    CaseClosed,
    CaseEscalated,
    CaseId,
    CaseOpened,
    CaseStepTaken,
    ClosureDeclared,
    ClosureId,
    CouponGranted,
    CustomerMessaged,
    DeliveryFailed,
    EtaChanged,
    Event,
    LegStarted,
    MerchantReminded,
    OfferId,
    OfferMade,
    OrderAccepted,
    OrderAssigned,
    OrderCancelled,
    OrderCollected,
    OrderDelivered,
    OrderLost,
    OrderPickedUp,
    OrderPlaced,
    OrderReady,
    OrderReassigned,
    OrderRejected,
    OrderUnassigned,
    OverrideRecorded,
    PaymentFailed,
    PaymentReceived,
    PenaltyAppealed,
    PenaltyGiven,
    PenaltyId,
    PenaltyKind,
    ReadyTimeChanged,
    Recorded,
    RefundFailed,
    RefundGranted,
    RefundSettled,
    TransferClaimed,
    TransferRefused,
)
from dispatch.model.lifecycle import DispatchStatus, OrderStatus
from dispatch.model.order import MerchantId, OrderId, PaymentMethod
from dispatch.model.override import Earlier, Override, OverrideId, OverrideKind, OverrideReason
from dispatch.model.payment import AccountState, PaymentStatus, Refund
from dispatch.model.reasons import (
    CancelReason,
    CaseKind,
    CaseResult,
    CaseStep,
    ClosureKind,
    FailureReason,
    Party,
    RejectReason,
    RescuePlan,
    UnassignReason,
)
from dispatch.model.rider import RiderId, Task, TaskKind
from dispatch.model.state import CaseState, OrderState, RiderState
from dispatch.notify.expanding import FOLLOWED
from dispatch.notify.matrix import DEFAULTS, Audience, Occasion
from dispatch.notify.rendering import Reader, render
from dispatch.notify.telling import Look, Telling
from dispatch.notify.told_care import CARE_EVENTS, told_of_care
from dispatch.notify.told_orders import ORDER_EVENTS, told_of_orders
from dispatch.notify.wording import LANGUAGES, load_texts
from dispatch.store.rows import Projection
from dispatch.units import Money
from tests.support.builders import CORNER, DOOR, MARKET, NOON, a_merchant, a_rider, a_store_pickup, an_order

TEXTS = load_texts()
O1, O2, R1, R2, C1 = OrderId("o1"), OrderId("o2"), RiderId("r1"), RiderId("r2"), CaseId("c1")
PRICE = Money(1250, "MYR")
P1 = PenaltyId("p1")


class Known(Look):
    """A market in memory: one order on its way, another one that its customer fetches."""

    def __init__(self) -> None:
        super().__init__(cast(Connection, None), MARKET)
        task = Task(O1, TaskKind.DROPOFF)
        on_way = OrderState(an_order(), OrderStatus.ACCEPTED, DispatchStatus.ASSIGNED, NOON + 600, 0, rider_id=R1)
        fetched = OrderState(a_store_pickup("o2"), OrderStatus.ACCEPTED, DispatchStatus.NOT_NEEDED, NOON + 600, 0)
        refund = Refund("f1", 500, NOON)
        account = AccountState(O1, PaymentMethod.GATEWAY, PRICE, PaymentStatus.PAID, refunds=(refund,))
        self.known: dict[tuple[str, str], object] = {
            ("orders", O1): on_way._replace(promised_ready_at=NOON + 600),
            ("orders", O2): fetched,
            ("merchants", "m1"): a_merchant(name="Noodle Bar"),
            ("riders", R1): RiderState(a_rider(name="Ravi"), tasks=(task,)),
            ("accounts", O1): account,
        }

    def _look(self, projection: Projection[object], name: str) -> object:  # type: ignore[override]
        return self.known.get((projection.field, name))

    def said_before(self, order_id: OrderId) -> bool:
        return order_id == O1

    def active_orders(self, _: frozenset[object]) -> list[OrderState]:
        return [cast(OrderState, self.known["orders", O1])]

    def riders_on_shift(self, _: frozenset[object]) -> tuple[RiderId, ...]:
        return (R1, R2)


def tellings(event: Event, case: CaseKind = CaseKind.QUALITY) -> list[Telling]:
    look = Known()
    look.known["cases", C1] = CaseState(C1, case, O1, R1, NOON)
    entry = Recorded(1, MARKET, "", 1, NOON, NOON, SYSTEM_ACTOR, "c1", event)
    return [*told_of_orders(look, entry), *told_of_care(look, entry)]


def an_override(kind: OverrideKind, rider_id: RiderId | None, before: RiderId | None) -> OverrideRecorded:
    return OverrideRecorded(
        override=Override(
            id=OverrideId("v1"),
            kind=kind,
            order_id=O1,
            rider_id=rider_id,
            reason=OverrideReason.OTHER,
            text="urgent",
            by="ana",
            made_at=NOON,
            earlier=Earlier(rider_id=before),
        )
    )


CASES: list[tuple[Event, str, set[str]]] = [
    (OrderPlaced(order=an_order()), "order_placed", {"customer", "staff", "merchant"}),
    (OrderAccepted(order_id=O1, ready_at=NOON), "order_accepted", {"customer"}),
    (ReadyTimeChanged(order_id=O1, ready_at=NOON + 900), "order_delayed", {"customer", "r1"}),
    (OrderReady(order_id=O1), "order_ready", {"r1", "staff"}),
    (OrderReady(order_id=O2), "order_ready", {"customer", "staff"}),
    (OrderRejected(order_id=O1, reason=RejectReason.CLOSED), "order_rejected", {"customer", "merchant", "r1", "staff"}),
    (
        OrderCancelled(order_id=O1, by=ActorKind.CUSTOMER, reason=CancelReason.OTHER),
        "order_cancelled",
        {"customer", "merchant", "r1", "staff"},
    ),
    (OrderCollected(order_id=O2), "order_delivered", {"staff"}),
    (OrderPickedUp(order_id=O1, rider_id=R1), "order_picked_up", {"customer", "staff"}),
    (OrderDelivered(order_id=O1, rider_id=R1), "order_delivered", {"customer", "staff"}),
    (
        DeliveryFailed(order_id=O1, rider_id=R1, reason=FailureReason.DAMAGED),
        "delivery_failed",
        {"customer", "merchant", "r1", "staff"},
    ),
    (OrderLost(order_id=O1, rider_id=R1), "delivery_failed", {"customer", "merchant", "r1", "staff"}),
    (MerchantReminded(order_id=O1, nth=2), "merchant_reminded", {"merchant"}),
    (CustomerMessaged(order_id=O1, text="Ring twice"), "customer_messaged", {"staff"}),
    (OrderAssigned(order_id=O1, rider_id=R1), "order_assigned", {"r1"}),
    (
        OrderUnassigned(order_id=O1, rider_id=R1, reason=UnassignReason.REPLANNED),
        "order_unassigned",
        {"r1"},
    ),
    (
        OfferMade(offer_id=OfferId("f1"), order_ids=(O1, O2), rider_id=R2, expires_at=NOON + 45, tasks=()),
        "offer_made",
        {"r2"},
    ),
    (LegStarted(rider_id=R1, origin=CORNER, destination=DOOR, arrives_at=NOON + 600), "order_near", {"customer"}),
    (
        EtaChanged(order_id=O1, dropoff_at=NOON, early_at=NOON, late_at=NOON, late_percent=1),
        "eta_changed",
        {"customer", "staff"},
    ),
    (PaymentFailed(order_id=O1, reference="p"), "payment_failed", {"customer", "staff"}),
    (TransferRefused(order_id=O1, text="none"), "payment_failed", {"customer", "staff"}),
    (TransferClaimed(order_id=O1, picture="x.jpg"), "transfer_claimed", {"staff"}),
    (
        RefundGranted(order_id=O1, refund_id="f1", amount=PRICE, party=Party.MERCHANT),
        "refund_granted",
        {"customer", "merchant"},
    ),
    (RefundGranted(order_id=O1, refund_id="f1", amount=PRICE, party=Party.HOUSE), "refund_granted", {"customer"}),
    (RefundSettled(order_id=O1, refund_id="f1", reference="x"), "refund_settled", {"customer"}),
    (RefundFailed(order_id=O1, refund_id="f1", cause="closed"), "refund_failed", {"staff"}),
    (CouponGranted(order_id=O1, code="SORRY", amount=PRICE, party=Party.HOUSE), "coupon_granted", {"customer"}),
    (PenaltyGiven(penalty_id=P1, rider_id=R1, kind=PenaltyKind.WARNING, text="late"), "penalty_given", {"r1"}),
    (PenaltyAppealed(penalty_id=P1, rider_id=R1, text="no"), "penalty_appealed", {"staff"}),
    (AppealDecided(penalty_id=P1, rider_id=R1, lifted=True, text="ok"), "appeal_decided", {"r1"}),
    (CaseOpened(case_id=C1, kind=CaseKind.QUALITY, order_id=O1), "case_opened", {"customer", "staff"}),
    (CaseEscalated(case_id=C1, owner=ActorKind.OPERATIONS, due_at=NOON), "case_escalated", {"staff"}),
    (CaseClosed(case_id=C1, result=CaseResult.RESOLVED), "case_closed", {"customer", "staff"}),
    (
        CaseStepTaken(case_id=C1, step=CaseStep.PLAN_PROPOSED, plan=RescuePlan.HAND_OVER, rider_id=R2),
        "plan_proposed",
        {"customer", "r1", "r2", "staff"},
    ),
    (an_override(OverrideKind.PAUSE_RIDER, R1, None), "override_made", {"r1"}),
]


def told_to(one: Telling) -> set[str]:
    found: set[str] = set(one.riders)
    found |= {"customer"} if one.customer else set()
    found |= {"staff"} if one.staff else set()
    return found | ({"merchant"} if one.merchant is not None else set())


@pytest.mark.parametrize(("event", "occasion", "whom"), CASES, ids=lambda value: getattr(type(value), "__name__", ""))
def test_an_event_is_told_to_those_whom_it_concerns(event: Event, occasion: str, whom: set[str]) -> None:
    found = tellings(event)
    assert {one.occasion.value for one in found} == {occasion}
    assert set().union(*(told_to(one) for one in found)) == whom


@pytest.mark.parametrize("event", [event for event, _, _ in CASES], ids=lambda event: type(event).__name__)
def test_what_is_told_can_be_put_into_words_in_every_language(event: Event) -> None:
    for one in tellings(event):
        assert DEFAULTS[one.occasion].values <= set(one.values)
        for audience in DEFAULTS[one.occasion].cells:
            for language in LANGUAGES:
                reader = Reader(language=language, time_zone="America/Bogota")
                words = render(TEXTS, one.occasion, audience, one.values, reader)
                assert "{" not in words.title + words.short


def test_every_event_that_is_followed_and_every_occasion_is_tried() -> None:
    tried = {type(event).__name__ for event, _, _ in CASES}
    rest = {"PaymentReceived", "OrderReassigned", "OverrideRecorded", "ClosureDeclared"}
    assert {kind.__name__ for kind in (*ORDER_EVENTS, *CARE_EVENTS)} == FOLLOWED
    assert FOLLOWED - tried <= rest
    others = {Occasion.PAYMENT_RECEIVED, Occasion.MERCHANT_SILENT, Occasion.ORDER_LATE, Occasion.CLOSURE_DECLARED}
    assert {Occasion(name) for _, name, _ in CASES} | others | {Occasion.TEST} == set(Occasion)


def test_a_payment_tells_the_customer_of_the_money_and_the_merchant_of_the_order() -> None:
    event = PaymentReceived(order_id=O1, method=PaymentMethod.GATEWAY, amount=PRICE, reference="p")
    found = {one.occasion: told_to(one) for one in tellings(event)}
    assert found == {Occasion.ORDER_PLACED: {"merchant"}, Occasion.PAYMENT_RECEIVED: {"customer", "staff"}}


def test_both_riders_of_a_reassignment_are_told() -> None:
    event = OrderReassigned(order_id=O1, from_rider_id=R1, rider_id=R2, reason=UnassignReason.BETTER_RIDER)
    found = [(one.occasion.value, one.riders) for one in tellings(event)]
    assert found == [("order_assigned", (R2,)), ("order_unassigned", (R1,))]


def test_a_persons_decision_is_told_once_with_its_reason() -> None:
    found = tellings(an_override(OverrideKind.REASSIGN, R2, R1))
    assert [(one.riders, one.values["decision"]) for one in found] == [
        ((R1,), {"word": ["override_kind", "unassign"], "about": "o1"}),
        ((R2,), {"word": ["override_kind", "assign"], "about": "o1"}),
    ]
    assert tellings(OrderAssigned(order_id=O1, rider_id=R2, forced=True)) == []
    override = UnassignReason.OVERRIDE
    assert tellings(OrderReassigned(order_id=O1, from_rider_id=R1, rider_id=R2, reason=override)) == []


@pytest.mark.parametrize(
    ("kind", "occasion", "customer"),
    [
        (CaseKind.LATENESS, "order_late", True),
        (CaseKind.MERCHANT_SILENT, "merchant_silent", False),
        (CaseKind.RIDER_PROBLEM, "case_opened", False),
        (CaseKind.CANCELLATION, "case_opened", True),
    ],
)
def test_cases_are_told_by_their_kind(kind: CaseKind, occasion: str, customer: bool) -> None:
    (found,) = tellings(CaseOpened(case_id=C1, kind=kind, order_id=O1), kind)
    assert (found.occasion.value, found.customer, found.staff) == (occasion, customer, True)
    assert (found.merchant is not None) == (kind is CaseKind.MERCHANT_SILENT)
    for audience in DEFAULTS[found.occasion].cells:
        assert render(TEXTS, found.occasion, audience, found.values, Reader(language="vi", time_zone="UTC")).short


def test_a_closure_is_told_to_staff_riders_and_each_customer_under_way() -> None:
    storm = ClosureDeclared(closure_id=ClosureId("s1"), kind=ClosureKind.WEATHER, starts_at=NOON, ends_at=NOON + 60)
    first, second = tellings(storm)
    assert (told_to(first), told_to(second)) == ({"staff", "r1", "r2"}, {"customer"})
    words: list[tuple[Audience, Telling]] = [(Audience.RIDER, first), (Audience.CUSTOMER, second)]
    for audience, one in words:
        assert render(TEXTS, one.occasion, audience, one.values, Reader(language="es", time_zone="UTC")).short


def test_an_earlier_ready_time_is_no_delay_and_a_leg_elsewhere_is_not_near() -> None:
    assert tellings(ReadyTimeChanged(order_id=O1, ready_at=NOON + 60)) == []
    assert tellings(LegStarted(rider_id=R1, origin=DOOR, destination=CORNER, arrives_at=NOON)) == []
    assert tellings(OrderPlaced(order=replace(an_order("o9"), merchant_id=MerchantId("m1")))) == []


def test_a_long_id_is_shown_by_its_end() -> None:
    event = CustomerMessaged(order_id=OrderId("ord_01jd2kx7abcdefghjkmn"), text="x")
    look = Known()
    order = an_order("ord_01jd2kx7abcdefghjkmn")
    state = cast(OrderState, look.known["orders", O1])
    look.known["orders", order.id] = state._replace(order=order)
    entry = Recorded(1, MARKET, "", 1, NOON, NOON, SYSTEM_ACTOR, "c1", event)
    values: Json = dict(next(iter(told_of_orders(look, entry))).values)
    assert values == {"order": "GHJKMN", "merchant": {"text": "Noodle Bar"}, "text": {"text": "x"}}

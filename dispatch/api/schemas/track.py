"""What customers see of their order and say about it, on the wire. No telephone numbers, no addresses in words."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from dispatch.api.schemas.base import Line, Money, Name, Place, Schema, Text, maybe_when, when
from dispatch.api.schemas.orders import Item, items_out
from dispatch.model.cancel_terms import Cancelling, CancelTerms
from dispatch.model.lifecycle import OrderStatus
from dispatch.model.order import Fulfilment, PaymentMethod, Vehicle
from dispatch.model.payment import PaymentStatus
from dispatch.model.reasons import CaseKind, CaseStep, RescuePlan
from dispatch.model.shop import ShopStatus, shop_status
from dispatch.model.state import CaseState, RiderState
from dispatch.service.tracking import Tracked, answers
from dispatch.store.live.ports import Seen


class LinkOut(Schema):
    """The link by which a customer follows an order. ``token`` is all it takes: whoever has it is the customer."""

    order_id: str
    token: str
    url: str


class PositionSeen(Schema):
    """Where the rider was seen, and when."""

    place: Place
    seen_at: datetime

    @classmethod
    def of(cls, seen: Seen) -> PositionSeen:
        """For the wire."""
        return cls.model_construct(place=Place.of(seen.position.place), seen_at=when(seen.position.occurred_at))


class RiderSeen(Schema):
    """Who comes."""

    name: str
    vehicle: Vehicle
    position: PositionSeen | None

    @classmethod
    def of(cls, rider: RiderState, seen: Seen | None) -> RiderSeen:
        """For the wire: no more than the first name."""
        first = rider.rider.name.split()[0] if rider.rider.name.strip() else ""
        position = None if seen is None else PositionSeen.of(seen)
        return cls.model_construct(name=first, vehicle=rider.rider.vehicle, position=position)


class Expected(Schema):
    """When the order is expected: as likely earlier as later than ``at``, seldom outside of the other two."""

    at: datetime
    early_at: datetime
    late_at: datetime


class Question(Schema):
    """Something the customer is asked; ``answers`` can be given now. plan, place: what is proposed, if anything."""

    case_id: str
    kind: CaseKind
    answers: list[CaseStep]
    plan: RescuePlan | None
    place: Place | None

    @classmethod
    def of(cls, case: CaseState) -> Question:
        """For the wire."""
        place = None if case.plan_place is None else Place.of(case.plan_place)
        return cls.model_construct(
            case_id=case.case_id, kind=case.kind, answers=answers(case), plan=case.plan, place=place
        )


class TrackOut(Schema):
    """An order as its customer sees it. ``stars``: how the customer has rated it, if at all."""

    order_id: str
    external_id: str
    status: OrderStatus
    shop_status: ShopStatus
    fulfilment: Fulfilment
    merchant: str
    pickup: Place
    dropoff: Place | None
    items: list[Item]
    total: Money | None
    payment: PaymentMethod
    payment_status: PaymentStatus
    placed_at: datetime
    accepted_at: datetime | None
    ready_at: datetime
    is_ready: bool
    picked_up_at: datetime | None
    delivered_at: datetime | None
    cancelled_at: datetime | None
    promised_at: datetime
    expected: Expected | None
    stars: int | None
    rider: RiderSeen | None
    questions: list[Question]

    @classmethod
    def of(cls, found: Tracked, seen: Seen | None) -> TrackOut:
        """For the wire; ``seen`` is where the rider is."""
        state, order = found.order, found.order.order
        return cls.model_construct(
            order_id=order.id,
            external_id=order.external_id,
            status=state.status,
            shop_status=shop_status(state),
            fulfilment=order.fulfilment,
            merchant="" if found.merchant is None else found.merchant.name,
            pickup=Place.of(order.pickup),
            dropoff=None if order.dropoff is None else Place.of(order.dropoff),
            items=items_out(order.items),
            total=None if order.total is None else Money.of(order.total),
            payment=order.payment,
            payment_status=state.payment,
            placed_at=when(order.placed_at),
            accepted_at=maybe_when(state.accepted_at),
            ready_at=when(state.ready_at),
            is_ready=state.food_ready_at is not None,
            picked_up_at=maybe_when(state.picked_up_at),
            delivered_at=maybe_when(state.delivered_at),
            cancelled_at=maybe_when(state.cancelled_at),
            promised_at=when(order.promised_at),
            expected=_expected(found),
            stars=state.stars,
            rider=None if found.rider is None else RiderSeen.of(found.rider, seen),
            questions=[Question.of(case) for case in found.cases if answers(case)],
        )


def _expected(found: Tracked) -> Expected | None:
    eta = found.eta
    if eta is None or not eta.open or found.order.over:
        return None
    return Expected.model_construct(at=when(eta.dropoff_at), early_at=when(eta.early_at), late_at=when(eta.late_at))


class CancelTermsOut(Schema):
    """What cancelling means now. least, most: what the customer bears of the price, where the order has one."""

    how: Cancelling
    least: Money | None
    most: Money | None

    @classmethod
    def of(cls, terms: CancelTerms) -> CancelTermsOut:
        """For the wire."""
        least, most = (None if money is None else Money.of(money) for money in (terms.least, terms.most))
        return cls(how=terms.how, least=least, most=most)


class Words(Schema):
    """Something the customer says."""

    text: Annotated[Text, Field(min_length=1)]


class Rating(Schema):
    """How it was."""

    stars: Annotated[int, Field(ge=1, le=5)]
    text: Text = ""


class Answer(Schema):
    """The answer to a question. ``place`` and ``address``: where the customer is, for `address_corrected`."""

    case_id: Name
    step: CaseStep
    text: Text = ""
    place: Place | None = None
    address: Line = ""

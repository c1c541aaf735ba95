"""Orders on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from dispatch.api.schemas.base import Line, Money, Name, Place, Schema, Text, When, instant, maybe_when, when
from dispatch.model import order as model
from dispatch.model.lifecycle import DispatchStatus, OrderStatus
from dispatch.model.order import Channel, Fulfilment, MarketId, MerchantId, OrderId, PaymentMethod, Vehicle, ZoneId
from dispatch.model.payment import PaymentStatus
from dispatch.model.reasons import CancelReason
from dispatch.model.shop import ShopStatus, shop_status
from dispatch.model.state import OrderState
from dispatch.units import DAY_S, MINUTE_S, Instant


def _no_debt(value: Money) -> Money:
    if value.minor < 0:
        raise ValueError("a price is not below 0")
    return value


Price = Annotated[Money, AfterValidator(_no_debt)]
_Seconds = Annotated[int, Field(ge=0, le=2 * 3600)]


class Item(Schema):
    """A line of an order."""

    name: Line
    quantity: Annotated[int, Field(ge=1, le=10_000)] = 1
    sku: Line = ""
    unit_price: Money | None = None


class Customer(Schema):
    """Whom the order is for."""

    name: Line = ""
    phone: Annotated[str, Field(max_length=20, pattern=r"^(\+[1-9]\d{6,14})?$")] = ""
    address: Line = ""
    language: Annotated[str, Field(max_length=10)] = ""
    email: Annotated[str, Field(max_length=254, pattern=r"^([^@\s]+@[^@\s]+)?$")] = ""


class Handling(Schema):
    """Seconds spent at a stop before the task, and after it."""

    before_s: _Seconds = 0
    after_s: _Seconds = 0

    def to_model(self) -> model.Handling:
        """The value of the model."""
        return model.Handling(self.before_s, self.after_s)


class NewOrder(Schema):
    """An order to be placed. ``id`` may be the caller's own; ``pickup`` is the merchant's place if left out."""

    id: Name | None = None
    merchant_id: Name
    pickup: Place | None = None
    dropoff: Place | None = None
    ready_at: When | None = None
    promised_at: When | None = None
    not_before_at: When | None = None
    channel: Channel = Channel.PLATFORM
    platform: Line = ""
    external_id: Line = ""
    fulfilment: Fulfilment = Fulfilment.DELIVERY
    size: Annotated[int, Field(ge=1, le=100)] = 1
    vehicles: frozenset[Vehicle] = frozenset()
    zones: frozenset[Name] = frozenset()
    pickup_handling: Handling = Handling()
    dropoff_handling: Handling = Handling()
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    items: Annotated[list[Item], Field(max_length=200, default_factory=list)]
    total: Price | None = None
    payment: PaymentMethod = PaymentMethod.ELSEWHERE
    customer: Customer = Customer()
    notes: Text = ""
    linked_to: Name | None = None
    attributes: Annotated[dict[Line, Line], Field(max_length=50, default_factory=dict)]

    @model_validator(mode="after")
    def _has_a_door(self) -> NewOrder:
        if self.fulfilment is Fulfilment.DELIVERY and self.dropoff is None:
            raise ValueError("a delivery needs a drop-off place")
        return self

    @model_validator(mode="after")
    def _has_a_price(self) -> NewOrder:
        if self.payment is not PaymentMethod.ELSEWHERE and (self.total is None or self.total.minor == 0):
            raise ValueError(f"what is paid by {self.payment.value} needs a total above 0")
        return self

    def to_model(self, order_id: OrderId, merchant: model.Merchant, now: Instant) -> model.Order:
        """The order as it is placed now.

        Without word from the kitchen it is ready in 15 minutes, or 15 minutes before the window of a scheduled one, and
        promised half an hour later.
        """
        soon_at = now + 15 * MINUTE_S
        if self.not_before_at is not None:
            soon_at = max(soon_at, instant(self.not_before_at) - 15 * MINUTE_S)
        ready_at = soon_at if self.ready_at is None else instant(self.ready_at)
        return model.Order(
            id=order_id,
            market_id=MarketId(merchant.market_id),
            merchant_id=MerchantId(self.merchant_id),
            pickup=merchant.place if self.pickup is None else self.pickup.to_model(),
            dropoff=None if self.dropoff is None else self.dropoff.to_model(),
            placed_at=now,
            ready_at=ready_at,
            promised_at=ready_at + 30 * MINUTE_S if self.promised_at is None else instant(self.promised_at),
            not_before_at=None if self.not_before_at is None else instant(self.not_before_at),
            channel=self.channel,
            platform=self.platform,
            external_id=self.external_id,
            fulfilment=self.fulfilment,
            size=self.size,
            vehicles=self.vehicles,
            zones=frozenset(ZoneId(zone) for zone in self.zones),
            pickup_handling=self.pickup_handling.to_model(),
            dropoff_handling=self.dropoff_handling.to_model(),
            priority=self.priority,
            items=tuple(map(_item_in, self.items)),
            total=None if self.total is None else self.total.to_model(),
            payment=self.payment,
            customer=model.Customer(**self.customer.model_dump()),
            notes=self.notes,
            linked_to=None if self.linked_to is None else OrderId(self.linked_to),
            attributes=tuple(self.attributes.items()),
        )


class ChangeOrder(Schema):
    """What is to be another way; what is left out stays. Merchant and pickup cannot change."""

    dropoff: Place | None = None
    promised_at: When | None = None
    not_before_at: When | None = None
    size: Annotated[int, Field(ge=1, le=100)] | None = None
    vehicles: frozenset[Vehicle] | None = None
    zones: frozenset[Name] | None = None
    items: Annotated[list[Item], Field(max_length=200)] | None = None
    total: Price | None = None
    customer: Customer | None = None
    notes: Text | None = None

    def to_model(self, order: model.Order) -> model.Order:
        """The order with what is given."""
        changed: dict[str, Any] = {
            "dropoff": None if self.dropoff is None else self.dropoff.to_model(),
            "promised_at": None if self.promised_at is None else instant(self.promised_at),
            "not_before_at": None if self.not_before_at is None else instant(self.not_before_at),
            "size": self.size,
            "vehicles": self.vehicles,
            "zones": None if self.zones is None else frozenset(ZoneId(zone) for zone in self.zones),
            "items": None if self.items is None else tuple(map(_item_in, self.items)),
            "total": None if self.total is None else self.total.to_model(),
            "customer": None if self.customer is None else model.Customer(**self.customer.model_dump()),
            "notes": self.notes,
        }
        return replace(order, **{name: value for name, value in changed.items() if value is not None})


class CancelOrder(Schema):
    """Why an order is called off."""

    reason: CancelReason
    text: Text = ""


class OrderOut(Schema):
    """An order as it is now."""

    id: str
    market_id: str
    merchant_id: str
    version: int
    status: OrderStatus
    shop_status: ShopStatus
    dispatch: DispatchStatus
    rider_id: str | None
    pickup: Place
    dropoff: Place | None
    placed_at: datetime
    ready_at: datetime
    promised_at: datetime
    not_before_at: datetime | None
    assigned_at: datetime | None
    picked_up_at: datetime | None
    delivered_at: datetime | None
    cancelled_at: datetime | None
    channel: Channel
    platform: str
    external_id: str
    fulfilment: Fulfilment
    zones: list[str]
    size: int
    priority: int
    items: list[Item]
    total: Money | None
    payment: PaymentMethod
    payment_status: PaymentStatus
    customer: Customer
    notes: str
    linked_to: str | None
    verdict: str
    planned_rider_id: str | None
    pinned_to: str | None
    pinned_until: datetime | None
    held_until: datetime | None

    @classmethod
    def of(cls, state: OrderState) -> OrderOut:
        """For the wire."""
        order = state.order
        # What the log holds has been checked when it came in; checking it again would only cost time.
        return cls.model_construct(
            id=order.id,
            market_id=order.market_id,
            merchant_id=order.merchant_id,
            version=state.version,
            status=state.status,
            shop_status=shop_status(state),
            dispatch=state.dispatch,
            rider_id=state.rider_id,
            pickup=Place.of(order.pickup),
            dropoff=None if order.dropoff is None else Place.of(order.dropoff),
            placed_at=when(order.placed_at),
            ready_at=when(state.ready_at),
            promised_at=when(order.promised_at),
            not_before_at=maybe_when(order.not_before_at),
            assigned_at=maybe_when(state.assigned_at),
            picked_up_at=maybe_when(state.picked_up_at),
            delivered_at=maybe_when(state.delivered_at),
            cancelled_at=maybe_when(state.cancelled_at),
            channel=order.channel,
            platform=order.platform,
            external_id=order.external_id,
            fulfilment=order.fulfilment,
            zones=sorted(order.zones),
            size=order.size,
            priority=state.priority,
            items=items_out(order.items),
            total=None if order.total is None else Money.of(order.total),
            payment=order.payment,
            payment_status=state.payment,
            customer=customer_out(order.customer),
            notes=order.notes,
            linked_to=order.linked_to,
            verdict=state.verdict,
            planned_rider_id=state.planned_rider_id,
            pinned_to=state.pinned_to,
            pinned_until=_until(state.pinned_until),
            held_until=_until(state.held_until),
        )


def _item_in(item: Item) -> model.Item:
    price = None if item.unit_price is None else item.unit_price.to_model()
    return model.Item(item.name, item.quantity, item.sku, price)


def items_out(items: Iterable[model.Item]) -> list[Item]:
    """For the wire."""
    return [_item(item) for item in items]


def _item(item: model.Item) -> Item:
    price = None if item.unit_price is None else Money.of(item.unit_price)
    return Item.model_construct(name=item.name, quantity=item.quantity, sku=item.sku, unit_price=price)


def customer_out(customer: model.Customer) -> Customer:
    """For the wire."""
    return Customer.model_construct(
        name=customer.name,
        phone=customer.phone,
        address=customer.address,
        language=customer.language,
        email=customer.email,
    )


_FOREVER: Instant = 250_000 * DAY_S
"""Later than any year that the wire can name."""


def _until(value: Instant | None) -> datetime | None:
    """The end of a pin or hold; none where it lasts until somebody takes it back."""
    return None if value is None or value >= _FOREVER else when(value)

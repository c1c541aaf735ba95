"""What a customer asked for: one merchant, one drop-off."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from dispatch.model.place import Place
from dispatch.units import Instant, Money, Seconds

OrderId = NewType("OrderId", str)
MerchantId = NewType("MerchantId", str)
MarketId = NewType("MarketId", str)
ZoneId = NewType("ZoneId", str)


class Channel(StrEnum):
    """Where an order came from."""

    PLATFORM = "platform"
    MANUAL = "manual"
    CHAT = "chat"
    LIVESTREAM = "livestream"
    SHOP = "shop"
    CATERING = "catering"


class Fulfilment(StrEnum):
    """How the customer gets the order; only deliveries enter dispatch."""

    DELIVERY = "delivery"
    STORE_PICKUP = "store_pickup"


class PaymentMethod(StrEnum):
    """How an order is paid."""

    ELSEWHERE = "elsewhere"
    """The platform that the order came from has the money."""
    GATEWAY = "gateway"
    TRANSFER = "transfer"
    """The customer sends money and a picture of the receipt; a person checks it."""
    CASH = "cash"
    """To the rider at the door, or at the store."""

    @property
    def first(self) -> bool:
        """Whether nothing is cooked or carried before the money is there."""
        return self in (PaymentMethod.GATEWAY, PaymentMethod.TRANSFER)


class Vehicle(StrEnum):
    """What a rider rides; also the name of the travel-time profile."""

    WALK = "walk"
    BICYCLE = "bicycle"
    MOTORCYCLE = "motorcycle"
    CAR = "car"
    VAN = "van"


@dataclass(frozen=True, slots=True)
class Handling:
    """Seconds spent at a stop between arriving and the pickup or drop-off itself, and from then until leaving."""

    before_s: Seconds = 0
    after_s: Seconds = 0

    def __post_init__(self) -> None:
        if self.before_s < 0 or self.after_s < 0:
            raise ValueError("handling times must not be negative")


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an order as the merchant reads it and the rider checks it."""

    name: str
    quantity: int = 1
    sku: str = ""
    unit_price: Money | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom the order is for; personal data, shown only while needed."""

    name: str = ""
    phone: str = ""
    address: str = ""
    language: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One customer request: one merchant, one drop-off.

    ``ready_at`` is the merchant's present promise of when the food is ready; ``promised_at`` is what the customer was
    told; ``not_before_at`` opens the customer's window (scheduled and catering orders). ``size`` counts in units of
    rider capacity. ``vehicles`` empty means every kind. ``dropoff`` is None only for store pickups. ``linked_to`` names
    the order that this one redelivers or adds on to; ``attributes`` carries what a channel wants kept (short codes,
    contract numbers, sheet revision). An order that is paid here needs a ``total``.
    """

    id: OrderId
    market_id: MarketId
    merchant_id: MerchantId
    pickup: Place
    dropoff: Place | None
    placed_at: Instant
    ready_at: Instant
    promised_at: Instant
    not_before_at: Instant | None = None
    channel: Channel = Channel.PLATFORM
    platform: str = ""
    external_id: str = ""
    fulfilment: Fulfilment = Fulfilment.DELIVERY
    size: int = 1
    vehicles: frozenset[Vehicle] = frozenset()
    zones: frozenset[ZoneId] = frozenset()
    pickup_handling: Handling = Handling()
    dropoff_handling: Handling = Handling()
    priority: int = 0
    items: tuple[Item, ...] = ()
    total: Money | None = None
    payment: PaymentMethod = PaymentMethod.ELSEWHERE
    customer: Customer = Customer()
    notes: str = ""
    linked_to: OrderId | None = None
    attributes: tuple[tuple[str, str], ...] = field(default=())

    def __post_init__(self) -> None:
        if self.fulfilment is Fulfilment.DELIVERY and self.dropoff is None:
            raise ValueError(f"order {self.id} is a delivery without a drop-off place")
        if self.size < 1:
            raise ValueError(f"order {self.id} has size {self.size}; it must be at least 1")
        if self.priority < 0:
            raise ValueError(f"order {self.id} has priority {self.priority}; it must not be negative")
        if self.payment is not PaymentMethod.ELSEWHERE and self.total is None:
            raise ValueError(f"order {self.id} is paid by {self.payment.value} and has no total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Who prepares orders.

    confirm_s: within which time this merchant accepts orders, where that is not as the policy says. email, phone,
    language: how the merchant is told things.
    """

    id: MerchantId
    market_id: MarketId
    place: Place
    name: str = ""
    confirm_s: Seconds | None = None
    email: str = ""
    phone: str = ""
    language: str = ""

"""Builders of the model's values: everything has a sane default, a test names only the field it is about.

>>> an_order("o2", size=2).size
2
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypedDict, Unpack

from dispatch.model.order import (
    Channel,
    Customer,
    Fulfilment,
    Handling,
    Item,
    MarketId,
    Merchant,
    MerchantId,
    Order,
    OrderId,
    PaymentMethod,
    Vehicle,
    ZoneId,
)
from dispatch.model.place import Place
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId
from dispatch.units import HOUR_S, MINUTE_S, Instant, Money

MARKET: Final = MarketId("bogota")
NOON: Final[Instant] = 1_700_049_600
"""When the tests' orders are placed, unless they say otherwise."""

KITCHEN: Final = Place(4.65, -74.06)
DOOR: Final = Place(4.68, -74.05)
CORNER: Final = Place(4.64, -74.07)
"""Where riders stand at the beginning."""


class OrderFields(TypedDict, total=False):
    """What ``an_order`` takes besides the id."""

    market_id: MarketId
    merchant_id: MerchantId
    pickup: Place
    dropoff: Place | None
    placed_at: Instant
    ready_at: Instant
    promised_at: Instant
    not_before_at: Instant | None
    channel: Channel
    platform: str
    external_id: str
    fulfilment: Fulfilment
    size: int
    vehicles: frozenset[Vehicle]
    zones: frozenset[ZoneId]
    pickup_handling: Handling
    dropoff_handling: Handling
    priority: int
    items: tuple[Item, ...]
    total: Money | None
    payment: PaymentMethod
    customer: Customer
    notes: str
    linked_to: OrderId | None
    attributes: tuple[tuple[str, str], ...]


class RiderFields(TypedDict, total=False):
    """What ``a_rider`` takes besides the id."""

    market_id: MarketId
    vehicle: Vehicle
    capacity: int
    zones: frozenset[ZoneId]
    name: str


class ShiftFields(TypedDict, total=False):
    """What ``a_shift`` takes besides the rider's id."""

    id: ShiftId
    starts_at: Instant
    ends_at: Instant
    start: Place


class MerchantFields(TypedDict, total=False):
    """What ``a_merchant`` takes besides the id."""

    market_id: MarketId
    place: Place
    name: str
    confirm_s: int | None


def an_order(order_id: str = "o1", **changes: Unpack[OrderFields]) -> Order:
    """An order placed at noon at the kitchen, ready in 10 minutes, promised in 40."""
    usual = Order(
        id=OrderId(order_id),
        market_id=MARKET,
        merchant_id=MerchantId("m1"),
        pickup=KITCHEN,
        dropoff=DOOR,
        placed_at=NOON,
        ready_at=NOON + 10 * MINUTE_S,
        promised_at=NOON + 40 * MINUTE_S,
    )
    return replace(usual, **changes)


def a_store_pickup(order_id: str = "o1") -> Order:
    """An order that its customer fetches."""
    return an_order(order_id, fulfilment=Fulfilment.STORE_PICKUP, dropoff=None)


def a_rider(rider_id: str = "r1", **changes: Unpack[RiderFields]) -> Rider:
    """A rider on a motorcycle."""
    return replace(Rider(id=RiderId(rider_id), market_id=MARKET), **changes)


def a_shift(rider_id: str = "r1", **changes: Unpack[ShiftFields]) -> Shift:
    """A shift of eight hours from noon, at the corner."""
    usual = Shift(
        id=ShiftId(f"shift of {rider_id}"),
        rider_id=RiderId(rider_id),
        starts_at=NOON,
        ends_at=NOON + 8 * HOUR_S,
        start=CORNER,
    )
    return replace(usual, **changes)


def a_merchant(merchant_id: str = "m1", **changes: Unpack[MerchantFields]) -> Merchant:
    """A merchant at the kitchen."""
    return replace(Merchant(id=MerchantId(merchant_id), market_id=MARKET, place=KITCHEN), **changes)

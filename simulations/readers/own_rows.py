"""The entities of an instance as flat rows and back: one codec for Parquet and GeoJSON alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

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
    Vehicle,
    ZoneId,
)
from dispatch.model.place import Place
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId
from dispatch.units import DAY_S, Instant, Money
from simulations.readers import own_schema
from simulations.readers.row import Row

Values: TypeAlias = dict[str, object]

MOST: Final = 1_000_000
"""Largest size and capacity."""
MOST_URGENT: Final = 1000
"""Highest priority: an order counts that many times more, and the cost of a plan must stay within 64 bits."""


def merchant_values(merchant: Merchant) -> Values:
    """A row of MERCHANT."""
    place = merchant.place
    return {"merchant_id": merchant.id, "lat": place.latitude, "lng": place.longitude, "name": merchant.name}


def read_merchant(row: Row, market_id: MarketId) -> Merchant | None:
    """The merchant of a row of MERCHANT; None, and issues, where it is not good."""
    merchant = Merchant(
        id=MerchantId(row.text("merchant_id")),
        market_id=market_id,
        place=read_place(row, "lat", "lng"),
        name=row.text("name", ""),
    )
    return merchant if row.good else None


def rider_values(rider: Rider) -> Values:
    """A row of RIDER."""
    return {
        "rider_id": rider.id,
        "vehicle": rider.vehicle.value,
        "capacity": rider.capacity,
        "zones": sorted(rider.zones),
        "name": rider.name,
    }


def read_rider(row: Row, market_id: MarketId) -> Rider | None:
    """The rider of a row of RIDER; None, and issues, where it is not good."""
    rider = Rider(
        id=RiderId(row.text("rider_id")),
        market_id=market_id,
        vehicle=row.choice("vehicle", Vehicle),
        capacity=row.whole("capacity", own_schema.DEFAULT_CAPACITY, minimum=1, maximum=MOST),
        zones=frozenset(ZoneId(zone) for zone in row.texts("zones")),
        name=row.text("name", ""),
    )
    return rider if row.good else None


def shift_values(shift: Shift) -> Values:
    """A row of SHIFT."""
    return {
        "shift_id": shift.id,
        "rider_id": shift.rider_id,
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
        "start_lat": shift.start.latitude,
        "start_lng": shift.start.longitude,
    }


def read_shift(row: Row) -> Shift | None:
    """The shift of a row of SHIFT; None, and issues, where it is not good."""
    identity, rider_id = row.text("shift_id"), row.text("rider_id")
    starts_at, ends_at = row.instant("starts_at"), row.instant("ends_at")
    start = read_place(row, "start_lat", "start_lng")
    if row.good and ends_at <= starts_at:
        row.note("shift_ends_before_start", "ends_at", f"ends_at is {starts_at - ends_at} s before or at starts_at")
    if not row.good:
        return None
    return Shift(id=ShiftId(identity), rider_id=RiderId(rider_id), starts_at=starts_at, ends_at=ends_at, start=start)


def order_values(order: Order) -> Values:
    """A row of ORDER."""
    dropoff, total, customer = order.dropoff, order.total, order.customer
    return {
        "order_id": order.id,
        "merchant_id": order.merchant_id,
        "pickup_lat": order.pickup.latitude,
        "pickup_lng": order.pickup.longitude,
        "dropoff_lat": None if dropoff is None else dropoff.latitude,
        "dropoff_lng": None if dropoff is None else dropoff.longitude,
        "placed_at": order.placed_at,
        "ready_at": order.ready_at,
        "promised_at": order.promised_at,
        "not_before_at": order.not_before_at,
        "channel": order.channel.value,
        "platform": order.platform,
        "external_id": order.external_id,
        "fulfilment": order.fulfilment.value,
        "size": order.size,
        "vehicles": sorted(vehicle.value for vehicle in order.vehicles),
        "zones": sorted(order.zones),
        "pickup_before_s": order.pickup_handling.before_s,
        "pickup_after_s": order.pickup_handling.after_s,
        "dropoff_before_s": order.dropoff_handling.before_s,
        "dropoff_after_s": order.dropoff_handling.after_s,
        "priority": order.priority,
        "items": [_item_values(item) for item in order.items],
        "total_minor": None if total is None else total.minor,
        "total_currency": None if total is None else total.currency,
        "customer_name": customer.name,
        "customer_phone": customer.phone,
        "customer_address": customer.address,
        "customer_language": customer.language,
        "notes": order.notes,
        "linked_to": order.linked_to,
        "attributes": [{"key": key, "value": value} for key, value in order.attributes],
    }


def read_order(row: Row, merchants: Mapping[MerchantId, Merchant], market_id: MarketId) -> Order | None:
    """The order of a row of ORDER; None, and issues, where it is not good.

    Without pickup_lat the order is picked up at its merchant.
    """
    merchant = merchants.get(MerchantId(row.text("merchant_id")))
    fulfilment = row.choice("fulfilment", Fulfilment, Fulfilment.DELIVERY)
    goes_out = fulfilment is Fulfilment.DELIVERY or row.has("dropoff_lat")
    placed_at, ready_at, promised_at = (row.instant(name) for name in ("placed_at", "ready_at", "promised_at"))
    if row.good:
        _check_times(row, placed_at, ready_at, promised_at)
    order = Order(
        id=OrderId(row.text("order_id")),
        market_id=market_id,
        merchant_id=MerchantId(row.text("merchant_id", "")),
        pickup=_read_pickup(row, merchant),
        dropoff=read_place(row, "dropoff_lat", "dropoff_lng") if goes_out else None,
        placed_at=placed_at,
        ready_at=ready_at,
        promised_at=promised_at,
        not_before_at=row.instant("not_before_at") if row.has("not_before_at") else None,
        channel=row.choice("channel", Channel, Channel.PLATFORM),
        platform=row.text("platform", ""),
        external_id=row.text("external_id", ""),
        fulfilment=fulfilment,
        size=row.whole("size", 1, minimum=1, maximum=MOST),
        vehicles=_vehicles(row),
        zones=frozenset(ZoneId(zone) for zone in row.texts("zones")),
        pickup_handling=_read_handling(row, "pickup"),
        dropoff_handling=_read_handling(row, "dropoff"),
        priority=row.whole("priority", 0, maximum=MOST_URGENT),
        items=tuple(_read_item(item) for item in row.rows("items")),
        total=_read_money(row, "total_minor", "total_currency"),
        customer=Customer(*(row.text(f"customer_{name}", "") for name in ("name", "phone", "address", "language"))),
        notes=row.text("notes", ""),
        linked_to=OrderId(row.text("linked_to")) if row.has("linked_to") else None,
        attributes=tuple((pair.text("key"), pair.text("value", "")) for pair in row.rows("attributes")),
    )
    return order if row.good else None


def read_place(row: Row, latitude: str, longitude: str) -> Place:
    """The place of two values. One outside the range, which check_places reports, gives a stand-in."""
    degrees = row.number(latitude), row.number(longitude)
    within = abs(degrees[0]) <= 90 and abs(degrees[1]) <= 180
    return Place(*degrees) if within else Place(0.0, 0.0)


def _read_pickup(row: Row, merchant: Merchant | None) -> Place:
    """The pickup named, else that of the merchant; a stand-in for an unknown merchant, which is reported elsewhere."""
    if row.has("pickup_lat") or row.has("pickup_lng"):
        return read_place(row, "pickup_lat", "pickup_lng")
    return merchant.place if merchant else Place(0.0, 0.0)


def _read_handling(row: Row, task: str) -> Handling:
    before_s, after_s = (row.whole(f"{task}_{when}_s", 0, maximum=DAY_S) for when in ("before", "after"))
    return Handling(before_s, after_s)


def _check_times(row: Row, placed_at: Instant, ready_at: Instant, promised_at: Instant) -> None:
    if ready_at < placed_at:
        row.note("ready_before_placed", "ready_at", f"ready_at is {placed_at - ready_at} s before placed_at")
    if promised_at < placed_at:
        row.note("promise_before_placed", "promised_at", f"promised_at is {placed_at - promised_at} s before placed_at")
    elif promised_at < ready_at:
        row.note("promise_before_ready", "promised_at", f"promised_at is {ready_at - promised_at} s before ready_at")


def _vehicles(row: Row) -> frozenset[Vehicle]:
    known = {vehicle.value: vehicle for vehicle in Vehicle}
    named = row.texts("vehicles")
    for name in named:
        if name not in known:
            row.note("unknown_value", "vehicles", f"vehicle {name!r} is none of {', '.join(known)}")
    return frozenset(known[name] for name in named if name in known)


def _read_money(row: Row, minor: str, currency: str) -> Money | None:
    if not row.has(minor) and not row.has(currency):
        return None
    amount, code = row.whole(minor, minimum=-(2**53)), row.text(currency)
    try:
        return Money(amount, code)
    except ValueError as error:
        row.note("unknown_value", currency, str(error))
        return None


def _item_values(item: Item) -> Values:
    price = item.unit_price
    return {
        "name": item.name,
        "quantity": item.quantity,
        "sku": item.sku,
        "price_minor": None if price is None else price.minor,
        "price_currency": None if price is None else price.currency,
    }


def _read_item(row: Row) -> Item:
    price = _read_money(row, "price_minor", "price_currency")
    return Item(row.text("name", ""), row.whole("quantity", 1), row.text("sku", ""), price)

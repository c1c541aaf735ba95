"""The log told again order by order: every instant of each, and the durations between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from dispatch.model.events import (
    ArrivedAtStop,
    OfferAccepted,
    OfferMade,
    OrderAccepted,
    OrderAssigned,
    OrderCancelled,
    OrderChanged,
    OrderDelivered,
    OrderHeld,
    OrderLost,
    OrderPickedUp,
    OrderPlaced,
    OrderReady,
    OrderReassigned,
    OrderRejected,
    ReadyTimeChanged,
    Recorded,
    ShiftStarted,
)
from dispatch.model.order import Order, OrderId
from dispatch.model.rider import RiderId
from dispatch.units import Instant

DELIVERED: Final = "delivered"
CANCELLED: Final = "cancelled"
UNDELIVERED: Final = "undelivered"
LOST_WITH_RIDER: Final = "lost with its rider"

SCHEMA: Final = pl.Schema(
    {
        "order_id": pl.String,
        "merchant_id": pl.String,
        "status": pl.String,
        "reason": pl.String,
        "verdict": pl.String,
        "rider_id": pl.String,
        "pickup_lat": pl.Float64,
        "pickup_lng": pl.Float64,
        "dropoff_lat": pl.Float64,
        "dropoff_lng": pl.Float64,
        "placed_at": pl.Int64,
        "ready_at": pl.Int64,
        "promised_at": pl.Int64,
        "first_assigned_at": pl.Int64,
        "assigned_at": pl.Int64,
        "arrived_at": pl.Int64,
        "picked_up_at": pl.Int64,
        "delivered_at": pl.Int64,
        "cancelled_at": pl.Int64,
        "offers": pl.Int64,
        "reassignments": pl.Int64,
        "bundle": pl.Int64,
    }
)
"""Columns of ``order_table`` before the durations; instants are epoch seconds."""


@dataclass(slots=True)
class _Story:
    """What has happened to one order so far."""

    order: Order
    ready_at: Instant
    status: str = UNDELIVERED
    reason: str = ""
    verdict: str = ""
    riders: list[RiderId] = field(default_factory=list)
    first_assigned_at: Instant | None = None
    assigned_at: Instant | None = None
    arrived_at: Instant | None = None
    picked_up_at: Instant | None = None
    delivered_at: Instant | None = None
    cancelled_at: Instant | None = None
    offers: int = 0
    bundle: int | None = None

    def give(self, rider_id: RiderId, at: Instant) -> None:
        """The order is this rider's from now on."""
        if self.riders[-1:] != [rider_id]:
            self.riders.append(rider_id)
            self.assigned_at = at
        if self.first_assigned_at is None:
            self.first_assigned_at = at


class _Stories:
    """All orders, and since when each rider has been where they are."""

    def __init__(self) -> None:
        self.orders: dict[OrderId, _Story] = {}
        self._there_since: dict[RiderId, Instant] = {}
        self._collected: dict[tuple[RiderId, Instant, str], list[_Story]] = {}
        self._first: dict[OrderId, OrderId] = {}

    def take(self, recorded: Recorded) -> None:
        """Note one event; most kinds do not matter here."""
        at = recorded.occurred_at
        match recorded.event:
            case OrderPlaced(order=order):
                self._place(order)
            case OfferMade(order_ids=order_ids):
                for order_id in order_ids:
                    self._story(order_id).offers += 1
            case OfferAccepted(order_ids=order_ids, rider_id=rider_id):
                for order_id in order_ids:
                    self._story(order_id).give(rider_id, at)
            case (
                OrderAssigned(order_id=order_id, rider_id=rider_id)
                | OrderReassigned(order_id=order_id, rider_id=rider_id)
            ):
                self._story(order_id).give(rider_id, at)
            case ArrivedAtStop(rider_id=rider_id) | ShiftStarted(rider_id=rider_id):
                self._there_since[rider_id] = at
            case OrderPickedUp(order_id=order_id, rider_id=rider_id):
                self._pick_up(self._story(order_id), rider_id, at)
            case _:
                self._note(recorded)

    def _place(self, order: Order) -> None:
        """Begin a story, or go on with that of the order whose food was lost and is made once more."""
        linked = order.linked_to
        if linked is not None and (first := self._first.get(linked, linked)) in self.orders:
            story = self.orders[first]
            if story.reason == LOST_WITH_RIDER:
                self._first[order.id] = first
                story.status, story.reason, story.ready_at = UNDELIVERED, "", order.ready_at
                return
        if order.dropoff is not None:
            self.orders[order.id] = _Story(order, order.ready_at)

    def _story(self, order_id: OrderId) -> _Story:
        return self.orders[self._first.get(order_id, order_id)]

    def _note(self, recorded: Recorded) -> None:
        """Changes of an order without a rider's doing, and its end."""
        order_id = getattr(recorded.event, "order_id", OrderId(""))
        if self._first.get(order_id, order_id) not in self.orders:
            return
        story = self._story(order_id)
        at = recorded.occurred_at
        match recorded.event:
            case OrderHeld(verdict=verdict):
                story.verdict = verdict
            case OrderReady():
                story.ready_at = at
            case ReadyTimeChanged(ready_at=ready_at) | OrderAccepted(ready_at=ready_at):
                story.ready_at = ready_at
            case OrderChanged(order=order):
                story.order = order
            case OrderLost():
                story.status, story.reason = UNDELIVERED, LOST_WITH_RIDER
            case OrderDelivered():
                story.status, story.delivered_at = DELIVERED, at
            case OrderCancelled(by=by, reason=reason):
                story.status, story.reason, story.cancelled_at = CANCELLED, f"{by}: {reason}", at
            case OrderRejected(reason=refusal):
                story.status, story.reason, story.cancelled_at = CANCELLED, f"merchant: {refusal}", at
            case _:
                pass

    def _pick_up(self, story: _Story, rider_id: RiderId, at: Instant) -> None:
        story.picked_up_at = at
        story.arrived_at = max(self._there_since.get(rider_id, at), story.assigned_at or 0)
        together = self._collected.setdefault((rider_id, at, story.order.merchant_id), [])
        together.append(story)
        for each in together:
            each.bundle = len(together)


def order_table(log: Iterable[Recorded]) -> pl.DataFrame:
    """One row for each order that is to be delivered, in the order of placing: SCHEMA and durations in seconds.

    ``status`` is delivered, cancelled or undelivered; an order whose food was lost and made once more is one order.
    ``reason``: who cancelled, and why. ``verdict``: what the plan
    last said while nobody went for it. ``ready_at`` is when the food was ready, or the last word on it.
    ``assigned_at``: when the rider who has it got it. ``arrived_at``: when that rider, having it, was at the merchant.
    ``bundle``: orders collected in the same stop. ``lateness_s`` is negative where the promise was more than kept.
    """
    stories = _Stories()
    for recorded in log:
        stories.take(recorded)
    rows = [_row(story) for story in stories.orders.values()]
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return table.with_columns(
        click_to_door_s=pl.col("delivered_at") - pl.col("placed_at"),
        ready_to_pickup_s=pl.col("picked_up_at") - pl.col("ready_at"),
        ready_to_door_s=pl.col("delivered_at") - pl.col("ready_at"),
        lateness_s=pl.col("delivered_at") - pl.col("promised_at"),
    )


def _row(story: _Story) -> Sequence[object]:
    order = story.order
    if order.dropoff is None:
        raise ValueError(f"order {order.id} lost its drop-off")
    return (
        order.id,
        order.merchant_id,
        story.status,
        story.reason,
        story.verdict,
        story.riders[-1] if story.riders else None,
        order.pickup.latitude,
        order.pickup.longitude,
        order.dropoff.latitude,
        order.dropoff.longitude,
        order.placed_at,
        story.ready_at,
        order.promised_at,
        story.first_assigned_at,
        story.assigned_at,
        story.arrived_at,
        story.picked_up_at,
        story.delivered_at,
        story.cancelled_at,
        story.offers,
        max(0, len(story.riders) - 1),
        story.bundle,
    )

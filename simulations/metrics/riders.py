"""The log told again rider by rider: what each spent the shift on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

import polars as pl

from dispatch.model.events import (
    ArrivedAtStop,
    DeliveryFailed,
    LegStarted,
    OfferAccepted,
    OrderAssigned,
    OrderDelivered,
    OrderPickedUp,
    OrderPlaced,
    OrderReassigned,
    OrderReturned,
    Recorded,
    ShiftEnded,
    ShiftStarted,
)
from dispatch.model.order import Handling, Order, OrderId
from dispatch.model.rider import RiderId
from dispatch.units import Instant

SHIFT: Final = "shift"
RIDING: Final = "riding"
HANDLING: Final = "handling"
WAITING: Final = "waiting"

SCHEMA: Final = pl.Schema(
    {"rider_id": pl.String, "kind": pl.String, "starts_at": pl.Int64, "ends_at": pl.Int64, "orders": pl.Int64}
)

_Done = OrderPickedUp | OrderDelivered | OrderReturned | DeliveryFailed


@dataclass(slots=True)
class _Rider:
    """Since when a rider has been at work, under way, and free where they stand."""

    shift_at: Instant | None = None
    leg_at: Instant | None = None
    free_at: Instant = 0


@dataclass(slots=True)
class _Diary:
    riders: dict[RiderId, _Rider] = field(default_factory=dict)
    orders: dict[OrderId, Order] = field(default_factory=dict)
    given_at: dict[tuple[RiderId, OrderId], Instant] = field(default_factory=dict)
    spans: list[tuple[RiderId, str, Instant, Instant, int]] = field(default_factory=list)

    def take(self, recorded: Recorded) -> None:
        """Note one event that is not the doing of a task."""
        at = recorded.occurred_at
        match recorded.event:
            case OrderPlaced(order=order):
                self.orders[order.id] = order
            case OfferAccepted(order_ids=order_ids, rider_id=rider_id):
                self.given_at.update({(rider_id, order_id): at for order_id in order_ids})
            case (
                OrderAssigned(order_id=order_id, rider_id=rider_id)
                | OrderReassigned(order_id=order_id, rider_id=rider_id)
            ):
                self.given_at[rider_id, order_id] = at
            case ShiftStarted(rider_id=rider_id):
                self.riders[rider_id] = _Rider(shift_at=at, free_at=at)
            case LegStarted(rider_id=rider_id):
                self.riders[rider_id].leg_at = at
            case ArrivedAtStop(rider_id=rider_id):
                self._arrive(rider_id, at)
            case ShiftEnded(rider_id=rider_id):
                self._go_home(rider_id, at)
            case _:
                pass

    def do(self, done: Sequence[_Done], at: Instant) -> None:
        """Note the tasks of one stop, done in one go: waiting, handling before it and handling after it."""
        rider_id, rider = done[0].rider_id, self.riders[done[0].rider_id]
        handling = [self._handling(event) for event in done]
        before_s = max(each.before_s for each in handling)
        after_s = max(each.after_s for each in handling)
        given_at = min(self.given_at.get((rider_id, event.order_id), at) for event in done)
        since = min(at, max(rider.free_at, given_at))
        hands_on_at = max(since, at - before_s)
        self._span(rider_id, WAITING, since, hands_on_at)
        self._span(rider_id, HANDLING, hands_on_at, at + after_s, len(done))
        rider.free_at = at + after_s

    def close(self, at: Instant) -> None:
        """End what is still going on at the end of the log."""
        for rider_id, rider in self.riders.items():
            if rider.leg_at is not None:
                self._arrive(rider_id, at)
            if rider.shift_at is not None:
                self._go_home(rider_id, at)

    def _handling(self, event: _Done) -> Handling:
        order = self.orders[event.order_id]
        at_merchant = isinstance(event, OrderPickedUp | OrderReturned)
        return order.pickup_handling if at_merchant else order.dropoff_handling

    def _arrive(self, rider_id: RiderId, at: Instant) -> None:
        rider = self.riders[rider_id]
        if rider.leg_at is not None:
            self._span(rider_id, RIDING, rider.leg_at, at)
        rider.leg_at, rider.free_at = None, max(rider.free_at, at)

    def _go_home(self, rider_id: RiderId, at: Instant) -> None:
        rider = self.riders[rider_id]
        if rider.shift_at is not None:
            self._span(rider_id, SHIFT, rider.shift_at, at)
        rider.shift_at = None

    def _span(self, rider_id: RiderId, kind: str, starts_at: Instant, ends_at: Instant, orders: int = 0) -> None:
        if ends_at > starts_at or orders:
            self.spans.append((rider_id, kind, starts_at, ends_at, orders))


def rider_spans(log: Iterable[Recorded]) -> pl.DataFrame:
    """What each rider did when: SCHEMA, one row for each span of time.

    ``kind`` is shift, riding (from setting out to arriving), handling (at a stop, before and after the pickup or
    drop-off) or waiting (at a stop, with the order given: for the food, or for the customer's window). ``orders``: how
    many were picked up, dropped off or returned in the span of handling. Instants are epoch seconds.
    """
    diary, last = _Diary(), 0
    for _, group in groupby(log, key=lambda recorded: recorded.command_id):
        entries = tuple(group)
        last = entries[-1].occurred_at
        done = [entry.event for entry in entries if isinstance(entry.event, _Done)]
        if done:
            diary.do(done, last)
        for entry in entries:
            diary.take(entry)
    diary.close(last)
    return pl.DataFrame(diary.spans, schema=SCHEMA, orient="row")

"""How good words on arrivals were: error and calibration, by how far ahead they were given."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.engine.eta import AHEAD_S
from dispatch.model.events import EtaChanged, OrderDelivered, Recorded
from dispatch.model.order import OrderId
from dispatch.units import Instant, Seconds


@dataclass(slots=True)
class Accuracy:
    """Words given less than ``ahead_s`` before the time they named (None: farther than all others).

    inside: orders that came between the early and the late time, of which there should be 80 in a hundred. late_said:
    the sum of how likely lateness was said to be, in percent; late: how many were late in the end.
    """

    ahead_s: Seconds | None
    count: int = 0
    error_s: int = 0
    bias_s: int = 0
    inside: int = 0
    late_said: int = 0
    late: int = 0


def accuracy(log: Iterable[Recorded], promised: dict[OrderId, Instant]) -> list[Accuracy]:
    """One row for each span of time ahead. promised: of the orders; others count as not late."""
    found = [Accuracy(ahead_s) for ahead_s in (*AHEAD_S, None)]
    said: dict[OrderId, list[tuple[Instant, EtaChanged]]] = {}
    for recorded in log:
        match recorded.event:
            case EtaChanged() as event:
                said.setdefault(event.order_id, []).append((recorded.occurred_at, event))
            case OrderDelivered(order_id=order_id):
                at = recorded.occurred_at
                for said_at, event in said.pop(order_id, ()):
                    _count(found[bisect_right(AHEAD_S, event.dropoff_at - said_at)], event, at, promised.get(order_id))
            case _:
                pass
    return found


def _count(row: Accuracy, event: EtaChanged, at: Instant, promised_at: Instant | None) -> None:
    row.count += 1
    row.error_s += abs(at - event.dropoff_at)
    row.bias_s += at - event.dropoff_at
    row.inside += event.early_at <= at <= event.late_at
    row.late_said += event.late_percent
    row.late += promised_at is not None and at > promised_at

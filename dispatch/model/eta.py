"""When an order is expected, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from dispatch.model.order import OrderId
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Eta:
    """When an order is expected at its customer: as likely earlier as later; ``early_at`` and ``late_at`` with 10 %.

    pickup_at: when a rider is expected to pick it up; None once that is done, and while nobody is planned for it.
    late_percent: how likely it comes after its promise.
    """

    order_id: OrderId
    dropoff_at: Instant
    early_at: Instant
    late_at: Instant
    late_percent: int
    pickup_at: Instant | None = None


class EtaState(NamedTuple):
    """The last word on when an order comes; ``made_at``: from when it is. version: how many events changed it."""

    order_id: OrderId
    dropoff_at: Instant
    early_at: Instant
    late_at: Instant
    late_percent: int
    pickup_at: Instant | None
    made_at: Instant
    open: bool = True
    version: int = 1

"""What is said about when orders come."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.model.order import OrderId
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaChanged:
    """An order is expected at another time than was said before; the fields are those of ``dispatch.model.eta.Eta``."""

    order_id: OrderId
    dropoff_at: Instant
    early_at: Instant
    late_at: Instant
    late_percent: int
    pickup_at: Instant | None = None

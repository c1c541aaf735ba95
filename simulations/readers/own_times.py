"""Are the instants of an input of one time? One far from the rest would have a run tick through years of nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from statistics import median_low
from typing import Final

from dispatch.model.order import Order
from dispatch.model.rider import Shift
from dispatch.units import DAY_S, Instant
from simulations.readers.row import Row

FAR_DAYS: Final = 31
"""An instant farther than this from the middle one is an error."""


def check_instants(entities: Sequence[tuple[Row, Order | Shift]]) -> None:
    """Note the instants of orders and shifts that are far from when most orders are placed and most shifts start."""
    if not entities:
        return
    middle = median_low(next(_instants(entity))[1] for _, entity in entities)
    for row, entity in entities:
        for name, at in _instants(entity):
            days = abs(at - middle) // DAY_S
            if days >= FAR_DAYS:
                day = datetime.fromtimestamp(middle, UTC).date()
                row.note("far_in_time", name, f"{name} is {days} days from {day}, about when the rest is")


def _instants(entity: Order | Shift) -> Iterator[tuple[str, Instant]]:
    """Name and instant; first when the order is placed or the shift starts."""
    if isinstance(entity, Shift):
        yield from (("starts_at", entity.starts_at), ("ends_at", entity.ends_at))
        return
    yield from (("placed_at", entity.placed_at), ("ready_at", entity.ready_at), ("promised_at", entity.promised_at))
    if entity.not_before_at is not None:
        yield "not_before_at", entity.not_before_at

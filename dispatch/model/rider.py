"""Who carries, when they work, and what they have been asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from dispatch.model.order import MarketId, OrderId, Vehicle, ZoneId
from dispatch.model.place import Place
from dispatch.units import Instant

RiderId = NewType("RiderId", str)
ShiftId = NewType("ShiftId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rider:
    """Who carries. ``zones`` empty means the whole market.

    ``capacity`` is the sum of order sizes that fits on board.
    """

    id: RiderId
    market_id: MarketId
    vehicle: Vehicle = Vehicle.MOTORCYCLE
    capacity: int = 3
    zones: frozenset[ZoneId] = frozenset()
    name: str = ""

    def __post_init__(self) -> None:
        if self.capacity < 1:
            raise ValueError(f"rider {self.id} has capacity {self.capacity}; it must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A working interval [starts_at, ends_at) of one rider, and where it begins."""

    id: ShiftId
    rider_id: RiderId
    starts_at: Instant
    ends_at: Instant
    start: Place

    def __post_init__(self) -> None:
        if self.ends_at <= self.starts_at:
            raise ValueError(f"shift {self.id} ends at {self.ends_at}, not after its start {self.starts_at}")


class TaskKind(StrEnum):
    """What is done at a stop."""

    PICKUP = "pickup"
    DROPOFF = "dropoff"
    RETURN = "return"
    """Bring the food back to its merchant."""


@dataclass(frozen=True, slots=True)
class Task:
    """Pick up, drop off or return one order."""

    order_id: OrderId
    kind: TaskKind


@dataclass(frozen=True, slots=True)
class Stop:
    """A place with one or more tasks: all pickups at one merchant in a row, or one drop-off."""

    place: Place
    tasks: tuple[Task, ...]

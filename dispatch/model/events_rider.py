"""What riders do: shifts, pauses, positions, legs and stops."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.model.place import Place, Position
from dispatch.model.reasons import ProblemKind
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId, Task
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderRegistered:
    """A rider is known, or known anew with other data."""

    rider: Rider


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPlanned:
    """A rider is going to work; the same shift id again replaces the plan."""

    shift: Shift


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftStarted:
    """The rider is at work, at ``place``."""

    rider_id: RiderId
    shift_id: ShiftId
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftEnded:
    """The rider went home, with nothing on board."""

    rider_id: RiderId
    shift_id: ShiftId


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionReported:
    """Where the rider was seen."""

    rider_id: RiderId
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderPaused:
    """No new orders for the rider; ``until`` None means until resumed."""

    rider_id: RiderId
    until: Instant | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderResumed:
    """The rider takes orders again."""

    rider_id: RiderId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemReported:
    """The rider reports trouble."""

    rider_id: RiderId
    kind: ProblemKind
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderLost:
    """Nothing is heard from the rider any more, since ``seen_at``; any sign of life ends this."""

    rider_id: RiderId
    seen_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutePlanned:
    """The sequence of all tasks the rider still has; ``depart_at``: do not leave for the first of them earlier."""

    rider_id: RiderId
    tasks: tuple[Task, ...]
    depart_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegStarted:
    """The rider set out; ``arrives_at`` is the estimate at that moment."""

    rider_id: RiderId
    origin: Place
    destination: Place
    arrives_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedAtStop:
    """The rider is there."""

    rider_id: RiderId
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderSentAhead:
    """A rider without tasks is asked to wait at ``place``, where an order is expected."""

    rider_id: RiderId
    place: Place


PresenceEvent = (
    RiderRegistered
    | ShiftPlanned
    | ShiftStarted
    | ShiftEnded
    | PositionReported
    | RiderPaused
    | RiderResumed
    | ProblemReported
    | RiderLost
)
"""Whether and where a rider is at work."""

MovementEvent = RoutePlanned | LegStarted | ArrivedAtStop | RiderSentAhead
"""How a rider goes through the tasks."""

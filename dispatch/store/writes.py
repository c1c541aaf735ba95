"""What a caller hands to the store to be written, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dispatch.model.actor import Actor
from dispatch.model.codec import Json
from dispatch.model.events import Event, Recorded
from dispatch.model.order import MarketId
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something to be sent once the events are written. Of messages with the same ``name`` only the first is kept."""

    topic: str
    payload: Json
    due_at: Instant
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Something to be done at ``due_at``. Setting a timer of the same ``name`` again replaces it."""

    name: str
    kind: str
    due_at: Instant
    payload: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerClaim:
    """A timer that is due, in the hands of one worker.

    ``command_id`` names this firing: append what follows from it under this id, with ``fired`` set to the claim.
    """

    market_id: MarketId
    name: str
    kind: str
    due_at: Instant
    payload: Json
    generation: int
    attempts: int

    @property
    def command_id(self) -> str:
        """The id of the command by which this firing takes effect, the same whoever carries it out."""
        return f"timer:{self.name}:{self.generation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """One command's effect: written together or not at all.

    expected_seq: the market's last event as the caller knows it; None where there are no events. fence: the caller's
    fencing token, if it writes under a lease. outcome, fingerprint: what was answered and to what, remembered under the
    command id (a refusal is an outcome without events). fired: the timer that this command carries out.
    """

    market_id: MarketId
    events: Sequence[Event] = ()
    expected_seq: int | None = None
    occurred_at: Instant
    recorded_at: Instant
    actor: Actor
    command_id: str
    fence: int | None = None
    outcome: Json = None
    fingerprint: str = ""
    messages: Sequence[Message] = ()
    timers: Sequence[Timer] = ()
    cancelled_timers: Sequence[str] = ()
    fired: TimerClaim | None = None

    @property
    def is_remembered(self) -> bool:
        """Whether the command id is kept: there are events, or an outcome to give again."""
        return bool(self.events) or self.outcome is not None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was answered to a command; ``events`` are those it led to."""

    command_id: str
    fingerprint: str
    outcome: Json
    events: tuple[Recorded, ...]
    recorded_at: Instant


Row = Mapping[str, object]
"""Values of one row by column."""

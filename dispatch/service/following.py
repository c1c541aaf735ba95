"""What follows from events besides the state, and the shape of the functions that find it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dispatch.model.events import Event
from dispatch.model.state import MarketState
from dispatch.store.writes import Message, Timer
from dispatch.units import Instant


@dataclass(slots=True)
class FollowUps:
    """Gathers what follows from the events of one command."""

    messages: list[Message] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)


Follow = Callable[[FollowUps, Event, MarketState, Instant], None]

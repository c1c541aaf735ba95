"""Who did something: every event names its actor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """The parties who can act on a market."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"
    RIDER = "rider"
    DISPATCHER = "dispatcher"
    SUPPORT = "support"
    """Customer service."""
    SALES = "sales"
    """Staff who make orders from chats and livestreams."""
    OPERATIONS = "operations"
    PLATFORM = "platform"
    """Another system, by API key or webhook."""
    SYSTEM = "system"
    """The dispatch loop, timers and other parts of this program."""


@dataclass(frozen=True, slots=True)
class Actor:
    """One of the parties; ``id`` is empty where the kind alone is known."""

    kind: ActorKind
    id: str = ""


SYSTEM_ACTOR = Actor(ActorKind.SYSTEM, "dispatch")
"""The program itself."""

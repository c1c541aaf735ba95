"""What every way out is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from dispatch.notify.rendering import Rendered
from dispatch.units import Seconds


class Result(StrEnum):
    """What came of one attempt."""

    SENT = "sent"
    """The provider has taken it."""
    AGAIN = "again"
    """The provider could not be reached, or is not willing now."""
    REFUSED = "refused"
    """This message will never go out this way."""
    GONE = "gone"
    """The address is no more: a device without permission, a subscription that has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A browser that takes web push: where its service is reached, and the keys it reads with (base64url)."""

    endpoint: str
    key: str
    auth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message on its way. id: the same at every attempt. to: a phone number, an address, or "" for a device.

    keep_s: so long a provider that cannot deliver at once may keep it.
    """

    id: str
    to: str
    words: Rendered
    device: Device | None = None
    link: str = ""
    ack: str = ""
    urgent: bool = False
    keep_s: Seconds = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a provider answered; ``provider_id`` is its own name for the message."""

    result: Result
    provider_id: str = ""
    error: str = ""


class Way(Protocol):
    """One channel's way out."""

    async def send(self, message: Outgoing) -> Outcome:
        """Make one attempt; never raises for what the other side does."""
        ...

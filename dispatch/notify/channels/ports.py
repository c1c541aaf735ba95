"""What every way out is given, and what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import httpx

from dispatch.model.codec import Json
from dispatch.notify.rendering import Rendered
from dispatch.units import Instant, Seconds


class Result(StrEnum):
    """What came of one attempt."""

    SENT = "sent"
    """The provider has taken it."""
    DELIVERED = "delivered"
    """It is where it was to go: the person's own system has taken it."""
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
class System:
    """A person's own system, at the address that a message goes to.

    secrets: what its messages are signed with, the newest first. occasion, told_at, facts: what it reads besides words.
    """

    secrets: Sequence[str] = field(repr=False)
    occasion: str
    told_at: Instant
    facts: Mapping[str, Json]


class Located(Protocol):
    """Where a host was found: ``url`` has the address in place of the name, which ``host`` and ``name`` still tell."""

    @property
    def url(self) -> httpx.URL:
        """To connect to."""
        ...

    @property
    def host(self) -> str:
        """For the header."""
        ...

    @property
    def name(self) -> str:
        """For the certificate."""
        ...


Locate = Callable[[str], Awaitable[Located]]
"""Finds a host, and raises DispatchError for one that must not be reached: browsers and people name the addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message on its way. id: the same at every attempt. to: a phone number, an address, or "" for a device.

    keep_s: so long a provider that cannot deliver at once may keep it.
    """

    id: str
    to: str
    words: Rendered
    device: Device | None = None
    system: System | None = None
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

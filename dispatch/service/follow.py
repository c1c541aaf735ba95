"""What follows from events besides the state: timers to set, messages to send. Written in the same transaction.

To add something: write a function like ``offer_timers``, and name it in ``FOLLOW``. It sees the market as it is after
the events, and must change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from dispatch.model.events import Event, OfferAccepted, OfferDeclined, OfferMade, OfferWithdrawn
from dispatch.model.state import MarketState
from dispatch.store.writes import Message, Timer
from dispatch.units import Instant

OFFER_EXPIRES: Final = "offer_expires"


@dataclass(slots=True)
class FollowUps:
    """Gathers what follows from the events of one command."""

    messages: list[Message] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)


Follow = Callable[[FollowUps, Event, MarketState, Instant], None]


def offer_timers(found: FollowUps, event: Event, _: MarketState, __: Instant) -> None:
    """An offer runs out when nobody answers it."""
    match event:
        case OfferMade():
            # The last second is the rider's.
            due_at = event.expires_at + 1
            found.timers.append(Timer(name=f"offer:{event.offer_id}", kind=OFFER_EXPIRES, due_at=due_at))
        case OfferAccepted() | OfferDeclined() | OfferWithdrawn():
            found.cancelled.append(f"offer:{event.offer_id}")


FOLLOW: Final[tuple[Follow, ...]] = (offer_timers,)
"""All that may follow, in this order."""


def follow_ups(
    events: Sequence[Event], state: MarketState, now: Instant, follow: Sequence[Follow] = FOLLOW
) -> FollowUps:
    """What follows from the events of one command; ``state`` is the market after them."""
    found = FollowUps()
    for event in events:
        for one in follow:
            one(found, event, state, now)
    set_anew = {timer.name for timer in found.timers}
    found.cancelled = [name for name in found.cancelled if name not in set_anew]
    return found

"""What follows from events besides the state: timers to set, messages to send. Written in the same transaction.

To add something: write a function like ``offer_timers``, and name it in ``FOLLOW``. It sees the market as it is after
the events, and must change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dispatch.model.actor import SYSTEM_ACTOR
from dispatch.model.codec import Json, encode
from dispatch.model.commands import MakeOverride
from dispatch.model.events import Event, OfferAccepted, OfferDeclined, OfferMade, OfferWithdrawn, OverrideRecorded
from dispatch.model.override import Override, OverrideKind, OverrideReason
from dispatch.model.state import MarketState
from dispatch.service.follow_care import CARE_FOLLOW
from dispatch.service.follow_money import MONEY_FOLLOW
from dispatch.service.following import Follow, FollowUps
from dispatch.store.writes import Timer
from dispatch.units import Instant

OFFER_EXPIRES: Final = "offer_expires"
OVERRIDE_ENDS: Final = "override_ends"


def offer_timers(found: FollowUps, event: Event, _: MarketState, __: Instant) -> None:
    """An offer runs out when nobody answers it."""
    match event:
        case OfferMade():
            # The last second is the rider's.
            due_at = event.expires_at + 1
            found.timers.append(Timer(name=f"offer:{event.offer_id}", kind=OFFER_EXPIRES, due_at=due_at))
        case OfferAccepted() | OfferDeclined() | OfferWithdrawn():
            found.cancelled.append(f"offer:{event.offer_id}")


_LAST: Final = (
    OverrideKind.BAR,
    OverrideKind.UNBAR,
    OverrideKind.UNASSIGN,
    OverrideKind.SPLIT,
    OverrideKind.PRIORITISE,
)
"""Overrides that are over at their time only if somebody says so; pins, holds and pauses end by themselves."""


def override_timers(found: FollowUps, event: Event, state: MarketState, _: Instant) -> None:
    """What was for a limited time is taken back when it is over, unless somebody has decided anew by then."""
    if not isinstance(event, OverrideRecorded):
        return
    override = event.override
    about = override if override.undoes is None else state.overrides[override.undoes]
    if about.kind not in _LAST:
        return
    name = _about(about)
    if override.until is None or override.undoes is not None:
        found.cancelled.append(name)
    else:
        found.timers.append(Timer(name=name, kind=OVERRIDE_ENDS, due_at=override.until, payload=_ending(override)))


def _about(override: Override) -> str:
    if override.kind is OverrideKind.PRIORITISE:
        return f"override:priority:{override.order_id}"
    return f"override:bar:{override.order_id or override.merchant_id}:{override.rider_id}"


def _ending(override: Override) -> dict[str, Json]:
    """The override that ends this one, as the timer keeps it."""
    priority = None
    kind = OverrideKind.BAR if override.kind is OverrideKind.UNBAR else OverrideKind.UNBAR
    if override.kind is OverrideKind.PRIORITISE:
        kind, priority = override.kind, 0 if override.earlier is None else override.earlier.priority
    ending = MakeOverride(
        kind=kind,
        order_id=override.order_id,
        merchant_id=override.merchant_id,
        rider_id=override.rider_id,
        priority=priority,
        reason=OverrideReason.EXPIRED,
        text=f"The time of {override.id} is over.",
        by=SYSTEM_ACTOR.id,
    )
    return encode(ending)


FOLLOW: Final[tuple[Follow, ...]] = (offer_timers, override_timers, *CARE_FOLLOW, *MONEY_FOLLOW)
"""All that may follow, in this order."""


def follow_ups(
    events: Sequence[Event], state: MarketState, now: Instant, follow: Sequence[Follow] = FOLLOW
) -> FollowUps:
    """What follows from the events of one command; ``state`` is the market after them."""
    found = FollowUps()
    for event in events:
        for one in follow:
            one(found, event, state, now)
    # Of timers of one name the last one counts; a timer set anew by the same command is not cancelled.
    found.timers = list({timer.name: timer for timer in found.timers}.values())
    set_anew = {timer.name for timer in found.timers}
    found.cancelled = [name for name in dict.fromkeys(found.cancelled) if name not in set_anew]
    return found

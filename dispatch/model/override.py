"""A person's decision that the optimizer must follow; recorded for good, never edited or deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from dispatch.model.order import MerchantId, OrderId
from dispatch.model.rider import RiderId
from dispatch.units import Cost, Instant

OverrideId = NewType("OverrideId", str)


class OverrideKind(StrEnum):
    """What a person can decide over the optimizer's head."""

    ASSIGN = "assign"
    REASSIGN = "reassign"
    UNASSIGN = "unassign"
    PIN = "pin"
    """Keep the order with its rider, or for the rider named."""
    UNPIN = "unpin"
    HOLD = "hold"
    """Nobody goes for the order yet."""
    RELEASE = "release"
    BAR = "bar"
    """A rider must not carry an order, or any order of a merchant."""
    UNBAR = "unbar"
    PRIORITISE = "prioritise"
    PAUSE_RIDER = "pause_rider"
    RESUME_RIDER = "resume_rider"
    SPLIT = "split"
    """An order leaves those that its rider has together; another rider gets it."""
    UNDO = "undo"
    """An earlier override is taken back; what has been recorded stays."""


class OverrideReason(StrEnum):
    """Why a person decided so."""

    URGENT_ORDER = "urgent_order"
    RIDER_ACCIDENT = "rider_accident"
    RIDER_REQUEST = "rider_request"
    MERCHANT_REQUEST = "merchant_request"
    CUSTOMER_REQUEST = "customer_request"
    WRONG_ASSIGNMENT = "wrong_assignment"
    BUNDLING = "bundling"
    WEATHER = "weather"
    ROAD_CLOSED = "road_closed"
    TRAINING = "training"
    MISTAKE = "mistake"
    """The decision that this one takes back was wrong."""
    EXPIRED = "expired"
    """An override was for a limited time, and the time is over."""
    OTHER = "other"


NEEDS: Final[Mapping[OverrideKind, tuple[str, ...]]] = {
    OverrideKind.ASSIGN: ("order_id", "rider_id"),
    OverrideKind.REASSIGN: ("order_id", "rider_id"),
    OverrideKind.UNASSIGN: ("order_id",),
    OverrideKind.PIN: ("order_id",),
    OverrideKind.UNPIN: ("order_id",),
    OverrideKind.HOLD: ("order_id",),
    OverrideKind.RELEASE: ("order_id",),
    OverrideKind.BAR: ("rider_id",),
    OverrideKind.UNBAR: ("rider_id",),
    OverrideKind.PRIORITISE: ("order_id", "priority"),
    OverrideKind.PAUSE_RIDER: ("rider_id",),
    OverrideKind.RESUME_RIDER: ("rider_id",),
    OverrideKind.SPLIT: ("order_id",),
    OverrideKind.UNDO: ("undoes",),
}
"""The fields each kind cannot do without; BAR and UNBAR need one of order_id and merchant_id besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What an override is about as it was before: whoever undoes it goes back to this.

    rider_id: who had the order. barred: whether the rider named was barred from the order (or merchant) named.
    paused_until: of the rider named.
    """

    rider_id: RiderId | None = None
    pinned_to: RiderId | None = None
    pinned_until: Instant | None = None
    held_until: Instant | None = None
    priority: int = 0
    barred: bool = False
    paused_until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One decision of a person, with what it changed and what the optimizer would have done.

    ``until`` None means until somebody takes it back. ``before`` and ``after`` describe what it changed, in words.
    ``preferred_rider_id`` is the optimizer's rider, ``cost_difference`` how much dearer the person's choice is (None:
    not known). ``undoes``: the override that this one takes back; ``earlier``: what taking this one back restores.
    Raises ValueError on a blank text.
    """

    id: OverrideId
    kind: OverrideKind
    order_id: OrderId | None = None
    rider_id: RiderId | None = None
    merchant_id: MerchantId | None = None
    priority: int | None = None
    until: Instant | None = None
    reason: OverrideReason
    text: str
    by: str
    made_at: Instant
    before: str = ""
    after: str = ""
    preferred_rider_id: RiderId | None = None
    cost_difference: Cost | None = None
    undoes: OverrideId | None = None
    earlier: Earlier | None = None

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError(f"override {self.id} has no text saying why")

"""All that can happen in a market: the union of the events, and the envelope in which each is recorded.

Events are facts in the past tense. A new requirement adds a class, or a field with a default to an existing one; the
envelope stays as it is. ``docs/events.md`` says which event serves which requirement.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias, get_args

from dispatch.errors import InvalidInputError, Issue
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.codec import Json, decode, encode
from dispatch.model.events_case import (
    CaseClosed,
    CaseEscalated,
    CaseEvent,
    CaseId,
    CaseOpened,
    CaseStepTaken,
    CaseTaken,
)
from dispatch.model.events_dispatch import (
    AssignmentEvent,
    OfferAccepted,
    OfferDeclined,
    OfferEvent,
    OfferExpired,
    OfferId,
    OfferMade,
    OfferWithdrawn,
    OrderAssigned,
    OrderHeld,
    OrderReassigned,
    OrderReleased,
    OrderUnassigned,
)
from dispatch.model.events_eta import EtaChanged
from dispatch.model.events_market import (
    ClosureDeclared,
    ClosureEnded,
    ClosureId,
    MarketEvent,
    MerchantRegistered,
    OverrideRecorded,
    PolicyChanged,
    TickDecided,
)
from dispatch.model.events_money import (
    AppealDecided,
    CouponGranted,
    DisputeEnded,
    MoneyEvent,
    PaymentDisputed,
    PaymentFailed,
    PaymentReceived,
    PaymentTakenBack,
    PaymentUnmatched,
    PenaltyAppealed,
    PenaltyEvent,
    PenaltyGiven,
    PenaltyId,
    PenaltyKind,
    RefundFailed,
    RefundGranted,
    RefundSettled,
    TransferClaimed,
    TransferRefused,
)
from dispatch.model.events_order import (
    CustodyEvent,
    CustomerMessaged,
    DeliveryCorrected,
    DeliveryFailed,
    KitchenEvent,
    MerchantReminded,
    OrderAccepted,
    OrderCancelled,
    OrderChanged,
    OrderCollected,
    OrderDelivered,
    OrderHandedOver,
    OrderLost,
    OrderPickedUp,
    OrderPlaced,
    OrderRated,
    OrderReady,
    OrderRedirected,
    OrderRejected,
    OrderReturned,
    PickupCorrected,
    PreparationStarted,
    Proof,
    ProofKind,
    ReadyTimeChanged,
)
from dispatch.model.events_rider import (
    ArrivedAtStop,
    LegStarted,
    MovementEvent,
    PositionReported,
    PresenceEvent,
    ProblemReported,
    RiderLost,
    RiderPaused,
    RiderRegistered,
    RiderResumed,
    RiderSentAhead,
    RoutePlanned,
    ShiftEnded,
    ShiftPlanned,
    ShiftStarted,
)
from dispatch.model.order import MarketId
from dispatch.units import Instant

Event: TypeAlias = (
    KitchenEvent
    | CustodyEvent
    | OfferEvent
    | AssignmentEvent
    | PresenceEvent
    | MovementEvent
    | MarketEvent
    | CaseEvent
    | MoneyEvent
    | PenaltyEvent
    | EtaChanged
)
"""Everything that can happen."""

EVENT_TYPES: Final[Mapping[str, type[Event]]] = {kind.__name__: kind for kind in get_args(Event)}
"""Every event class by the name under which it is stored."""


class Recorded(NamedTuple):
    """One event as it stands in a market's log.

    seq: its place in the log of the market, from 1 without gaps. stream, version: the entity it concerns ("order:o1")
    and its place among that entity's events, from 1. occurred_at: when it happened; recorded_at: when it was written
    down. actor: who made it happen, with the command ``command_id``.
    """

    seq: int
    market_id: MarketId
    stream: str
    version: int
    occurred_at: Instant
    recorded_at: Instant
    actor: Actor
    command_id: str
    event: Event


_BY_ORDER = ("order:", attrgetter("order_id"))
_BY_RIDER = ("rider:", attrgetter("rider_id"))
_BY_CASE = ("case:", attrgetter("case_id"))

_STREAMS: Final[Mapping[type[Event], tuple[str, attrgetter[str]]]] = {
    OrderPlaced: ("order:", attrgetter("order.id")),
    **dict.fromkeys(get_args(KitchenEvent)[1:], _BY_ORDER),
    **dict.fromkeys(get_args(CustodyEvent), _BY_ORDER),
    **dict.fromkeys(get_args(AssignmentEvent), _BY_ORDER),
    **dict.fromkeys(get_args(OfferEvent), _BY_RIDER),
    **dict.fromkeys(get_args(PresenceEvent), _BY_RIDER),
    **dict.fromkeys(get_args(MovementEvent), _BY_RIDER),
    RiderRegistered: ("rider:", attrgetter("rider.id")),
    ShiftPlanned: ("rider:", attrgetter("shift.rider_id")),
    MerchantRegistered: ("merchant:", attrgetter("merchant.id")),
    **dict.fromkeys(get_args(CaseEvent), _BY_CASE),
    **dict.fromkeys(get_args(MoneyEvent), _BY_ORDER),
    EtaChanged: _BY_ORDER,
    **dict.fromkeys(get_args(PenaltyEvent), _BY_RIDER),
}


def stream_of(event: Event, market_id: MarketId) -> str:
    """The stream an event belongs to, such as "order:o1"; what concerns no single entity goes to "market:<id>"."""
    found = _STREAMS.get(type(event))
    if found is None:
        return f"market:{market_id}"
    prefix, entity_id = found
    return prefix + entity_id(event)


def to_dict(event: Event) -> dict[str, Json]:
    """An event as a JSON object: its fields, and its name as "type"."""
    return {"type": type(event).__name__, **encode(event)}


def from_dict(data: Mapping[str, Json]) -> Event:
    """An event from what ``to_dict`` gave. Raises InvalidInputError, with all issues, for anything else."""
    name = data.get("type")
    kind = EVENT_TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        cause = f"{name!r} is no type of event of this version"
        action = "Use a version that knows it: a newer one may have written it."
        raise InvalidInputError("event", [Issue("event_unknown", cause, action, field="type")])
    return decode(kind, {key: value for key, value in data.items() if key != "type"}, f"event {name}")


__all__ = [
    "EVENT_TYPES",
    "Actor",
    "ActorKind",
    "AppealDecided",
    "ArrivedAtStop",
    "AssignmentEvent",
    "CaseClosed",
    "CaseEscalated",
    "CaseEvent",
    "CaseId",
    "CaseOpened",
    "CaseStepTaken",
    "CaseTaken",
    "ClosureDeclared",
    "ClosureEnded",
    "ClosureId",
    "CouponGranted",
    "CustodyEvent",
    "CustomerMessaged",
    "DeliveryCorrected",
    "DeliveryFailed",
    "DisputeEnded",
    "EtaChanged",
    "Event",
    "KitchenEvent",
    "LegStarted",
    "MarketEvent",
    "MerchantRegistered",
    "MerchantReminded",
    "MoneyEvent",
    "MovementEvent",
    "OfferAccepted",
    "OfferDeclined",
    "OfferEvent",
    "OfferExpired",
    "OfferId",
    "OfferMade",
    "OfferWithdrawn",
    "OrderAccepted",
    "OrderAssigned",
    "OrderCancelled",
    "OrderChanged",
    "OrderCollected",
    "OrderDelivered",
    "OrderHandedOver",
    "OrderHeld",
    "OrderLost",
    "OrderPickedUp",
    "OrderPlaced",
    "OrderRated",
    "OrderReady",
    "OrderReassigned",
    "OrderRedirected",
    "OrderRejected",
    "OrderReleased",
    "OrderReturned",
    "OrderUnassigned",
    "OverrideRecorded",
    "PaymentDisputed",
    "PaymentFailed",
    "PaymentReceived",
    "PaymentTakenBack",
    "PaymentUnmatched",
    "PenaltyAppealed",
    "PenaltyEvent",
    "PenaltyGiven",
    "PenaltyId",
    "PenaltyKind",
    "PickupCorrected",
    "PolicyChanged",
    "PositionReported",
    "PreparationStarted",
    "PresenceEvent",
    "ProblemReported",
    "Proof",
    "ProofKind",
    "ReadyTimeChanged",
    "Recorded",
    "RefundFailed",
    "RefundGranted",
    "RefundSettled",
    "RiderLost",
    "RiderPaused",
    "RiderRegistered",
    "RiderResumed",
    "RiderSentAhead",
    "RoutePlanned",
    "ShiftEnded",
    "ShiftPlanned",
    "ShiftStarted",
    "TickDecided",
    "TransferClaimed",
    "TransferRefused",
    "from_dict",
    "stream_of",
    "to_dict",
]

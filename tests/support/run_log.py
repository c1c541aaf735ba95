"""A log written by hand, whose figures can be worked out on paper."""

from __future__ import annotations

from itertools import groupby

from dispatch.model.actor import SYSTEM_ACTOR, ActorKind
from dispatch.model.events import (
    ArrivedAtStop,
    Event,
    LegStarted,
    OfferAccepted,
    OfferId,
    OfferMade,
    OrderAssigned,
    OrderCancelled,
    OrderDelivered,
    OrderHeld,
    OrderPickedUp,
    OrderPlaced,
    OrderReady,
    OrderUnassigned,
    Recorded,
    ShiftEnded,
    ShiftStarted,
    TickDecided,
    stream_of,
)
from dispatch.model.order import Handling, OrderId
from dispatch.model.place import Place
from dispatch.model.reasons import CancelReason, UnassignReason
from dispatch.model.rider import RiderId, ShiftId
from dispatch.units import Instant
from tests.support.builders import CORNER, DOOR, KITCHEN, MARKET, NOON, an_order

R1, R2 = RiderId("r1"), RiderId("r2")
O1, O2, O3, O4 = (OrderId(name) for name in ("o1", "o2", "o3", "o4"))
AT_KITCHEN = Handling(before_s=60, after_s=30)
AT_DOOR = Handling(after_s=60)
OFFER = OfferId("f1")
NEIGHBOUR = Place(DOOR.latitude + 0.01, DOOR.longitude)

ORDERS = tuple(
    an_order(
        order_id,
        placed_at=NOON + placed_s,
        ready_at=NOON + ready_s,
        promised_at=NOON + promised_s,
        dropoff=door,
        pickup_handling=AT_KITCHEN,
        dropoff_handling=AT_DOOR,
    )
    for order_id, placed_s, ready_s, promised_s, door in (
        (O1, 0, 600, 2400, DOOR),
        (O2, 60, 660, 1800, NEIGHBOUR),
        (O3, 100, 700, 2500, DOOR),
        (O4, 200, 800, 2600, NEIGHBOUR),
    )
)


def _leg(origin: Place, destination: Place, arrives_s: int) -> LegStarted:
    return LegStarted(rider_id=R1, origin=origin, destination=destination, arrives_at=NOON + arrives_s)


STORY: tuple[tuple[int, Event], ...] = (
    (0, ShiftStarted(rider_id=R1, shift_id=ShiftId("s1"), place=CORNER)),
    (0, ShiftStarted(rider_id=R2, shift_id=ShiftId("s2"), place=CORNER)),
    *((order.placed_at - NOON, OrderPlaced(order=order)) for order in ORDERS),
    (300, OfferMade(offer_id=OFFER, order_ids=(O1, O2), rider_id=R2, expires_at=NOON + 360, tasks=())),
    (310, OfferAccepted(offer_id=OFFER, order_ids=(O1, O2), rider_id=R2)),
    (360, TickDecided(tick=1)),
    (360, OrderUnassigned(order_id=O1, rider_id=R2, reason=UnassignReason.BETTER_RIDER)),
    (360, OrderUnassigned(order_id=O2, rider_id=R2, reason=UnassignReason.BETTER_RIDER)),
    (360, OrderAssigned(order_id=O1, rider_id=R1)),
    (360, OrderAssigned(order_id=O2, rider_id=R1)),
    (360, OrderHeld(order_id=O4, verdict="not_yet")),
    (400, _leg(CORNER, KITCHEN, 500)),
    (500, ArrivedAtStop(rider_id=R1, place=KITCHEN)),
    (600, OrderReady(order_id=O1)),
    (700, OrderReady(order_id=O2)),
    # One stop: both are picked up by one command.
    (700, OrderPickedUp(order_id=O1, rider_id=R1)),
    (700, OrderPickedUp(order_id=O2, rider_id=R1)),
    (730, _leg(KITCHEN, DOOR, 1000)),
    (1000, ArrivedAtStop(rider_id=R1, place=DOOR)),
    (1000, OrderDelivered(order_id=O1, rider_id=R1)),
    (1060, _leg(DOOR, NEIGHBOUR, 1900)),
    (1900, ArrivedAtStop(rider_id=R1, place=NEIGHBOUR)),
    (1900, OrderDelivered(order_id=O2, rider_id=R1)),
    (2000, OrderCancelled(order_id=O3, by=ActorKind.CUSTOMER, reason=CancelReason.WAITED_TOO_LONG)),
    (3600, ShiftEnded(rider_id=R2, shift_id=ShiftId("s2"))),
    (7200, ShiftEnded(rider_id=R1, shift_id=ShiftId("s1"))),
)
"""Seconds after noon, and what happened: two orders in one bundle, one cancelled, one left."""


def story(*parts: tuple[int, Event]) -> tuple[Recorded, ...]:
    """These happenings, STORY where none are given, as a log in which a command does what is alike at one instant."""
    entries: list[Recorded] = []
    alike = groupby(parts or STORY, key=lambda part: (part[0], type(part[1])))
    for number, (_, group) in enumerate(alike, 1):
        entries += [_recorded(len(entries), at, event, number, i) for i, (at, event) in enumerate(group, 1)]
    return tuple(entries)


def _recorded(before: int, at_s: int, event: Event, command: int, place: int) -> Recorded:
    at: Instant = NOON + at_s
    return Recorded(
        seq=before + place,
        market_id=MARKET,
        stream=stream_of(event, MARKET),
        version=1,
        occurred_at=at,
        recorded_at=at,
        actor=SYSTEM_ACTOR,
        command_id=f"c{command}",
        event=event,
    )

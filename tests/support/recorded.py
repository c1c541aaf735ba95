"""What tests hand to a store, and how they look at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from dispatch.model.actor import Actor, ActorKind
from dispatch.model.codec import Json
from dispatch.model.events import Event, MerchantRegistered, OrderPlaced
from dispatch.model.order import MarketId, OrderId
from dispatch.store.writes import Append, Message, Timer, TimerClaim
from dispatch.units import Instant
from tests.support.builders import MARKET, NOON, a_merchant, an_order

ANA = Actor(ActorKind.DISPATCHER, "ana")
KNOWN = MerchantRegistered(merchant=a_merchant())
"""An event that can follow on any other, itself included."""


class AppendFields(TypedDict, total=False):
    """What else an append can have."""

    market_id: MarketId
    occurred_at: Instant
    recorded_at: Instant
    actor: Actor
    fence: int
    outcome: Json
    fingerprint: str
    messages: Sequence[Message]
    timers: Sequence[Timer]
    cancelled_timers: Sequence[str]
    fired: TimerClaim


def an_append(
    command_id: str, events: Sequence[Event] = (), expected_seq: int | None = None, **fields: Unpack[AppendFields]
) -> Append:
    """One command's effect, of Ana's at noon."""
    given: AppendFields = {"market_id": MARKET, "occurred_at": NOON, "recorded_at": NOON, "actor": ANA, **fields}
    return Append(command_id=command_id, events=events, expected_seq=expected_seq, **given)


def placed(order_id: str, external_id: str = "") -> OrderPlaced:
    """An order comes in."""
    return OrderPlaced(order=an_order(OrderId(order_id), external_id=external_id))

"""What people are told of: one row for each occasion, with who is told, over which channels, and how urgently.

This is the one table. ``docs/notifications.md`` is written from it, texts are held to it, and a market can change its
cells. A cell names channels in order: a message goes over the first that reaches the person; ``IN_APP`` is written
besides. Where an urgent one stays unread for ``escalate_s``, the next channel is tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dispatch.units import DAY_S, HOUR_S, MINUTE_S, Seconds


class Audience(StrEnum):
    """Who can be told."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"
    RIDER = "rider"
    CUSTOMER_SERVICE = "customer_service"
    DISPATCHERS = "dispatchers"
    SALES = "sales"
    LOGISTICS = "logistics"
    """Operations: those who answer for riders and stock."""

    @property
    def voice(self) -> str:
        """Which of an occasion's texts this audience reads: all staff read the same."""
        return self.value if self in (Audience.CUSTOMER, Audience.MERCHANT, Audience.RIDER) else STAFF


STAFF: Final = "staff"


class SendChannel(StrEnum):
    """How a message reaches somebody."""

    PUSH = "push"
    SMS = "sms"
    EMAIL = "email"
    WEBHOOK = "webhook"
    """To a system of the person's own, such as a point of sale or a ticket system."""
    IN_APP = "in_app"


class Occasion(StrEnum):
    """What people are told of."""

    ORDER_PLACED = "order_placed"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    TRANSFER_CLAIMED = "transfer_claimed"
    ORDER_ACCEPTED = "order_accepted"
    ORDER_DELAYED = "order_delayed"
    ORDER_READY = "order_ready"
    ORDER_ASSIGNED = "order_assigned"
    ORDER_UNASSIGNED = "order_unassigned"
    ORDER_PICKED_UP = "order_picked_up"
    ORDER_NEAR = "order_near"
    ORDER_DELIVERED = "order_delivered"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_REJECTED = "order_rejected"
    DELIVERY_FAILED = "delivery_failed"
    MERCHANT_REMINDED = "merchant_reminded"
    MERCHANT_SILENT = "merchant_silent"
    OFFER_MADE = "offer_made"
    CASE_OPENED = "case_opened"
    CASE_ESCALATED = "case_escalated"
    PLAN_PROPOSED = "plan_proposed"
    CASE_CLOSED = "case_closed"
    ETA_CHANGED = "eta_changed"
    ORDER_LATE = "order_late"
    REFUND_GRANTED = "refund_granted"
    REFUND_SETTLED = "refund_settled"
    REFUND_FAILED = "refund_failed"
    COUPON_GRANTED = "coupon_granted"
    PENALTY_GIVEN = "penalty_given"
    PENALTY_APPEALED = "penalty_appealed"
    APPEAL_DECIDED = "appeal_decided"
    OVERRIDE_MADE = "override_made"
    CLOSURE_DECLARED = "closure_declared"
    CUSTOMER_MESSAGED = "customer_messaged"
    TEST = "test"


Cell = tuple[SendChannel, ...]
"""Channels in order; empty: not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One occasion.

    cells: who is told, over which channels. values: what the texts may name. urgent: passes quiet hours. escalate_s: so
    long an urgent one may stay unread before the next channel is tried (0: never). useful_s: what could not be sent by
    then is not sent any more.
    """

    cells: Mapping[Audience, Cell]
    values: frozenset[str]
    urgent: bool = False
    escalate_s: Seconds = 0
    useful_s: Seconds = DAY_S


_PUSH: Final = (SendChannel.PUSH,)
_SOON: Final = (SendChannel.PUSH, SendChannel.SMS)
_CALM: Final = (SendChannel.PUSH, SendChannel.EMAIL)
_SURE: Final = (SendChannel.PUSH, SendChannel.SMS, SendChannel.EMAIL)
_DESK: Final = (SendChannel.IN_APP,)
_DESK_PUSH: Final = (SendChannel.IN_APP, SendChannel.PUSH)
_SHOP: Final = (
    SendChannel.IN_APP, SendChannel.WEBHOOK, SendChannel.PUSH, SendChannel.SMS, SendChannel.EMAIL
)  # fmt: skip
_A = Audience


def _told(
    cells: Mapping[Audience, Cell],
    values: str = "",
    *,
    urgent: bool = False,
    escalate_s: Seconds = 0,
    useful_s: Seconds = DAY_S,
) -> Row:
    named = frozenset(values.split())
    return Row(cells=cells, values=named, urgent=urgent, escalate_s=escalate_s, useful_s=useful_s)


DEFAULTS: Final[Mapping[Occasion, Row]] = {
    Occasion.ORDER_PLACED: _told(
        {_A.CUSTOMER: _CALM, _A.MERCHANT: _SHOP, _A.SALES: _DESK},
        "order merchant when",
        useful_s=HOUR_S,
    ),
    Occasion.PAYMENT_RECEIVED: _told({_A.CUSTOMER: _CALM, _A.SALES: _DESK}, "order amount"),
    Occasion.PAYMENT_FAILED: _told(
        {_A.CUSTOMER: _SURE, _A.SALES: _DESK, _A.CUSTOMER_SERVICE: _DESK}, "order amount", urgent=True, useful_s=HOUR_S
    ),
    Occasion.TRANSFER_CLAIMED: _told({_A.CUSTOMER_SERVICE: _DESK_PUSH, _A.SALES: _DESK}, "order amount"),
    Occasion.ORDER_ACCEPTED: _told({_A.CUSTOMER: _PUSH}, "order merchant when", useful_s=HOUR_S),
    Occasion.ORDER_DELAYED: _told({_A.CUSTOMER: _SOON, _A.RIDER: _PUSH}, "order merchant when", useful_s=HOUR_S),
    Occasion.ORDER_READY: _told(
        {_A.CUSTOMER: _SURE, _A.RIDER: _SOON, _A.LOGISTICS: _DESK}, "order merchant", urgent=True, useful_s=4 * HOUR_S
    ),
    Occasion.ORDER_ASSIGNED: _told(
        {_A.RIDER: _SOON}, "order merchant when", urgent=True, escalate_s=MINUTE_S, useful_s=HOUR_S
    ),
    Occasion.ORDER_UNASSIGNED: _told({_A.RIDER: _SOON}, "order merchant", urgent=True, useful_s=HOUR_S),
    Occasion.ORDER_PICKED_UP: _told({_A.CUSTOMER: _SOON}, "order merchant when", useful_s=HOUR_S),
    Occasion.ORDER_NEAR: _told({_A.CUSTOMER: _PUSH}, "order when", urgent=True, useful_s=10 * MINUTE_S),
    Occasion.ORDER_DELIVERED: _told({_A.CUSTOMER: _CALM, _A.SALES: _DESK}, "order merchant"),
    Occasion.ORDER_CANCELLED: _told(
        {_A.CUSTOMER: _SURE, _A.MERCHANT: _SHOP, _A.RIDER: _SOON, _A.SALES: _DESK},
        "order merchant reason",
        urgent=True,
    ),
    Occasion.ORDER_REJECTED: _told(
        {_A.CUSTOMER: _SURE, _A.CUSTOMER_SERVICE: _DESK, _A.SALES: _DESK}, "order merchant reason", urgent=True
    ),
    Occasion.DELIVERY_FAILED: _told(
        {_A.CUSTOMER: _SURE, _A.MERCHANT: _SHOP, _A.CUSTOMER_SERVICE: _DESK_PUSH, _A.LOGISTICS: _DESK},
        "order merchant reason",
        urgent=True,
    ),
    Occasion.MERCHANT_REMINDED: _told(
        {_A.MERCHANT: _SHOP}, "order nth", urgent=True, escalate_s=MINUTE_S, useful_s=30 * MINUTE_S
    ),
    Occasion.MERCHANT_SILENT: _told(
        {_A.MERCHANT: (SendChannel.SMS, SendChannel.PUSH, SendChannel.EMAIL), _A.CUSTOMER_SERVICE: _DESK_PUSH},
        "order merchant",
        urgent=True,
        escalate_s=2 * MINUTE_S,
        useful_s=HOUR_S,
    ),
    Occasion.OFFER_MADE: _told(
        {_A.RIDER: _SOON}, "count merchant until", urgent=True, escalate_s=15, useful_s=5 * MINUTE_S
    ),
    Occasion.CASE_OPENED: _told(
        {_A.CUSTOMER: _CALM, _A.CUSTOMER_SERVICE: _DESK_PUSH, _A.DISPATCHERS: _DESK}, "order kind until"
    ),
    Occasion.CASE_ESCALATED: _told(
        {_A.CUSTOMER_SERVICE: _DESK_PUSH, _A.LOGISTICS: (*_DESK_PUSH, SendChannel.EMAIL)},
        "order kind until",
        urgent=True,
        escalate_s=5 * MINUTE_S,
    ),
    Occasion.PLAN_PROPOSED: _told(
        {_A.CUSTOMER: _SOON, _A.RIDER: _SOON}, "order plan", urgent=True, escalate_s=2 * MINUTE_S, useful_s=HOUR_S
    ),
    Occasion.CASE_CLOSED: _told({_A.CUSTOMER: _CALM, _A.CUSTOMER_SERVICE: _DESK}, "order kind result"),
    Occasion.ETA_CHANGED: _told({_A.CUSTOMER: _SOON}, "order when", useful_s=30 * MINUTE_S),
    Occasion.ORDER_LATE: _told(
        {_A.CUSTOMER: _SOON, _A.CUSTOMER_SERVICE: _DESK_PUSH, _A.DISPATCHERS: _DESK},
        "order merchant when",
        urgent=True,
        useful_s=2 * HOUR_S,
    ),
    Occasion.REFUND_GRANTED: _told({_A.CUSTOMER: _CALM, _A.MERCHANT: _DESK}, "order amount"),
    Occasion.REFUND_SETTLED: _told({_A.CUSTOMER: _CALM}, "order amount"),
    Occasion.REFUND_FAILED: _told({_A.CUSTOMER_SERVICE: _DESK_PUSH}, "order amount text"),
    Occasion.COUPON_GRANTED: _told({_A.CUSTOMER: _SURE}, "order amount code"),
    Occasion.PENALTY_GIVEN: _told({_A.RIDER: _CALM}, "kind text until"),
    Occasion.PENALTY_APPEALED: _told({_A.LOGISTICS: _DESK, _A.CUSTOMER_SERVICE: _DESK}, "rider text"),
    Occasion.APPEAL_DECIDED: _told({_A.RIDER: _CALM}, "result text"),
    Occasion.OVERRIDE_MADE: _told(
        {_A.RIDER: _SOON}, "decision text", urgent=True, escalate_s=MINUTE_S, useful_s=HOUR_S
    ),
    Occasion.CLOSURE_DECLARED: _told(
        {
            _A.CUSTOMER: _PUSH,
            _A.RIDER: _SOON,
            _A.DISPATCHERS: _DESK_PUSH,
            _A.CUSTOMER_SERVICE: _DESK,
            _A.LOGISTICS: _DESK,
        },
        "order kind until text",
        urgent=True,
        useful_s=2 * HOUR_S,
    ),
    Occasion.CUSTOMER_MESSAGED: _told({_A.CUSTOMER_SERVICE: _DESK_PUSH}, "order text"),
    Occasion.TEST: _told(dict.fromkeys(Audience, _SHOP), urgent=True, useful_s=10 * MINUTE_S),
}
"""Every occasion, as it is where a market says nothing else."""

Cells = Mapping[tuple[Occasion, Audience], Cell]
"""What a market has another way."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """The table of one market: the defaults, with its own cells in place of theirs."""

    own: Mapping[tuple[Occasion, Audience], Cell]
    version: int = 0

    def cell(self, occasion: Occasion, audience: Audience) -> Cell:
        """Over which channels an audience is told; empty: it is not."""
        own = self.own.get((occasion, audience))
        return DEFAULTS[occasion].cells.get(audience, ()) if own is None else own

    def audiences(self, occasion: Occasion) -> tuple[Audience, ...]:
        """Who is told."""
        return tuple(audience for audience in Audience if self.cell(occasion, audience))


def could_be_told(occasion: Occasion) -> frozenset[Audience]:
    """The audiences that there are texts for: those of the defaults, and, with any staff, all staff."""
    named = frozenset(DEFAULTS[occasion].cells)
    staff = frozenset(audience for audience in Audience if audience.voice == STAFF)
    return named | staff if named & staff else named

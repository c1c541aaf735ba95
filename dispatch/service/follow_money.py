"""What follows from refunds: gateways send theirs, people send the others and are reminded of it."""

from __future__ import annotations

from typing import Final

from dispatch.model.codec import Json, encode
from dispatch.model.commands import OpenCase
from dispatch.model.events import Event, PaymentReceived, PaymentUnmatched, RefundGranted, RefundSettled
from dispatch.model.order import OrderId, PaymentMethod
from dispatch.model.payment import OVERPAID, AccountState, Refund
from dispatch.model.reasons import CaseKind
from dispatch.model.state import MarketState
from dispatch.service.following import Follow, FollowUps
from dispatch.store.writes import Message, Timer
from dispatch.units import HOUR_S, Instant, Seconds

REFUNDS: Final = "refunds"
"""The topic of refunds that a gateway sends."""
REFUND_WAITS: Final = "refund_waits"
BY_HAND_S: Final[Seconds] = HOUR_S
"""Within this time somebody has sent a refund that has to be sent by hand; then it is a case."""

_BY_HAND: Final = frozenset({PaymentMethod.TRANSFER, PaymentMethod.CASH})
"""Where a platform has the money, it is the platform that gives it back."""


def refund_messages(found: FollowUps, event: Event, state: MarketState, now: Instant) -> None:
    """A refund goes to the gateway that has the money, or to a person."""
    match event:
        case RefundGranted():
            _send(found, state, event.order_id, event.refund_id, now)
        case PaymentReceived() | PaymentUnmatched():
            # Money that should not have come goes back at once.
            _send(found, state, event.order_id, f"{OVERPAID}{event.reference}", now)
        case RefundSettled():
            found.cancelled.append(_timer(event.order_id, event.refund_id))


def _send(found: FollowUps, state: MarketState, order_id: OrderId, refund_id: str, now: Instant) -> None:
    account = state.accounts.get(order_id)
    refund = None if account is None else next((one for one in account.refunds if one.refund_id == refund_id), None)
    if account is None or refund is None or not refund.open:
        return
    if account.method is PaymentMethod.GATEWAY:
        name = f"refund:{order_id}:{refund_id}"
        payload: Json = {
            "order_id": order_id,
            "refund_id": refund_id,
            "payment": payment_of(account, refund),
            "minor": refund.minor,
            "currency": account.currency_of(refund),
        }
        found.messages.append(Message(topic=REFUNDS, name=name, payload=payload, due_at=now))
    elif account.method in _BY_HAND:
        text = f"refund {refund_id} of {refund.minor} {account.currency_of(refund)} has to be sent by hand"
        opening = encode(OpenCase(kind=CaseKind.PAYMENT, order_id=order_id, text=text))
        due_at = now + BY_HAND_S
        found.timers.append(Timer(name=_timer(order_id, refund_id), kind=REFUND_WAITS, due_at=due_at, payload=opening))


def payment_of(account: AccountState, refund: Refund) -> str:
    """The payment that a refund is taken from: the one that was too much, else the first."""
    if refund.refund_id.startswith(OVERPAID):
        return refund.refund_id.removeprefix(OVERPAID)
    return account.references[0] if account.references else ""


def _timer(order_id: OrderId, refund_id: str) -> str:
    return f"refund:{order_id}:{refund_id}"


MONEY_FOLLOW: Final[tuple[Follow, ...]] = (refund_messages,)
"""All of these, in this order."""

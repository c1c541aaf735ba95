"""What Stripe sends by itself: signed events, and how its objects and amounts are read."""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from dispatch.model.order import MarketId, OrderId
from dispatch.pay.gateway import (
    CallbackRefusedError,
    DisputeNews,
    DisputeStage,
    GatewayRefusedError,
    Going,
    Notice,
    PaymentCame,
    PaymentDidNotCome,
    Repaid,
    RepaymentNews,
)
from dispatch.units import MINUTE_S, Instant, Money, Seconds

TOLERANCE_S: Final[Seconds] = 5 * MINUTE_S
"""An event that was signed earlier, or later, than this is refused: somebody may be sending it once more."""

MARKET: Final = "dispatch_market"
ORDER: Final = "dispatch_order"
REFUND: Final = "dispatch_refund"
"""What the objects at Stripe are told of what they are about."""

_HUNDREDFOLD: Final = frozenset({"ISK", "UGX"})
"""Currencies without minor units that Stripe counts in hundredths."""
_HUNDREDTH: Final = frozenset({"MGA"})
"""Currencies with minor units that Stripe counts without."""
_ENDING_IN_ZERO: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Currencies of which Stripe takes no single thousandths."""

_REFUND_EVENTS: Final = frozenset(
    {"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"},
)
_DISPUTE_EVENTS: Final = frozenset(
    {"charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"},
)
_ENDED: Final = {"won": DisputeStage.WON, "lost": DisputeStage.LOST}
_GOING: Final = {"succeeded": Going.SENT, "failed": Going.REFUSED, "canceled": Going.REFUSED}


def check_signature(header: str, body: bytes, secrets: Collection[str], now: Instant) -> None:
    """Raise CallbackRefusedError unless one of the secrets has signed the body a short while ago."""
    parts = [part.strip().partition("=")[::2] for part in header.split(",")]
    times = [value for name, value in parts if name == "t"]
    signatures = [value for name, value in parts if name == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()) or not signatures:
        raise CallbackRefusedError("The message is not signed.", "Send it with the header `Stripe-Signature`.")
    signed = times[0].encode() + b"." + body
    right = [hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets]
    # Each is compared with each, so that the time it takes tells nothing.
    if sum(hmac.compare_digest(a.encode(), b.encode()) for a in right for b in signatures) == 0:
        cause = "The signature of the message is not the gateway's."
        raise CallbackRefusedError(cause, "Check the signing secret of the endpoint.")
    if abs(now - int(times[0])) > TOLERANCE_S:
        cause = f"The message was signed {abs(now - int(times[0]))} s from now."
        raise CallbackRefusedError(cause, "Send it anew; check the clocks.")


def disputed_payment(body: bytes) -> str | None:
    """The payment that an event about a dispute is about, which names no order; None for all other events."""
    event = _event(body)
    return str(event["data"]["object"].get("payment_intent") or "") if event["type"] in _DISPUTE_EVENTS else None


def notice_of(body: bytes, payment: Mapping[str, Any] | None = None) -> Notice | None:
    """What an event says; None where it is about nothing of ours. Raises CallbackRefusedError.

    payment: the one that is disputed, as Stripe has it.
    """
    event = _event(body)
    found: Mapping[str, Any] = event["data"]["object"]
    metadata = (found if payment is None else payment).get("metadata") or {}
    kind, event_id = event["type"], event["id"]
    if not metadata.get(MARKET) or not metadata.get(ORDER):
        return None
    market_id, order_id = MarketId(str(metadata[MARKET])), OrderId(str(metadata[ORDER]))
    if kind == "payment_intent.succeeded":
        amount = amount_in(found.get("amount_received"), found.get("currency"))
        reference = str(found.get("id", ""))
        return PaymentCame(
            event_id=event_id, market_id=market_id, order_id=order_id, amount=amount, reference=reference
        )
    if kind == "payment_intent.payment_failed":
        fault = found.get("last_payment_error") or {}
        cause = str(fault.get("decline_code") or fault.get("code") or "payment_failed")
        reference = str(found.get("id", ""))
        return PaymentDidNotCome(
            event_id=event_id, market_id=market_id, order_id=order_id, reference=reference, cause=cause
        )
    if kind in _DISPUTE_EVENTS:
        return _dispute_news(found, kind, event_id, market_id, order_id)
    if kind in _REFUND_EVENTS and metadata.get(REFUND):
        refund_id = str(metadata[REFUND])
        return RepaymentNews(
            event_id=event_id, market_id=market_id, order_id=order_id, refund_id=refund_id, repaid=repaid_of(found)
        )
    return None


def _dispute_news(
    dispute: Mapping[str, Any], kind: str, event_id: str, market_id: MarketId, order_id: OrderId
) -> DisputeNews | None:
    """A dispute as it is by now; None where it has come no further."""
    status = str(dispute.get("status"))
    stage = DisputeStage.ASKED if status.startswith("warning_") else DisputeStage.OPENED
    if kind == "charge.dispute.closed":
        ended = _ENDED.get(status)
        if ended is None:
            return None
        stage = ended
    due_by = (dispute.get("evidence_details") or {}).get("due_by")
    return DisputeNews(
        event_id=event_id,
        market_id=market_id,
        order_id=order_id,
        reference=str(dispute.get("id", "")),
        amount=amount_in(dispute.get("amount"), dispute.get("currency")),
        stage=stage,
        cause=str(dispute.get("reason") or ""),
        answer_by=due_by if isinstance(due_by, int) else None,
    )


def repaid_of(refund: Mapping[str, Any]) -> Repaid:
    """How far a refund of Stripe's is."""
    going = _GOING.get(str(refund.get("status")), Going.UNDER_WAY)
    cause = str(refund.get("failure_reason") or refund.get("status")) if going is Going.REFUSED else ""
    return Repaid(going, str(refund.get("id", "")), cause)


def _event(body: bytes) -> Mapping[str, Any]:
    try:
        event = json.loads(body)
        sound = isinstance(event["data"]["object"], dict) and isinstance(event["type"], str)
        sound = sound and isinstance(event["id"], str) and event["id"] != ""
    except (ValueError, TypeError, KeyError):
        sound = False
    if not sound:
        raise CallbackRefusedError("The message is no event of Stripe.", "Send an event as its API describes it.")
    return dict(event)


def amount_out(amount: Money) -> int:
    """An amount as Stripe counts it. Raises GatewayRefusedError for one that it cannot take."""
    minor, odd = amount.minor, False
    if amount.currency in _HUNDREDFOLD:
        minor *= 100
    elif amount.currency in _HUNDREDTH:
        minor, odd = minor // 100, minor % 100 != 0
    elif amount.currency in _ENDING_IN_ZERO:
        odd = minor % 10 != 0
    if odd:
        cause = f"Stripe takes no amount as fine as {amount.minor} {amount.currency}."
        raise GatewayRefusedError(cause, "Round the price.")
    return minor


def amount_in(minor: object, currency: object) -> Money:
    """An amount that Stripe has counted. Raises CallbackRefusedError."""
    text = str(currency).upper()
    if (
        not isinstance(minor, int)
        or isinstance(minor, bool)
        or not (text.isascii() and text.isalpha() and len(text) == 3)
    ):
        raise CallbackRefusedError("The message names no amount.", "Send an event as its API describes it.")
    if text in _HUNDREDFOLD:
        minor //= 100
    elif text in _HUNDREDTH:
        minor *= 100
    return Money(minor, text)

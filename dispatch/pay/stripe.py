"""The adapter for Stripe: checkout sessions, refunds, and its signed events.

It speaks the HTTP API itself: six form fields and three kinds of objects need no client library
(``docs/adr/0015-gateways-behind-a-protocol.md``). Amounts are in minor units on both sides, but for the currencies that
``dispatch.pay.stripe_events`` names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import httpx

from dispatch.pay.gateway import (
    Charge,
    Checkout,
    GatewayAwayError,
    GatewayRefusedError,
    Going,
    Notice,
    Repaid,
    Repayment,
)
from dispatch.pay.stripe_events import (
    MARKET,
    ORDER,
    REFUND,
    amount_out,
    check_signature,
    disputed_payment,
    notice_of,
    repaid_of,
)
from dispatch.units import Instant

API_URL: Final = "https://api.stripe.com"
API_VERSION: Final = "2024-06-20"
_TIMEOUT_S: Final = 20.0
_NOT_NOW: Final = frozenset({401, 403, 408, 409, 425, 429})
"""Answers after which the same request may work later: a lock, a limit, or a key that is being changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSettings:
    """key: the secret key of the account. signing_secrets: of the webhook endpoint; while one is changed, both count.

    return_url: where customers come back to; ``{order_id}`` in it is the order's.
    """

    key: str = field(repr=False)
    signing_secrets: tuple[str, ...] = field(repr=False)
    return_url: str
    api_url: str = API_URL


class Stripe:
    """A ``Gateway``."""

    name = "stripe"

    def __init__(self, settings: StripeSettings) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(
            base_url=settings.api_url,
            headers={"Authorization": f"Bearer {settings.key}", "Stripe-Version": API_VERSION},
            timeout=_TIMEOUT_S,
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """See ``Gateway.close``."""
        await self._client.aclose()

    async def checkout(self, charge: Charge) -> Checkout:
        """See ``Gateway.checkout``."""
        back_url = self._settings.return_url.replace("{order_id}", charge.order_id)
        price = "line_items[0][price_data]"
        form = {
            "mode": "payment",
            "client_reference_id": charge.order_id,
            "success_url": back_url,
            "cancel_url": back_url,
            "line_items[0][quantity]": "1",
            f"{price}[currency]": charge.amount.currency.lower(),
            f"{price}[unit_amount]": str(amount_out(charge.amount)),
            f"{price}[product_data][name]": f"Order {charge.order_id}",
            f"metadata[{MARKET}]": charge.market_id,
            f"metadata[{ORDER}]": charge.order_id,
            f"payment_intent_data[metadata][{MARKET}]": charge.market_id,
            f"payment_intent_data[metadata][{ORDER}]": charge.order_id,
        }
        made = await self._ask("POST", "/v1/checkout/sessions", form=form, key=charge.key)
        return Checkout(str(made.get("url", "")), str(made.get("id", "")))

    async def repay(self, wanted: Repayment) -> Repaid:
        """See ``Gateway.repay``. Keys are forgotten by Stripe after a day: what was made before is looked for first."""
        try:
            made = await self._known(wanted) or await self._ask(
                "POST", "/v1/refunds", form=_refund_form(wanted), key=wanted.key
            )
        except GatewayRefusedError as error:
            return Repaid(Going.REFUSED, "", error.cause)
        return repaid_of(made)

    async def _known(self, wanted: Repayment) -> Mapping[str, Any] | None:
        """The refund as it is by now, if it was made before."""
        found = await self._ask("GET", "/v1/refunds", query={"payment_intent": wanted.payment, "limit": "100"})
        for one in found.get("data", ()):
            if one.get("metadata", {}).get(REFUND) == wanted.refund_id:
                return dict(one)
        return None

    async def read(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Notice | None:
        """See ``Gateway.read``. Disputes do not tell of which order they are; their payments do."""
        check_signature(headers.get("stripe-signature", ""), body, self._settings.signing_secrets, now)
        payment = disputed_payment(body)
        if payment is None:
            return notice_of(body)
        if not payment:
            return None  # a charge without a payment intent was not made here
        return notice_of(body, await self._ask("GET", f"/v1/payment_intents/{quote(payment, safe='')}"))

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Mapping[str, Any]:
        headers = {} if key is None else {"Idempotency-Key": key}
        try:
            answer = await self._client.request(method, path, data=form, params=query, headers=headers)
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            cause = f"Stripe did not answer: {type(error).__name__}."
            raise GatewayAwayError(cause, "Try again in a moment.") from error
        found: Mapping[str, Any] = told if isinstance(told, dict) else {}
        if answer.is_success:
            return found
        fault = found.get("error", {})
        said = f"{answer.status_code} {fault.get('code') or fault.get('type', '')}: {fault.get('message', '')}"[:300]
        if answer.status_code in _NOT_NOW or answer.is_server_error:
            raise GatewayAwayError(f"Stripe answered {said}", "Try again in a moment; look at its keys and limits.")
        raise GatewayRefusedError(f"Stripe answered {said}", "Look at the payment in its dashboard.")


def _refund_form(wanted: Repayment) -> dict[str, str]:
    return {
        "payment_intent": wanted.payment,
        "amount": str(amount_out(wanted.amount)),
        f"metadata[{MARKET}]": wanted.market_id,
        f"metadata[{ORDER}]": wanted.order_id,
        f"metadata[{REFUND}]": wanted.refund_id,
    }

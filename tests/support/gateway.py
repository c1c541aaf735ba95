"""A real server on a port of this machine that behaves like Stripe: sessions, refunds, keys that count once, events
that it signs by itself. Written after its documentation, and apart from the adapter that is tested against it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx

from dispatch.pay.stripe import Stripe, StripeSettings

KEY: Final = "sk_test_of_the_stub"
SIGNING_SECRET: Final = "whsec_of_the_stub"
Json = dict[str, Any]


@dataclass
class StubGateway:
    """What it has been asked for and what it did.

    failing: statuses that the next requests get instead. losing: so many answers are lost on the way, after the thing
    was done. refunds_are: the status of new refunds.
    """

    url: str = ""
    sessions: dict[str, Json] = field(default_factory=dict)
    payments: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    keys: dict[str, tuple[str, Json]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failing: list[int] = field(default_factory=list)
    losing: int = 0
    refunds_are: str = "succeeded"

    def adapter(self) -> Stripe:
        """The adapter, set up for this server."""
        wanted = StripeSettings(
            key=KEY,
            signing_secrets=(SIGNING_SECRET,),
            return_url="https://shop.example/orders/{order_id}",
            api_url=self.url,
        )
        return Stripe(wanted)

    def paid(self, session_id: str, minor: int | None = None, currency: str | None = None) -> Json:
        """The customer pays at the page of a session; the event that tells of it."""
        session = self.sessions[session_id]
        found = {
            "id": f"pi_{len(self.payments) + 1}",
            "object": "payment_intent",
            "status": "succeeded",
            "amount_received": session["amount"] if minor is None else minor,
            "currency": currency or session["currency"],
            "metadata": session["metadata"],
        }
        self.payments[found["id"]] = found
        return self.event("payment_intent.succeeded", found)

    def event(self, kind: str, about: Json) -> Json:
        """An event; each has an id of its own."""
        self.asked.append(f"event {kind}")
        return {"id": f"evt_{len(self.asked)}", "object": "event", "type": kind, "data": {"object": about}}

    def refund_event(self, refund_id: str, status: str, **more: str) -> Json:
        """A refund comes further, and an event tells of it."""
        refund = self.refunds[refund_id]
        refund.update(status=status, **more)
        return self.event("refund.failed" if status == "failed" else "refund.updated", refund)

    def dispute(self, payment: str, kind: str = "created", status: str = "needs_response", **more: object) -> Json:
        """The event of a dispute about a payment; like the real ones, it does not name the order."""
        about = {
            "id": f"dp_{payment}",
            "object": "dispute",
            "amount": self.payments[payment]["amount_received"],
            "currency": self.payments[payment]["currency"],
            "charge": f"ch_{payment}",
            "payment_intent": payment,
            "reason": "fraudulent",
            "status": status,
            "metadata": {},
            "evidence_details": {"due_by": 1_900_000_000, "has_evidence": False},
            **more,
        }
        return self.event(f"charge.dispute.{kind}", about)

    def answer(self, method: str, target: str, headers: dict[str, str], body: str) -> tuple[int, Json]:
        """What is answered to a request."""
        parts = urlsplit(target)
        self.asked.append(f"{method} {parts.path}")
        if headers.get("authorization") != f"Bearer {KEY}":
            return 401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}
        if self.failing:
            return self.failing.pop(0), {"error": {"type": "api_error", "message": "told to fail"}}
        if method == "GET" and parts.path.startswith("/v1/payment_intents/"):
            found = self.payments.get(parts.path.rsplit("/", 1)[1])
            return (404, {"error": {"code": "resource_missing"}}) if found is None else (200, found)
        if method == "GET":
            query = parse_qs(parts.query)
            mine = [one for one in self.refunds.values() if one["payment_intent"] == query["payment_intent"][0]]
            return 200, {"object": "list", "data": mine, "has_more": False}
        key = headers.get("idempotency-key", "")
        if key in self.keys:
            before, made = self.keys[key]
            mixed_up = {"error": {"type": "idempotency_error", "message": "Keys can only be used with same parameters"}}
            return (200, made) if before == body else (400, mixed_up)
        status, made = self._make(parts.path, dict(parse_qsl(body)))
        if status == 200 and key:
            self.keys[key] = (body, made)
        return status, made

    def _make(self, path: str, form: dict[str, str]) -> tuple[int, Json]:
        return self._session(form) if path == "/v1/checkout/sessions" else self._refund(form)

    def _session(self, form: dict[str, str]) -> tuple[int, Json]:
        name = f"cs_test_{len(self.sessions) + 1}"
        price = "line_items[0][price_data]"
        metadata = _metadata(form, "payment_intent_data[metadata]")
        amount, currency = int(form[f"{price}[unit_amount]"]), form[f"{price}[currency]"]
        self.sessions[name] = {"amount": amount, "currency": currency, "metadata": metadata, "form": form}
        return 200, {"id": name, "object": "checkout.session", "url": f"{self.url}/pay/{name}"}

    def _refund(self, form: dict[str, str]) -> tuple[int, Json]:
        payment = self.payments.get(form["payment_intent"])
        if payment is None:
            return 404, {"error": {"code": "resource_missing", "message": "No such payment_intent"}}
        gone = sum(one["amount"] for one in self.refunds.values() if one["payment_intent"] == payment["id"])
        if gone + int(form["amount"]) > payment["amount_received"]:
            return 400, {"error": {"code": "charge_already_refunded", "message": "More than is left"}}
        made = {
            "id": f"re_{len(self.refunds) + 1}",
            "object": "refund",
            "amount": int(form["amount"]),
            "currency": payment["currency"],
            "payment_intent": payment["id"],
            "metadata": _metadata(form, "metadata"),
            "status": self.refunds_are,
        }
        self.refunds[made["id"]] = made
        return 200, dict(made)


def _metadata(form: dict[str, str], prefix: str) -> dict[str, str]:
    start = f"{prefix}["
    return {name.removeprefix(start).rstrip("]"): value for name, value in form.items() if name.startswith(start)}


def signature(body: bytes, secret: str = SIGNING_SECRET, at: int | None = None) -> str:
    """The header that goes with a body."""
    signed_at = int(time.time()) if at is None else at
    mac = hmac.new(secret.encode(), f"{signed_at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={signed_at},v1={mac}"


def deliver(service: str, event: Json, *, secret: str = SIGNING_SECRET, at: int | None = None) -> httpx.Response:
    """Send an event to the address for callbacks of a service."""
    body = json.dumps(event).encode()
    headers = {"Stripe-Signature": signature(body, secret, at), "Content-Type": "application/json"}
    return httpx.post(f"{service}/v1/payments/callbacks/stripe", content=body, headers=headers, timeout=30)


@contextmanager
def stub_gateway() -> Iterator[StubGateway]:
    """Serve on a free port."""
    stub = StubGateway()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, told = stub.answer(self.command, self.path, headers, body)
            if stub.losing and self.command == "POST":
                stub.losing -= 1
                self.connection.close()
                return
            text = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()

"""The adapter for Stripe against a server that behaves like it: signatures, amounts, refunds that are made once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from dispatch.model.order import MarketId, OrderId
from dispatch.pay.gateway import (
    CallbackRefusedError,
    Charge,
    GatewayAwayError,
    GatewayRefusedError,
    Going,
    PaymentCame,
    PaymentDidNotCome,
    Repaid,
    Repayment,
    RepaymentNews,
)
from dispatch.pay.stripe import Stripe, StripeSettings
from dispatch.pay.stripe_events import amount_in, amount_out, check_signature, notice_of
from dispatch.units import Money
from tests.support.gateway import SIGNING_SECRET, StubGateway, signature, stub_gateway

T = TypeVar("T")
M, O1 = MarketId("bogota"), OrderId("o1")
NOW = 1_800_000_000
PRICE = Money(20_000, "COP")


@pytest.fixture
def stub() -> Iterator[StubGateway]:
    with stub_gateway() as server:
        yield server


def with_adapter(stub: StubGateway, work: Callable[[Stripe], Awaitable[T]]) -> T:
    """Let the adapter do something."""

    async def run() -> T:
        adapter = stub.adapter()
        try:
            return await work(adapter)
        finally:
            await adapter.close()

    return asyncio.run(run())


def a_charge(amount: Money = PRICE, key: str = "pay/1") -> Charge:
    return Charge(market_id=M, order_id=O1, amount=amount, key=key)


def a_repayment(minor: int = 20_000, refund_id: str = "refund-9") -> Repayment:
    return Repayment(
        market_id=M, order_id=O1, refund_id=refund_id, payment="pi_1", amount=Money(minor, "COP"), key=refund_id
    )


def a_payment(stub: StubGateway) -> PaymentCame:
    """A session that the customer has paid, as the adapter reads its event."""
    page = with_adapter(stub, lambda adapter: adapter.checkout(a_charge()))
    body = json.dumps(stub.paid(page.reference)).encode()
    found = asyncio.run(stub.adapter().read({"stripe-signature": signature(body, at=NOW)}, body, NOW))
    assert isinstance(found, PaymentCame)
    return found


def test_a_page_to_pay_at_is_made_once_and_its_payment_is_read(stub: StubGateway) -> None:
    pages = [with_adapter(stub, lambda adapter: adapter.checkout(a_charge())) for _ in range(2)]
    assert pages[0] == pages[1]
    (session,) = stub.sessions.values()
    assert (session["amount"], session["currency"]) == (20_000, "cop")
    assert session["form"]["success_url"] == "https://shop.example/orders/o1"
    found = a_payment(stub)
    assert (found.market_id, found.order_id, found.amount, found.reference) == (M, O1, PRICE, "pi_1")


@pytest.mark.parametrize("status", [500, 429, 409, 401])
def test_what_may_work_later_is_said_so(stub: StubGateway, status: int) -> None:
    stub.failing = [status]
    with pytest.raises(GatewayAwayError):
        with_adapter(stub, lambda adapter: adapter.checkout(a_charge()))


def test_what_it_does_not_want_is_refused(stub: StubGateway) -> None:
    with_adapter(stub, lambda adapter: adapter.checkout(a_charge()))
    with pytest.raises(GatewayRefusedError, match="idempotency_error"):
        with_adapter(stub, lambda adapter: adapter.checkout(a_charge(Money(1, "COP"))))
    nobody = StripeSettings(key="k", signing_secrets=("s",), return_url="", api_url="http://127.0.0.1:1")
    with pytest.raises(GatewayAwayError, match="ConnectError"):
        asyncio.run(Stripe(nobody).checkout(a_charge()))


def test_a_refund_is_made_once_whatever_happens_to_the_answer(stub: StubGateway) -> None:
    a_payment(stub)
    stub.losing = 1
    with pytest.raises(GatewayAwayError):
        with_adapter(stub, lambda adapter: adapter.repay(a_repayment()))
    stub.keys.clear()  # as after a day
    again = with_adapter(stub, lambda adapter: adapter.repay(a_repayment()))
    assert again == Repaid(Going.SENT, "re_1")
    assert [one["amount"] for one in stub.refunds.values()] == [20_000]


def test_two_parts_of_a_payment_are_two_refunds_and_more_is_refused(stub: StubGateway) -> None:
    a_payment(stub)
    parts = [a_repayment(12_000, "refund-1"), a_repayment(8_000, "refund-2"), a_repayment(1, "refund-3")]
    found = [with_adapter(stub, lambda adapter, one=one: adapter.repay(one)) for one in parts]  # type: ignore[misc]
    assert [one.going for one in found] == [Going.SENT, Going.SENT, Going.REFUSED]
    assert "charge_already_refunded" in found[2].cause


def test_a_refund_that_takes_time_is_looked_at_again(stub: StubGateway) -> None:
    a_payment(stub)
    stub.refunds_are = "pending"
    assert with_adapter(stub, lambda adapter: adapter.repay(a_repayment())).going is Going.UNDER_WAY
    event = stub.refund_event("re_1", "failed", failure_reason="expired_or_canceled_card")
    found = notice_of(json.dumps(event).encode())
    assert isinstance(found, RepaymentNews)
    assert (found.refund_id, found.repaid) == ("refund-9", Repaid(Going.REFUSED, "re_1", "expired_or_canceled_card"))
    assert with_adapter(stub, lambda adapter: adapter.repay(a_repayment())).going is Going.REFUSED


def test_a_payment_in_vain_says_why(stub: StubGateway) -> None:
    failed = {
        "id": "pi_7",
        "metadata": {"dispatch_market": M, "dispatch_order": O1},
        "last_payment_error": {"code": "card_declined", "decline_code": "insufficient_funds"},
    }
    found = notice_of(json.dumps(stub.event("payment_intent.payment_failed", failed)).encode())
    assert isinstance(found, PaymentDidNotCome)
    assert found.cause == "insufficient_funds"


def test_events_about_nothing_of_ours_are_left_alone(stub: StubGateway) -> None:
    ours = {"dispatch_market": M, "dispatch_order": O1}
    assert (
        notice_of(json.dumps(stub.event("payment_intent.succeeded", {"id": "pi_1", "metadata": {}})).encode()) is None
    )
    assert notice_of(json.dumps(stub.event("payment_intent.created", {"metadata": ours})).encode()) is None
    assert notice_of(json.dumps(stub.event("refund.updated", {"metadata": ours})).encode()) is None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{}", b'{"id": 1, "type": "x", "data": {"object": {}}}', b"\xff"]
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(CallbackRefusedError):
        notice_of(body)


BODY = b'{"id": "evt_1"}'
GOOD = signature(BODY, at=NOW)


def test_a_right_signature_passes_also_the_older_of_two_secrets() -> None:
    check_signature(GOOD, BODY, (SIGNING_SECRET,), NOW)
    check_signature(GOOD, BODY, ("whsec_new", SIGNING_SECRET), NOW + 299)
    two = f"{GOOD},v1={'0' * 64},v0=abc"
    check_signature(two, BODY, (SIGNING_SECRET,), NOW)


@pytest.mark.parametrize(
    ("header", "body", "now"),
    [
        ("", BODY, NOW),
        ("t=,v1=", BODY, NOW),
        (GOOD.replace("v1=", "v0="), BODY, NOW),
        (GOOD, BODY + b" ", NOW),
        (GOOD, BODY, NOW + 301),
        (GOOD, BODY, NOW - 301),
        (signature(BODY, secret="whsec_other", at=NOW), BODY, NOW),
        (GOOD.replace(f"t={NOW}", f"t={NOW + 1}"), BODY, NOW),
        (f"t={NOW},{GOOD}", BODY, NOW),
        ("t=²,v1=\xff", BODY, NOW),
    ],
)
def test_wrong_signatures_are_refused(header: str, body: bytes, now: int) -> None:
    with pytest.raises(CallbackRefusedError):
        check_signature(header, body, (SIGNING_SECRET,), now)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Money(1250, "USD"), 1250),
        (Money(500, "JPY"), 500),
        (Money(20_000, "VND"), 20_000),
        (Money(5, "ISK"), 500),
        (Money(500, "MGA"), 5),
        (Money(5120, "KWD"), 5120),
    ],
)
def test_amounts_are_counted_as_the_gateway_counts_them(ours: Money, theirs: int) -> None:
    assert amount_out(ours) == theirs
    assert amount_in(theirs, ours.currency.lower()) == ours


def test_amounts_too_fine_or_none_at_all_are_refused() -> None:
    for money in (Money(5123, "KWD"), Money(501, "MGA")):
        with pytest.raises(GatewayRefusedError):
            amount_out(money)
    for minor, currency in ((None, "usd"), (True, "usd"), ("5", "usd"), (5, "us"), (5, None)):
        with pytest.raises(CallbackRefusedError):
            amount_in(minor, currency)


def test_the_clock_of_the_signature_is_that_of_the_wall(stub: StubGateway) -> None:
    event = json.dumps(stub.event("payment_intent.created", {})).encode()
    assert asyncio.run(stub.adapter().read({"stripe-signature": signature(event)}, event, int(time.time()))) is None

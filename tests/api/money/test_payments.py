"""Money over HTTP: paid at a gateway, checked by hand, given back; and what gateways must not be believed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.api.test_orders import DROPOFF, PICKUP
from tests.support.gateway import StubGateway, deliver, signature
from tests.support.live_api import Live, live_api
from tests.support.paying import TOTAL, checked_out, money, placed
from tests.support.shop_api import Json


def settled(client: httpx.Client, order_id: str, status: str = "settled") -> Json:
    """The account once all refunds of the order are so."""
    until = time.monotonic() + 20
    while True:
        found = money(client, order_id)
        if found["refunds"] and {one["status"] for one in found["refunds"]} == {status}:
            return found
        assert time.monotonic() < until, found
        time.sleep(0.05)


def cases(live: Live) -> list[Json]:
    """What was opened."""
    with live.client("admin") as admin:
        query = {"type": "CaseOpened", "limit": "500"}
        return [one["data"] for one in admin.get("/v1/events", params=query).raise_for_status().json()["items"]]


def test_an_order_is_paid_at_a_gateway(live: Live, staff: httpx.Client, stub: StubGateway) -> None:
    order_id = placed(staff)
    assert staff.get(f"/v1/orders/{order_id}").json()["shop_status"] == "pending"
    with live.client("merchant") as merchant:
        refused = merchant.post(f"/v1/orders/{order_id}/accept", json={})
        assert (refused.status_code, refused.json()["code"]) == (409, "unpaid")
        page = checked_out(staff, order_id)
        assert checked_out(staff, order_id) == page
        answer = deliver(live.url, stub.paid(page))
        assert (answer.status_code, answer.json()) == (200, {"status": "taken"})
        assert money(merchant, order_id)["status"] == "paid"
        assert merchant.post(f"/v1/orders/{order_id}/accept", json={}).status_code == 200
    shown = staff.get(f"/v1/orders/{order_id}").json()
    assert (shown["shop_status"], shown["payment"], shown["payment_status"]) == ("paid", "gateway", "paid")
    late = staff.post(f"/v1/orders/{order_id}/payment/checkout", json={})
    assert (late.status_code, late.json()["code"]) == (409, "nothing_due")


def test_a_message_that_comes_again_gets_the_same_answer_and_counts_once(
    live: Live, staff: httpx.Client, stub: StubGateway
) -> None:
    order_id = placed(staff)
    event = stub.paid(checked_out(staff, order_id))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: deliver(live.url, event), range(4)))
    answers.append(deliver(live.url, {**event, "id": "evt_again"}))
    assert [(one.status_code, one.json()) for one in answers] == [(200, {"status": "taken"})] * 5
    found = money(staff, order_id)
    assert (found["paid"]["minor"], found["references"], found["refunds"]) == (20_000, ["pi_1"], [])
    assert cases(live) == []


@pytest.mark.parametrize("how", ["unsigned", "other secret", "old", "ahead", "changed"])
def test_what_the_gateway_did_not_sign_just_now_is_refused(
    live: Live, staff: httpx.Client, stub: StubGateway, how: str
) -> None:
    order_id = placed(staff)
    event = stub.paid(checked_out(staff, order_id))
    address, now = f"{live.url}/v1/payments/callbacks/stripe", int(time.time())
    if how == "unsigned":
        answer = httpx.post(address, json=event)
    elif how == "other secret":
        answer = deliver(live.url, event, secret="whsec_mine")
    elif how == "changed":
        good = signature(b"{}")
        answer = httpx.post(address, content=b"{ }", headers={"Stripe-Signature": good})
    else:
        answer = deliver(live.url, event, at=now - 400 if how == "old" else now + 400)
    assert (answer.status_code, answer.json()["code"]) == (400, "callback_refused")
    assert answer.headers["content-type"] == "application/problem+json"
    assert money(staff, order_id)["status"] == "due"


@pytest.mark.parametrize(("minor", "currency"), [(19_999, "COP"), (20_001, "COP"), (90_000, "COP"), (20_000, "USD")])
def test_another_amount_or_currency_pays_nothing_goes_back_and_is_a_case(
    live: Live, staff: httpx.Client, stub: StubGateway, minor: int, currency: str
) -> None:
    order_id = placed(staff)
    event = stub.paid(checked_out(staff, order_id), minor, currency.lower())
    for one in (event, event, {**event, "id": "evt_again"}):
        assert deliver(live.url, one).status_code == 200
    found = settled(staff, order_id)
    came = {"minor": minor, "currency": currency}
    assert (found["status"], found["references"]) == ("due", [])
    assert [(one["id"], one["amount"]) for one in found["refunds"]] == [("over-pi_1", came)]
    assert [one["minor"] for one in found["entries"] if one["account"] == "receipts"] == [minor, -minor]
    assert found["balances"] == {"customer": 20_000, "sales": -20_000}
    assert [(one["amount"], one["payment_intent"]) for one in stub.refunds.values()] == [(minor, "pi_1")]
    with live.client("merchant") as merchant:
        refused = merchant.post(f"/v1/orders/{order_id}/accept", json={})
        assert (refused.status_code, refused.json()["code"]) == (409, "unpaid")
    (case,) = cases(live)
    assert (case["kind"], case["order_id"], case["owner"]) == ("payment", order_id, "support")
    assert f"{minor} {currency}" in case["text"]
    deliver(live.url, stub.paid(checked_out(staff, order_id))).raise_for_status()
    found = money(staff, order_id)
    assert (found["status"], found["references"]) == ("paid", ["pi_2"])
    staff.post(f"/v1/orders/{order_id}/cancel", json={"reason": "duplicate"}).raise_for_status()
    found = settled(staff, order_id)
    assert (found["status"], found["balances"]) == ("refunded", {})
    assert [one["payment_intent"] for one in stub.refunds.values()] == ["pi_1", "pi_2"]


def test_what_is_not_known_is_told_and_what_is_none_of_ours_is_left_alone(
    live: Live, staff: httpx.Client, stub: StubGateway
) -> None:
    event = stub.paid(checked_out(staff, placed(staff)))
    about = event["data"]["object"]
    for wrong in ({"dispatch_order": "o-9"}, {"dispatch_market": "nowhere"}):
        strange = {**about, "metadata": {**about["metadata"], **wrong}}
        answer = deliver(live.url, stub.event("payment_intent.succeeded", strange))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    foreign = deliver(live.url, stub.event("payment_intent.succeeded", {**about, "metadata": {}}))
    assert (foreign.status_code, foreign.json()) == (200, {"status": "ignored"})
    assert httpx.post(f"{live.url}/v1/payments/callbacks/paypal", json={}).status_code == 404


def test_money_for_an_order_that_was_called_off_goes_back(live: Live, staff: httpx.Client, stub: StubGateway) -> None:
    order_id = placed(staff)
    page = checked_out(staff, order_id)
    staff.post(f"/v1/orders/{order_id}/cancel", json={"reason": "duplicate"}).raise_for_status()
    assert deliver(live.url, stub.paid(page)).status_code == 200
    found = settled(staff, order_id)
    assert (found["balances"], found["refunds"][0]["reference"]) == ({}, "re_1")
    assert [one["amount"] for one in stub.refunds.values()] == [20_000]


def test_a_refund_is_sent_once_though_answers_are_lost(live: Live, staff: httpx.Client, stub: StubGateway) -> None:
    order_id = placed(staff)
    deliver(live.url, stub.paid(checked_out(staff, order_id))).raise_for_status()
    stub.losing = 1
    with live.client("merchant") as merchant:
        merchant.post(f"/v1/orders/{order_id}/reject", json={"reason": "closed"}).raise_for_status()
    found = settled(staff, order_id)
    assert found["status"] == "refunded"
    assert [one["amount"] for one in stub.refunds.values()] == [20_000]


def test_a_refund_that_the_gateway_refuses_is_a_case_and_is_then_sent_by_hand(
    live: Live, staff: httpx.Client, stub: StubGateway
) -> None:
    order_id = placed(staff)
    deliver(live.url, stub.paid(checked_out(staff, order_id))).raise_for_status()
    stub.payments.clear()
    staff.post(f"/v1/orders/{order_id}/cancel", json={"reason": "duplicate"}).raise_for_status()
    (refund,) = settled(staff, order_id, "failed")["refunds"]
    assert refund["by_hand"]
    assert "resource_missing" in cases(live)[0]["text"]
    listed = staff.get("/v1/payments", params={"refunds_open": True}).json()["items"]
    assert [one["order_id"] for one in listed] == [order_id]
    path = f"/v1/orders/{order_id}/payment/refunds/{refund['id']}/settle"
    done = staff.post(path, json={"reference": "bank 7"})
    assert done.json()["refunds"][0]["status"] == "settled"
    assert staff.get("/v1/payments", params={"refunds_open": True}).json()["items"] == []


def test_a_refund_under_way_ends_when_the_gateway_says_so_and_may_come_back(
    live: Live, staff: httpx.Client, stub: StubGateway
) -> None:
    stub.refunds_are = "pending"
    order_id = placed(staff)
    deliver(live.url, stub.paid(checked_out(staff, order_id))).raise_for_status()
    staff.post(f"/v1/orders/{order_id}/cancel", json={"reason": "duplicate"}).raise_for_status()
    until = time.monotonic() + 20
    while not stub.refunds and time.monotonic() < until:
        time.sleep(0.05)
    refund_id = money(staff, order_id)["refunds"][0]["id"]
    early = staff.post(f"/v1/orders/{order_id}/payment/refunds/{refund_id}/settle", json={"reference": "x"})
    assert (early.status_code, early.json()["code"]) == (409, "refund_under_way")
    assert deliver(live.url, stub.refund_event("re_1", "succeeded")).json() == {"status": "taken"}
    assert settled(staff, order_id)["balances"] == {}
    back = stub.refund_event("re_1", "failed", failure_reason="account_closed")
    for _ in range(2):
        assert deliver(live.url, back).json() == {"status": "taken"}
    (case,) = cases(live)
    assert "the gateway says otherwise" in case["text"]


def test_a_transfer_is_claimed_and_checked_by_somebody(live: Live, staff: httpx.Client) -> None:
    order_id = placed(staff, "transfer")
    transfer = f"/v1/orders/{order_id}/payment/transfer"
    nothing = staff.post(f"{transfer}/check", json={"found": True})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "no_transfer")
    assert staff.post(transfer, json={"picture": "receipt-1.jpg"}).json()["status"] == "claimed"
    listed = staff.get("/v1/payments", params={"status": "claimed"}).json()["items"]
    assert [(one["order_id"], one["picture"]) for one in listed] == [(order_id, "receipt-1.jpg")]
    with live.client("sales") as sales:
        assert sales.post(f"{transfer}/check", json={"found": True}).status_code == 403
    assert staff.post(f"{transfer}/check", json={"found": False}).status_code == 422
    assert staff.post(f"{transfer}/check", json={"found": False, "text": "no such"}).json()["status"] == "due"
    staff.post(transfer, json={"picture": "receipt-2.jpg"}).raise_for_status()
    assert staff.post(f"{transfer}/check", json={"found": True}).json()["status"] == "paid"
    told = staff.get("/v1/events", params={"type": "PaymentReceived"}).json()["items"]
    assert [(one["actor_kind"], one["actor_id"]) for one in told] == [("support", "u-customer_service")]
    assert staff.get("/v1/payments", params={"status": "claimed"}).json()["items"] == []


def test_prices_that_make_no_sense_are_refused(staff: httpx.Client) -> None:
    body = {"merchant_id": "m1", "dropoff": DROPOFF}
    for wrong in (
        {"payment": "gateway"},
        {"payment": "cash", "total": {"minor": 0, "currency": "COP"}},
        {"total": {"minor": -1, "currency": "COP"}},
        {"payment": "barter", "total": TOTAL},
    ):
        assert staff.post("/v1/orders", json={**body, **wrong}).status_code == 422
    free = staff.post("/v1/orders", json={**body, "total": {"minor": 0, "currency": "COP"}}).json()
    assert (free["shop_status"], free["payment_status"]) == ("paid", "none")
    assert staff.get(f"/v1/orders/{free['id']}/payment").status_code == 404


def test_without_a_gateway_nobody_can_pay_there(sqlite_url: str) -> None:
    with live_api(sqlite_url, ticking=False) as live, live.client("admin") as admin:
        admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
        order_id = placed(admin)
        answer = admin.post(f"/v1/orders/{order_id}/payment/checkout", json={})
        assert (answer.status_code, answer.json()["code"]) == (409, "no_gateway")
        assert httpx.post(f"{live.url}/v1/payments/callbacks/stripe", json={}).status_code == 404

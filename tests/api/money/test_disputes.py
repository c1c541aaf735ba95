"""Disputes over HTTP: a customer's bank takes money back, customer service is told, and the bank decides."""

from __future__ import annotations

import httpx
import pytest

from tests.support.gateway import StubGateway, deliver
from tests.support.live_api import Live
from tests.support.paying import TOTAL, checked_out, money, placed
from tests.support.shop_api import Json


@pytest.fixture
def order_id(live: Live, staff: httpx.Client, stub: StubGateway) -> str:
    """An order that is paid by the gateway's first payment."""
    name = placed(staff)
    deliver(live.url, stub.paid(checked_out(staff, name))).raise_for_status()
    return name


def open_cases(staff: httpx.Client) -> list[Json]:
    """What customer service has to do."""
    items: list[Json] = staff.get("/v1/cases", params={"status": "open"}).raise_for_status().json()["items"]
    return items


@pytest.mark.parametrize("won", [True, False])
def test_a_customers_bank_takes_money_back_until_it_has_decided(
    live: Live, staff: httpx.Client, stub: StubGateway, order_id: str, won: bool
) -> None:
    for kind in ("created", "funds_withdrawn", "created"):
        assert deliver(live.url, stub.dispute("pi_1", kind)).json() == {"status": "taken"}
    found = money(staff, order_id)
    assert (found["status"], found["balances"]) == ("paid", {"sales": -20_000, "disputes": 20_000})
    assert found["disputes"] == [{"reference": "dp_pi_1", "amount": TOTAL, "won": None}]
    (case,) = open_cases(staff)
    assert (case["kind"], case["owner"], case["order_id"]) == ("chargeback", "support", order_id)
    assert case["due_at"] > case["opened_at"]
    assert "evidence is taken until 2030-03-17" in staff.get(f"/v1/cases/{case['id']}").json()["text"]
    ended = stub.dispute("pi_1", "closed", "won" if won else "lost")
    for event in (ended, ended, {**ended, "id": "evt_again"}):
        assert deliver(live.url, event).json() == {"status": "taken"}
    found = money(staff, order_id)
    assert found["disputes"][0]["won"] is won
    if won:
        assert (found["status"], found["balances"]) == ("paid", {"sales": -20_000, "receipts": 20_000})
    else:
        assert (found["status"], found["balances"]) == ("refunded", {"sales": -20_000, "goodwill": 20_000})
        assert [(one["id"], one["status"]) for one in found["refunds"]] == [("dispute-dp_pi_1", "settled")]
    assert (open_cases(staff), stub.refunds) == ([], {})


def test_the_end_of_a_dispute_may_come_before_its_beginning(
    live: Live, staff: httpx.Client, stub: StubGateway, order_id: str
) -> None:
    for kind, status in (("closed", "lost"), ("created", "needs_response")):
        assert deliver(live.url, stub.dispute("pi_1", kind, status)).json() == {"status": "taken"}
    found = money(staff, order_id)
    assert (found["status"], [one["won"] for one in found["disputes"]]) == ("refunded", [False])
    assert open_cases(staff) == []
    assert deliver(live.url, stub.dispute("pi_1", "closed", "won")).json() == {"status": "taken"}
    (case,) = open_cases(staff)
    assert (case["kind"], money(staff, order_id)) == ("payment", found)


def test_a_bank_that_only_asks_has_taken_nothing(
    live: Live, staff: httpx.Client, stub: StubGateway, order_id: str
) -> None:
    before = money(staff, order_id)
    for kind, status in (("created", "warning_needs_response"), ("closed", "warning_closed")):
        assert deliver(live.url, stub.dispute("pi_1", kind, status)).status_code == 200
    assert money(staff, order_id) == before
    assert [one["kind"] for one in open_cases(staff)] == ["chargeback"]


def test_disputes_of_other_money_change_nothing(
    live: Live, staff: httpx.Client, stub: StubGateway, order_id: str
) -> None:
    stub.payments["pi_9"] = {**stub.payments["pi_1"], "id": "pi_9", "metadata": {}}
    assert deliver(live.url, stub.dispute("pi_9")).json() == {"status": "ignored"}
    assert deliver(live.url, stub.dispute("pi_1", payment_intent=None)).json() == {"status": "ignored"}
    unsigned = httpx.post(f"{live.url}/v1/payments/callbacks/stripe", json=stub.dispute("pi_1"))
    assert (unsigned.status_code, unsigned.json()["code"]) == (400, "callback_refused")
    stub.failing.append(500)
    assert deliver(live.url, stub.dispute("pi_1")).status_code == 503
    assert deliver(live.url, stub.dispute("pi_1", amount=90_000)).json() == {"status": "taken"}
    assert money(staff, order_id)["disputes"] == []
    assert [one["kind"] for one in open_cases(staff)] == ["payment"]

"""Riders count what they take, prove what they bring, and take back what they said too early."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.api.test_orders import DROPOFF, PICKUP, START
from tests.api.test_riders import Phone
from tests.support.builders import MARKET
from tests.support.live_api import Live, live_api


@pytest.fixture
def live(sqlite_url: str) -> Iterator[Live]:
    with live_api(sqlite_url, ticking=False) as running:
        with running.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
            admin.post("/v1/riders", json={"id": "r1"}).raise_for_status()
        yield running


@pytest.fixture
def phone(live: Live) -> Iterator[Phone]:
    with live.client("rider-1") as client:
        client.post("/v1/riders/me/shift", json={"start": START}).raise_for_status()
        yield Phone(client)


def given(live: Live, **more: object) -> str:
    """An order that r1 has."""
    with live.client("admin") as staff:
        placed: httpx.Response = staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF, **more})
        order_id = str(placed.json()["id"])
        body = {"kind": "assign", "order_id": order_id, "rider_id": "r1", "reason": "training", "text": "for a test"}
        staff.post("/v1/overrides", json=body).raise_for_status()
    return order_id


def order_now(live: Live, order_id: str) -> dict[str, object]:
    with live.client("admin") as staff:
        return dict(staff.get(f"/v1/orders/{order_id}").json())


def ride(phone: Phone) -> None:
    phone.do("depart")
    phone.do("arrived")


def result(told: dict[str, object]) -> tuple[str, str]:
    """Status and code of an action."""
    found = told["results"]
    assert isinstance(found, list)
    return found[0]["status"], found[0]["code"]


def test_a_delivery_said_too_early_is_taken_back_by_an_event(live: Live, phone: Phone) -> None:
    order_id = given(live)
    ride(phone)
    assert result(phone.do("picked_up", order_ids=[order_id])) == ("done", "")
    ride(phone)
    phone.do("delivered", order_id=order_id)
    assert order_now(live, order_id)["status"] == "delivered"
    told = phone.do("correct", order_id=order_id, task="dropoff", text="wrong door")
    assert result(told) == ("done", "")
    order = order_now(live, order_id)
    assert (order["status"], order["dispatch"], order["delivered_at"]) == ("picked_up", "carried", None)
    assert [task["kind"] for stop in told["tasks"]["stops"] for task in stop["tasks"]] == ["dropoff"]
    assert result(phone.do("delivered", order_id=order_id)) == ("done", "")
    events = [type(entry.event).__name__ for entry in live.store.events(MARKET, 0, stream=f"order:{order_id}")]
    assert events[-3:] == ["OrderDelivered", "DeliveryCorrected", "OrderDelivered"]
    assert live.store.load_state(MARKET).orders[next(iter(live.store.load_state(MARKET).orders))].over


def test_a_pickup_said_too_early_is_taken_back(live: Live, phone: Phone) -> None:
    order_id = given(live)
    ride(phone)
    phone.do("picked_up", order_ids=[order_id])
    assert result(phone.do("correct", order_id=order_id, task="dropoff"))[0] == "refused"
    told = phone.do("correct", order_id=order_id, task="pickup")
    assert [task["kind"] for stop in told["tasks"]["stops"] for task in stop["tasks"]] == ["pickup", "dropoff"]
    order = order_now(live, order_id)
    assert (order["status"], order["dispatch"], order["picked_up_at"]) == ("preparing", "assigned", None)
    assert result(phone.do("picked_up", order_ids=[order_id])) == ("done", "")


def test_what_is_counted_otherwise_opens_a_case(live: Live, phone: Phone) -> None:
    items = [{"name": "Arepa", "quantity": 2, "sku": "A1"}, {"name": "Juice", "quantity": 1}]
    order_id = given(live, items=items)
    ride(phone)
    short = {"order_ids": [order_id], "checks": [{"order_id": order_id, "counted": [{"item": "A1", "quantity": 1}]}]}
    assert result(phone.do("picked_up", **short)) == ("refused", "items_do_not_match")
    assert order_now(live, order_id)["dispatch"] != "carried"
    cases = live.store.load_state(MARKET).cases
    assert [case.kind.value for case in cases.values()] == ["items_do_not_match"]
    right = [{"item": "Arepa", "quantity": 2}, {"item": "Juice", "quantity": 1}]
    checks = [{"order_id": order_id, "counted": right}]
    assert result(phone.do("picked_up", order_ids=[order_id], checks=checks)) == ("done", "")
    assert len(live.store.load_state(MARKET).cases) == 1


def test_what_differs_can_be_taken_anyway(live: Live, phone: Phone) -> None:
    order_id = given(live, items=[{"name": "Arepa", "quantity": 2}])
    ride(phone)
    checks = [{"order_id": order_id, "counted": []}]
    assert result(phone.do("picked_up", order_ids=[order_id], checks=checks, anyway=True)) == ("done", "")
    assert len(live.store.load_state(MARKET).cases) == 1
    assert order_now(live, order_id)["status"] == "picked_up"


def test_an_order_with_a_code_is_handed_over_for_that_code_only(live: Live, phone: Phone) -> None:
    order_id = given(live, attributes={"delivery_code": "4711"})
    ride(phone)
    phone.do("picked_up", order_ids=[order_id])
    ride(phone)
    for proof in (None, {"kind": "photo", "reference": "4711"}, {"kind": "code", "reference": "1174"}):
        assert result(phone.do("delivered", order_id=order_id, proof=proof)) == ("refused", "wrong_code")
    proved = {"kind": "code", "reference": "4711"}
    assert result(phone.do("delivered", order_id=order_id, proof=proved)) == ("done", "")

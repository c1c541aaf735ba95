"""Dispatchers decide over the optimizer's head, and see first what it would do."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.api.test_orders import DROPOFF, PICKUP, START
from tests.support.live_api import Live, live_api

WHY = {"reason": "urgent_order", "text": "the customer is a surgeon"}


@pytest.fixture
def live(sqlite_url: str) -> Iterator[Live]:
    with live_api(sqlite_url, ticking=False) as running:
        with running.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
            for number in (1, 2):
                admin.post("/v1/riders", json={"id": f"r{number}"}).raise_for_status()
        for number in (1, 2):
            with running.client(f"rider-{number}") as rider:
                rider.post("/v1/riders/me/shift", json={"start": START}).raise_for_status()
        yield running


@pytest.fixture
def staff(live: Live) -> Iterator[httpx.Client]:
    with live.client("dispatcher") as client:
        yield client


@pytest.fixture
def order_id(staff: httpx.Client) -> str:
    return str(staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).json()["id"])


def test_a_dry_run_says_what_would_happen_and_does_nothing(live: Live, staff: httpx.Client, order_id: str) -> None:
    body = {"kind": "assign", "order_id": order_id, "rider_id": "r1", **WHY}
    before = staff.get(f"/v1/orders/{order_id}").json()
    answer = staff.post("/v1/overrides", params={"dry_run": True}, json=body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["dry_run"], told["order_before"]["rider_id"], told["order"]["rider_id"]) == (True, None, "r1")
    assert [event["type"] for event in told["events"]] == ["OrderAssigned"]
    assert staff.get(f"/v1/orders/{order_id}").json() == before
    assert staff.get("/v1/overrides").json()["items"] == []


def test_an_assignment_takes_effect_at_once_and_is_kept(live: Live, staff: httpx.Client, order_id: str) -> None:
    body = {"kind": "assign", "order_id": order_id, "rider_id": "r2", **WHY}
    made = staff.post("/v1/overrides", json=body)
    assert made.status_code == 201, made.text
    order = made.json()["order"]
    assert (order["rider_id"], order["dispatch"], order["pinned_to"]) == ("r2", "assigned", "r2")
    with live.client("rider-2") as rider:
        assert len(rider.get("/v1/riders/me/tasks").json()["stops"]) == 2
    kept = staff.get("/v1/overrides", params={"order_id": order_id}).json()["items"]
    assert kept == [made.json()["override"]]
    assert kept[0]["by"] == "u-dispatcher"
    assert staff.get(f"/v1/overrides/{kept[0]['id']}").json() == kept[0]


def test_the_second_of_two_dispatchers_is_told_the_present_state(staff: httpx.Client, order_id: str) -> None:
    seen = {"If-Match": staff.get(f"/v1/orders/{order_id}").headers["ETag"]}
    bodies = [{"kind": "assign", "order_id": order_id, "rider_id": rider, **WHY} for rider in ("r1", "r2")]
    first, second = (staff.post("/v1/overrides", json=body, headers=seen) for body in bodies)
    assert (first.status_code, second.status_code) == (201, 412)
    assert second.json()["present"]["rider_id"] == "r1"
    assert second.headers["ETag"] == first.headers["ETag"]


def test_a_reason_is_mandatory_and_riders_decide_nothing(live: Live, staff: httpx.Client, order_id: str) -> None:
    body = {"kind": "assign", "order_id": order_id, "rider_id": "r1", "reason": "urgent_order", "text": "  "}
    answer = staff.post("/v1/overrides", json=body)
    assert (answer.status_code, answer.json()["issues"][0]["field"]) == (422, "text")
    with live.client("rider-1") as rider:
        assert rider.post("/v1/overrides", json={**body, "text": "because"}).status_code == 403


def test_an_override_of_an_order_that_is_over_says_so(staff: httpx.Client, order_id: str) -> None:
    staff.post(f"/v1/orders/{order_id}/cancel", json={"reason": "duplicate"}).raise_for_status()
    late = staff.post("/v1/overrides", json={"kind": "assign", "order_id": order_id, "rider_id": "r1", **WHY})
    assert (late.status_code, late.json()["code"]) == (409, "order_over")

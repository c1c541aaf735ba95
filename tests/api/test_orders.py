"""Orders go in and come out over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.support.builders import CORNER, DOOR, KITCHEN
from tests.support.live_api import Live, live_api

DROPOFF = {"latitude": DOOR.latitude, "longitude": DOOR.longitude}
PICKUP = {"latitude": KITCHEN.latitude, "longitude": KITCHEN.longitude}
START = {"latitude": CORNER.latitude, "longitude": CORNER.longitude}


@pytest.fixture
def live(sqlite_url: str) -> Iterator[Live]:
    with live_api(sqlite_url, ticking=False) as running:
        with running.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "name": "Arepas", "place": PICKUP}).raise_for_status()
        yield running


@pytest.fixture
def staff(live: Live) -> Iterator[httpx.Client]:
    with live.client("dispatcher") as client:
        yield client


def test_an_order_goes_in_and_comes_out(staff: httpx.Client) -> None:
    placed = staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF, "notes": "ring twice"})
    assert placed.status_code == 201, placed.text
    order = placed.json()
    assert order["id"].startswith("ord_")
    assert (order["status"], order["dispatch"], order["pickup"]) == ("placed", "open", PICKUP)

    found = staff.get(placed.headers["Location"])
    assert found.json() == order
    assert found.headers["ETag"] == placed.headers["ETag"] == '"1"'
    assert staff.get("/v1/orders").json() == {"items": [order], "next": None}


def test_the_same_key_gives_the_first_answer_again(staff: httpx.Client) -> None:
    body = {"merchant_id": "m1", "dropoff": DROPOFF}
    first = staff.post("/v1/orders", json=body, headers={"Idempotency-Key": "k1"})
    again = staff.post("/v1/orders", json=body, headers={"Idempotency-Key": "k1"})
    assert again.json() == first.json()
    assert len(staff.get("/v1/orders").json()["items"]) == 1
    other = staff.post("/v1/orders", json={**body, "notes": "x"}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_the_same_external_id_gives_the_order_there_is(staff: httpx.Client) -> None:
    body = {"merchant_id": "m1", "dropoff": DROPOFF, "platform": "rapid", "external_id": "7"}
    first, again = (staff.post("/v1/orders", json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


def test_all_issues_are_told_at_once(staff: httpx.Client) -> None:
    answer = staff.post("/v1/orders", json={"dropoff": {"latitude": 95, "longitude": 0}, "colour": "red"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["code"] == "invalid_input"
    assert {issue["field"] for issue in told["issues"]} == {"merchant_id", "dropoff.latitude", "colour"}
    assert all(issue["cause"] and issue["action"] for issue in told["issues"])


def test_a_change_needs_the_version_that_is_there(staff: httpx.Client) -> None:
    order = staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).json()
    cancel = {"reason": "duplicate"}
    path = f"/v1/orders/{order['id']}/cancel"
    late = staff.post(path, json=cancel, headers={"If-Match": '"9"'})
    assert (late.status_code, late.json()["code"]) == (412, "stale")
    done = staff.post(path, json=cancel, headers={"If-Match": '"1"'})
    assert (done.status_code, done.json()["status"]) == (200, "cancelled")
    twice = staff.post(path, json=cancel)
    assert (twice.status_code, twice.json()["code"]) == (409, "illegal_move")


def test_pages_follow_each_other_and_cursors_cannot_be_made_up(staff: httpx.Client) -> None:
    for _ in range(5):
        staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).raise_for_status()
    seen: list[str] = []
    query: dict[str, str | int] = {"limit": 2}
    while True:
        page = staff.get("/v1/orders", params=query).json()
        seen += [order["id"] for order in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert len(seen) == len(set(seen)) == 5
    forged = staff.get("/v1/orders", params={"cursor": "AAAAAAAAAAAAMQ"})
    assert (forged.status_code, forged.json()["issues"][0]["field"]) == (422, "cursor")


def test_a_merchant_sees_its_own_orders_only(live: Live, staff: httpx.Client) -> None:
    with live.client("admin") as admin:
        admin.post("/v1/merchants", json={"id": "m2", "place": PICKUP}).raise_for_status()
    mine = staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).json()
    other = staff.post("/v1/orders", json={"merchant_id": "m2", "dropoff": DROPOFF}).json()
    with live.client("merchant") as merchant:
        assert [order["id"] for order in merchant.get("/v1/orders").json()["items"]] == [mine["id"]]
        assert merchant.get(f"/v1/orders/{other['id']}").status_code == 404
        assert merchant.get("/v1/orders", params={"merchant_id": "m2"}).json()["items"] == [
            merchant.get(f"/v1/orders/{mine['id']}").json()
        ]
        refused = merchant.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_who_is_not_known_gets_in_nowhere(live: Live) -> None:
    with live.client("nobody") as nobody:
        answer = nobody.get("/v1/orders")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert httpx.get(f"{live.url}/v1/orders").status_code == 401
    assert httpx.get(f"{live.url}/health/ready").json() == {"status": "ok", "markets_held": 1, "cause": ""}


def test_what_was_placed_is_there_after_a_restart(sqlite_url: str) -> None:
    with live_api(sqlite_url, ticking=False) as live, live.client("admin") as admin:
        admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
        order = admin.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).json()
    with live_api(sqlite_url, ticking=False) as live, live.client("admin") as admin:
        assert admin.get(f"/v1/orders/{order['id']}").json() == order

"""What nobody should send: it is refused with the reason, changes nothing, and breaks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.api.test_orders import DROPOFF, PICKUP, START
from tests.support.builders import MARKET
from tests.support.live_api import Live, live_api

NASTY = "x'); DROP TABLE orders; --"
WHY = {"reason": "urgent_order", "text": NASTY}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_api(f"sqlite:///{tmp_path_factory.mktemp('bad')}/api.db", ticking=False) as running:
        with running.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "name": NASTY, "place": PICKUP}).raise_for_status()
            for number in (1, 2):
                admin.post("/v1/riders", json={"id": f"r{number}", "name": NASTY}).raise_for_status()
        for number in (1, 2):
            with running.client(f"rider-{number}") as rider:
                rider.post("/v1/riders/me/shift", json={"start": START}).raise_for_status()
        yield running


@pytest.fixture
def staff(live: Live) -> Iterator[httpx.Client]:
    with live.client("dispatcher") as client:
        yield client


def place(staff: httpx.Client, **more: object) -> str:
    placed = staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF, **more})
    assert placed.status_code == 201, placed.text
    return str(placed.json()["id"])


def test_sql_in_every_string_is_only_text(live: Live, staff: httpx.Client) -> None:
    more = {
        "platform": NASTY,
        "external_id": NASTY,
        "notes": NASTY,
        "items": [{"name": NASTY, "sku": NASTY}],
        "customer": {"name": NASTY, "address": NASTY},
        "attributes": {NASTY: NASTY},
    }
    order_id = place(staff, **more)
    found = staff.get("/v1/orders", params={"external_id": NASTY}).json()["items"]
    assert [one["id"] for one in found] == [order_id]
    assert found[0]["customer"]["name"] == NASTY
    for path in ("/v1/orders", "/v1/overrides"):
        assert staff.get(path, params={"rider_id": NASTY}).status_code == 422
    assert staff.get("/v1/events", params={"type": NASTY}).status_code == 422
    assert staff.get(f"/v1/orders/{NASTY}").status_code in (404, 422)
    assert staff.post("/v1/overrides", json={"kind": "hold", "order_id": order_id, **WHY}).status_code == 201
    assert live.store.load_state(MARKET).orders


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"merchant_id=m1", "application/x-www-form-urlencoded", 422),
        (b'{"merchant_id": "m1", "nonsense": 1}', "application/json", 422),
        (b'{"merchant_id": "m1", "dropoff": {"latitude": 1e400, "longitude": 0}}', "application/json", 422),
        (b'{"notes": "' + b"x" * 1_100_000 + b'"}', "application/json", 413),
    ],
)
def test_bodies_that_are_none_are_refused(staff: httpx.Client, content: bytes, kind: str, status: int) -> None:
    answer = staff.post("/v1/orders", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["action"]


def test_a_page_of_ten_thousand_rows_is_refused(staff: httpx.Client) -> None:
    for path in ("/v1/orders", "/v1/riders", "/v1/overrides", "/v1/plans", "/v1/shifts", "/v1/assignments"):
        assert staff.get(path, params={"limit": 10_000}).status_code == 422
        assert staff.get(path, params={"cursor": "AAAA"}).status_code == 422


def test_of_two_dispatchers_at_once_one_is_told_the_present_state(live: Live, staff: httpx.Client) -> None:
    for _ in range(5):
        order_id = place(staff)
        seen = {"If-Match": staff.get(f"/v1/orders/{order_id}").headers["ETag"]}

        def assign(rider: str, order_id: str = order_id, seen: dict[str, str] = seen) -> httpx.Response:
            with live.client("dispatcher") as client:
                body = {"kind": "assign", "order_id": order_id, "rider_id": rider, **WHY}
                return client.post("/v1/overrides", json=body, headers=seen)

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(assign, ("r1", "r2")), key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [201, 412]
        assert answers[1].json()["present"]["rider_id"] == answers[0].json()["order"]["rider_id"]


def test_the_present_state_holds_no_more_than_the_caller_may_see(live: Live, staff: httpx.Client) -> None:
    order_id = place(staff, customer={"name": "Ana", "phone": "+573001234567", "address": "Calle 1"})
    with live.client("merchant") as merchant:
        stale = merchant.post(f"/v1/orders/{order_id}/accept", json={}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["present"]["customer"]["name"]) == (412, "Ana")
    assert "+57300" not in stale.text
    assert "Calle" not in stale.text


def test_an_order_delivered_meanwhile_cannot_be_decided_about(live: Live, staff: httpx.Client) -> None:
    order_id = place(staff)
    give = {"kind": "assign", "order_id": order_id, "rider_id": "r2", **WHY}
    staff.post("/v1/overrides", json=give).raise_for_status()
    for other in [one["id"] for one in staff.get("/v1/orders", params={"rider_id": "r2"}).json()["items"]]:
        if other != order_id:
            staff.post("/v1/overrides", json={"kind": "unassign", "order_id": other, **WHY}).raise_for_status()
    with live.client("rider-2") as phone:
        picked: dict[str, object] = {"kind": "picked_up", "order_ids": [order_id]}
        ride: list[dict[str, object]] = [{"kind": "depart"}, {"kind": "arrived"}]
        done: dict[str, object] = {"kind": "delivered", "order_id": order_id}
        for number, action in enumerate([*ride, picked, *ride, done]):
            body = {"actions": [{"sequence": number, **action}]}
            [told] = phone.post("/v1/riders/me/actions", json=body).json()["results"]
            assert told["status"] == "done", told
    late = staff.post("/v1/overrides", json={**give, "kind": "reassign", "rider_id": "r1"})
    assert (late.status_code, late.json()["code"]) == (409, "order_over")
    trial = staff.post("/v1/overrides", params={"dry_run": True}, json={**give, "kind": "hold"})
    assert (trial.status_code, trial.json()["code"]) == (409, "order_over")


def test_a_device_whose_clock_is_wrong_moves_no_order_into_the_future(live: Live) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
    with live.client("rider-1") as phone:
        seen = {**PICKUP, "occurred_at": ahead}
        assert phone.post("/v1/riders/me/positions", json={"positions": [seen]}).status_code == 202
        body = {"actions": [{"sequence": 900, "kind": "problem", "problem": "traffic", "occurred_at": ahead}]}
        [told] = phone.post("/v1/riders/me/actions", json=body).json()["results"]
        assert told["status"] == "done"
    last = live.store.events(MARKET, live.store.last_seq(MARKET) - 1)[-1]
    assert last.occurred_at <= last.recorded_at
    with live.client("admin") as admin:
        [position] = [one for one in admin.get("/v1/positions").json() if one["rider_id"] == "r1"]
        assert datetime.fromisoformat(position["received_at"]) <= datetime.now(UTC) + timedelta(seconds=1)
        assert position["age_s"] >= 0


def test_a_body_without_a_length_is_not_read_for_ever(live: Live) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"notes": "'
        for _ in range(40):
            yield b"x" * 50_000

    with live.client("dispatcher") as client:
        answer = client.post("/v1/orders", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")

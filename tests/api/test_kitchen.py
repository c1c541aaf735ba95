"""Merchants say how far an order is; the office sees shifts, offers, assignments and positions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from dispatch.store.live.history import PositionHistory
from tests.api.test_orders import DROPOFF, PICKUP, START
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
def staff(live: Live) -> Iterator[httpx.Client]:
    with live.client("operations") as client:
        yield client


def test_a_kitchen_takes_delays_and_finishes_an_order(live: Live, staff: httpx.Client) -> None:
    order_id = staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).json()["id"]
    later = (datetime.now(UTC) + timedelta(minutes=40)).replace(microsecond=0)
    with live.client("merchant") as kitchen:
        path = f"/v1/orders/{order_id}"
        assert kitchen.post(f"{path}/accept", json={}).json()["status"] == "accepted"
        assert kitchen.post(f"{path}/preparing").json()["status"] == "preparing"
        late = kitchen.post(f"{path}/ready-time", json={"ready_at": later.isoformat(), "reason": "oven"}).json()
        assert datetime.fromisoformat(late["ready_at"]) == later
        assert kitchen.post(f"{path}/ready").json()["status"] == "ready"
        refused = kitchen.post(f"{path}/reject", json={"reason": "closed"})
        assert (refused.status_code, refused.json()["code"]) == (409, "illegal_move")
        seen = {"If-Match": '"1"'}
        assert kitchen.post(f"{path}/collected", headers=seen).status_code == 412


def test_an_order_is_changed_before_its_pickup(staff: httpx.Client) -> None:
    placed = staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).json()
    body = {"notes": "second floor", "size": 2, "dropoff": START}
    changed = staff.patch(f"/v1/orders/{placed['id']}", json=body, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["notes"], changed.json()["size"], changed.json()["dropoff"]) == ("second floor", 2, START)
    assert staff.patch(f"/v1/orders/{placed['id']}", json=body, headers={"If-Match": '"1"'}).status_code == 412
    assert staff.patch(f"/v1/orders/{placed['id']}", json={"merchant_id": "m2"}).status_code == 422
    assert staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF, "priority": -1}).status_code == 422


def test_the_office_sees_the_work_of_riders(live: Live, staff: httpx.Client) -> None:
    now = datetime.now(UTC)
    shift = {
        "id": "s-late",
        "rider_id": "r1",
        "starts_at": (now + timedelta(hours=3)).isoformat(),
        "ends_at": (now + timedelta(hours=6)).isoformat(),
        "start": START,
    }
    assert staff.post("/v1/shifts", json=shift).status_code == 201
    assert staff.post("/v1/shifts", json={**shift, "ends_at": shift["starts_at"]}).status_code == 422
    assert staff.post("/v1/shifts", json={**shift, "rider_id": "r9"}).status_code == 404
    with live.client("rider-1") as rider:
        rider.post("/v1/riders/me/shift", json={"start": START}).raise_for_status()
        old = {**PICKUP, "occurred_at": (now - timedelta(minutes=10)).isoformat()}
        rider.post("/v1/riders/me/positions", json={"positions": [old]}).raise_for_status()
    assert len(staff.get("/v1/shifts", params={"rider_id": "r1"}).json()["items"]) == 2
    [seen] = staff.get("/v1/positions").json()
    assert (seen["rider_id"], seen["stale"], seen["place"]) == ("r1", True, PICKUP)
    order_id = staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).json()["id"]
    give = {"kind": "assign", "order_id": order_id, "rider_id": "r1", "reason": "training", "text": "first one"}
    staff.post("/v1/overrides", json=give).raise_for_status()
    [given] = staff.get("/v1/assignments", params={"order_id": order_id}).json()["items"]
    assert (given["rider_id"], given["how"], given["end"]) == ("r1", "OrderAssigned", "")
    assert staff.get("/v1/offers").json()["items"] == []
    assert [stop["tasks"][0]["kind"] for stop in staff.get("/v1/riders/r1/tasks").json()["stops"]] == [
        "pickup",
        "dropoff",
    ]


def test_positions_late_and_doubled_end_up_once_in_the_history(sqlite_url: str, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    instants = [now - timedelta(minutes=minutes) for minutes in (1, 3, 3, 5)]
    with live_api(sqlite_url, ticking=False, history=tmp_path) as live:
        with live.client("admin") as admin:
            admin.post("/v1/riders", json={"id": "r1"}).raise_for_status()
        with live.client("rider-1") as rider:
            seen = [{**PICKUP, "occurred_at": at.isoformat()} for at in instants]
            rider.post("/v1/riders/me/positions", json={"positions": seen}).raise_for_status()
        until = time.monotonic() + 20
        while not list(tmp_path.rglob("*.parquet")):
            assert time.monotonic() < until, "nothing was written"
            time.sleep(0.05)
        time.sleep(0.2)
        with live.client("rider-1") as rider:
            rider.post("/v1/riders/me/positions", json={"positions": seen}).raise_for_status()
        time.sleep(0.3)
    history = PositionHistory(tmp_path)
    days = sorted({at.date().isoformat() for at in instants})
    kept = [row for day in days for row in history.read(MARKET, day).collect()["occurred_at"].to_list()]
    assert kept == sorted({int(at.timestamp()) for at in instants})

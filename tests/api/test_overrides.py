"""Dispatchers decide over the optimizer's head, and see first what it would do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from dispatch.service.loop import Pace
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


def test_many_are_decided_each_for_itself(live: Live, staff: httpx.Client, order_id: str) -> None:
    other = str(staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).json()["id"])
    items = [
        {"kind": "assign", "order_id": order_id, "rider_id": "r1", **WHY},
        {"kind": "assign", "order_id": "nowhere", "rider_id": "r1", **WHY},
        {"kind": "hold", "order_id": other, "version": 99, **WHY},
        {"kind": "prioritise", "order_id": other, **WHY},
        {"kind": "hold", "order_id": other, **WHY},
    ]
    trial = staff.post("/v1/overrides/bulk", params={"dry_run": True}, json={"items": items})
    assert trial.status_code == 200, trial.text
    assert [one["status"] for one in trial.json()["items"]] == ["would", "refused", "refused", "refused", "would"]
    assert staff.get("/v1/overrides").json()["items"] == []
    headers = {"Idempotency-Key": "many-1"}
    made = staff.post("/v1/overrides/bulk", json={"items": items}, headers=headers).json()
    assert (made["done"], made["refused"]) == (2, 3)
    codes = [one["code"] for one in made["items"]]
    assert codes == ["", "not_found", "stale", "invalid_input", ""]
    assert made["items"][3]["issues"][0]["field"] == "priority"
    assert made["items"][4]["result"]["order"]["held_until"] is None
    again = staff.post("/v1/overrides/bulk", json={"items": items}, headers=headers).json()
    assert [one["status"] for one in again["items"]] == [one["status"] for one in made["items"]]
    assert len(staff.get("/v1/overrides").json()["items"]) == 2


def test_a_decision_is_taken_back_once(staff: httpx.Client, order_id: str) -> None:
    body = {"kind": "assign", "order_id": order_id, "rider_id": "r2", **WHY}
    made = staff.post("/v1/overrides", json=body).json()["override"]["id"]
    why = {"text": "the wrong order"}
    trial = staff.post(f"/v1/overrides/{made}/undo", params={"dry_run": True}, json=why)
    assert (trial.status_code, trial.json()["order"]["rider_id"]) == (200, None)
    undone = staff.post(f"/v1/overrides/{made}/undo", json=why)
    assert undone.status_code == 201, undone.text
    told = undone.json()
    assert (told["override"]["undoes"], told["override"]["reason"]) == (made, "mistake")
    assert (told["order"]["rider_id"], told["order"]["pinned_to"], told["order"]["dispatch"]) == (None, None, "open")
    assert staff.post(f"/v1/overrides/{made}/undo", json=why).json()["code"] == "already_undone"
    assert len(staff.get("/v1/overrides").json()["items"]) == 2


def test_a_priority_for_a_limited_time_ends_by_itself(staff: httpx.Client, order_id: str) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    body = {"kind": "prioritise", "order_id": order_id, "priority": 5, "until": soon.isoformat(), **WHY}
    assert staff.post("/v1/overrides", json=body).json()["order"]["priority"] == 5
    until = time.monotonic() + 15
    while staff.get(f"/v1/orders/{order_id}").json()["priority"] == 5:
        assert time.monotonic() < until, "the priority did not end"
        time.sleep(0.1)
    ended = staff.get("/v1/overrides").json()["items"][0]
    assert (ended["reason"], ended["priority"]) == ("expired", 0)
    refused = staff.post("/v1/overrides", json={**body, "reason": "expired"})
    assert refused.status_code == 422


def test_a_rider_seen_otherwise_is_shown_as_it_is(staff: httpx.Client) -> None:
    body = {"kind": "pause_rider", "rider_id": "r1", **WHY}
    stale = staff.post("/v1/overrides", json=body, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["present"]["id"]) == (412, "r1")
    assert staff.post("/v1/overrides", json=body, headers={"If-Match": stale.headers["ETag"]}).status_code == 201


SLOW = Pace(tick_s=3600, least_s=0.05, pressure_orders=1000)


def test_a_dry_run_says_what_the_plan_prefers_and_whom_it_touches(sqlite_url: str) -> None:
    with live_api(sqlite_url, pace=SLOW) as live, live.client("admin") as staff:
        staff.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
        far = {"latitude": PICKUP["latitude"] + 0.05, "longitude": PICKUP["longitude"]}
        for number, start in ((1, PICKUP), (2, far)):
            staff.post("/v1/riders", json={"id": f"r{number}"}).raise_for_status()
            with live.client(f"rider-{number}") as rider:
                rider.post("/v1/riders/me/shift", json={"start": start}).raise_for_status()
        orders = [
            str(staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).json()["id"]) for _ in range(2)
        ]
        body = {"kind": "assign", "order_id": orders[0], "rider_id": "r2", **WHY}
        trial = staff.post("/v1/overrides", params={"dry_run": True}, json=body, timeout=120)
        assert trial.status_code == 200, trial.text
        told = trial.json()["foreseen"]
        assert told["preferred_rider_id"] == "r1"
        assert told["cost_difference"] == told["cost_with"] - told["cost"] > 0
        touched = {change["order_id"]: change for change in told["changes"]}
        mine = touched[orders[0]]
        assert (mine["rider_before"], mine["rider_after"]) == ("r1", "r2")
        assert mine["delivery_after"] > mine["delivery_before"]
        assert staff.get("/v1/overrides").json()["items"] == []

        made = staff.post("/v1/overrides", json=body).json()
        assert made["override"]["preferred_rider_id"] == "r1"
        assert made["override"]["cost_difference"] == made["foreseen"]["cost_difference"] > 0
        held = {"kind": "hold", "order_id": orders[1], **WHY}
        waits = staff.post("/v1/overrides", params={"dry_run": True}, json=held).json()["foreseen"]
        change = next(one for one in waits["changes"] if one["order_id"] == orders[1])
        assert (change["rider_after"], change["delivery_after"]) == (None, None)
        assert waits["cost_difference"] > 0

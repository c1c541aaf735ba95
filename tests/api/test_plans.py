"""Plans can be looked at, policies changed while the market goes on, and another one tried beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import httpx
import pytest

from tests.api.test_orders import DROPOFF, PICKUP, START
from tests.support.live_api import Live, live_api

PATIENCE_S = 120


@pytest.fixture
def live(sqlite_url: str) -> Iterator[Live]:
    with live_api(sqlite_url) as running:
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
    with live.client("operations") as client:
        yield client


T = TypeVar("T")


def eventually(found: Callable[[], T | None]) -> T:
    until = time.monotonic() + PATIENCE_S
    while not (value := found()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.1)
    return value


def place(staff: httpx.Client) -> str:
    return str(staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).json()["id"])


def plan_with(staff: httpx.Client, order_id: str) -> dict[str, Any]:
    """The newest plan that has the order."""

    def look() -> dict[str, Any] | None:
        for one in staff.get("/v1/plans", params={"limit": 5}).json()["items"]:
            plan = staff.get(f"/v1/plans/{one['id']}").json()
            if any(item["order_id"] == order_id for item in plan["items"]):
                return dict(plan)
        return None

    return eventually(look)


def test_a_plan_is_kept_with_its_figures_and_explains_every_order(live: Live, staff: httpx.Client) -> None:
    order_id = place(staff)
    plan = plan_with(staff, order_id)
    mine = next(item for item in plan["items"] if item["order_id"] == order_id)
    assert (mine["verdict"], mine["rider_id"] in {"r1", "r2"}) == ("planned", True)
    assert mine["pickup_at"] < mine["delivery_at"]
    assert (plan["policy"], plan["orders"], plan["riders"]) == ("default", 1, 2)
    assert plan["summary"]["verdicts"]["planned"] == 1
    assert plan["summary"]["cost"] >= plan["summary"]["bound"]

    told = staff.get(f"/v1/orders/{order_id}/explanation", params={"plan_id": plan["id"]}).json()
    assert (told["plan_id"], told["rider_id"], told["order_id"]) == (plan["id"], mine["rider_id"], order_id)
    assert sum(told["candidates"][0]["terms"].values()) == told["candidates"][0]["cost"]
    assert staff.get(f"/v1/plans/{plan['id']}/record").content.startswith(b"dispatch-record ")
    assert staff.get("/v1/orders/nowhere/explanation").status_code == 404
    assert staff.get("/v1/plans/0000000-1").json()["code"] == "not_found"
    with live.client("merchant") as merchant:
        assert merchant.get("/v1/plans").status_code == 403


def test_an_order_that_is_held_is_in_no_plan(staff: httpx.Client) -> None:
    order_id = place(staff)
    hold = {"kind": "hold", "order_id": order_id, "reason": "other", "text": "wait"}
    staff.post("/v1/overrides", json=hold).raise_for_status()
    answer = staff.get(f"/v1/orders/{order_id}/explanation", params={"plan_id": "0000000-1"})
    assert answer.status_code == 404


def newest_tick(admin: httpx.Client) -> int:
    return int(eventually(lambda: admin.get("/v1/plans").json()["items"] or None)[0]["tick"])


def test_old_plans_are_deleted(sqlite_url: str) -> None:
    with live_api(sqlite_url, plans_kept=3) as live, live.client("admin") as admin:
        admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}).raise_for_status()
        for _ in range(6):
            place(admin)
            before = newest_tick(admin)
            while newest_tick(admin) == before:
                time.sleep(0.05)
        kept = admin.get("/v1/plans").json()["items"]
        assert len(kept) <= 3
        assert kept == sorted(kept, key=lambda one: -int(one["tick"]))


def test_a_policy_is_checked_kept_activated_and_followed(live: Live, staff: httpx.Client) -> None:
    assert [one["active"] for one in staff.get("/v1/policies").json() if one["name"] == "default"] == [True]
    wrong = {"name": "calm", "settings": {"loop": {"offer_s": "long", "nonsense": 1}, "params": {"weights": 3}}}
    checked = staff.post("/v1/policies/validate", json=wrong).json()
    assert not checked["valid"]
    assert {issue["field"] for issue in checked["issues"]} == {"loop.offer_s", "loop.nonsense", "params.weights"}
    refused = staff.post("/v1/policies", json=wrong)
    assert (refused.status_code, len(refused.json()["issues"])) == (422, 3)

    kept = staff.post("/v1/policies", json={"name": "calm", "toml": "[loop]\noffer_s = 25\n", "note": "slower"})
    assert kept.status_code == 201, kept.text
    assert (kept.json()["version"], kept.json()["settings"]["loop"]["offer_s"]) == (1, 25)
    second = staff.post("/v1/policies", json={"name": "calm", "settings": {"loop": {"offer_s": 35}}}).json()
    assert (second["version"], second["active"]) == (2, False)
    assert staff.get("/v1/policies/calm").json()["version"] == 2
    assert staff.get("/v1/policies/calm", params={"version": 1}).json()["created_by"] == "u-operations"
    forked = staff.post("/v1/policies", json={"name": "default", "settings": {}}).json()
    assert forked["version"] > staff.get("/v1/policies").json()[0]["version"] or forked["version"] > 1

    assert staff.post("/v1/policies/calm/3/activate").status_code == 404
    with live.client("dispatcher") as dispatcher:
        assert dispatcher.post("/v1/policies/calm/2/activate").status_code == 403
    staff.post("/v1/policies/calm/2/activate").raise_for_status()
    order_id = place(staff)
    eventually(lambda: plan_with(staff, order_id)["policy"] == "calm" or None)
    history = staff.get("/v1/policies/history").json()["items"]
    assert [(one["name"], one["version"], one["actor_id"]) for one in history] == [("calm", 2, "u-operations")]
    assert [one["version"] for one in staff.get("/v1/policies").json() if one["active"]] == [2]


def test_a_shadow_decides_beside_without_acting(live: Live, staff: httpx.Client) -> None:
    body = {"name": "slow", "settings": {"params": {"weights": {"travel": 50}}}}
    staff.post("/v1/policies", json=body).raise_for_status()
    assert staff.post("/v1/shadows", json={"name": "slow", "version": 9}).status_code == 404
    shadow = staff.post("/v1/shadows", json={"name": "slow", "version": 1, "note": "try"}).json()
    place(staff)

    def report() -> dict[str, Any] | None:
        found = staff.get(f"/v1/shadows/{shadow['id']}").json()
        return dict(found) if found["ticks"] else None

    told = eventually(report)
    assert told["acting"]["planned"] >= told["ticks"]
    assert told["shadow"]["planned"] >= told["ticks"]
    assert told["cost_ratio"] >= 1
    assert told["same_rider_share"] is not None
    assert {one["policy"] for one in staff.get("/v1/plans").json()["items"]} == {"default"}
    assert staff.delete("/v1/shadows").status_code == 204
    assert staff.delete("/v1/shadows").status_code == 404
    assert staff.get("/v1/shadows").json()[0]["ended_by"] == "u-operations"


def test_the_same_key_keeps_one_version(live: Live, staff: httpx.Client) -> None:
    body, key = {"name": "twice", "settings": {}}, {"Idempotency-Key": "policy-1"}
    first, again = (staff.post("/v1/policies", json=body, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert first.json()["version"] == 1
    other = staff.post("/v1/policies", json={**body, "note": "x"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    shadow = {"name": "twice", "version": 1}
    started = [staff.post("/v1/shadows", json=shadow, headers={"Idempotency-Key": "shadow-1"}) for _ in range(2)]
    assert started[0].json() == started[1].json()
    hook = {"url": "https://shop.example/dispatch"}
    made = [staff.post("/v1/webhooks", json=hook, headers={"Idempotency-Key": "hook-1"}) for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    assert made[0].json() == made[1].json()
    assert len(staff.get("/v1/webhooks").json()) == 1

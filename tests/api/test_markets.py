"""Markets are set up and changed while the service runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest

from dispatch.store.leases import StoreLeases
from dispatch.store.store import open_store
from tests.api.test_orders import DROPOFF, PICKUP
from tests.support.live_api import Live, live_api

CALI = {"id": "cali", "name": "Cali", "time_zone": "America/Bogota", "currency": "COP"}


@pytest.fixture
def live(sqlite_url: str) -> Iterator[Live]:
    with live_api(sqlite_url, ticking=False) as running:
        yield running


@pytest.fixture
def admin(live: Live) -> Iterator[httpx.Client]:
    with live.client("admin") as client:
        yield client


def await_held(admin: httpx.Client, market_id: str) -> None:
    until = time.monotonic() + 20
    while not admin.get(f"/v1/markets/{market_id}").json()["held"]:
        assert time.monotonic() < until, "nobody holds the market"
        time.sleep(0.05)


def test_a_market_is_set_up_and_used_at_once(live: Live, admin: httpx.Client) -> None:
    made = admin.post("/v1/markets", json=CALI)
    assert made.status_code == 201, made.text
    assert (made.json()["currency"], made.json()["seq"]) == ("COP", 0)
    assert admin.post("/v1/markets", json=CALI).json()["code"] == "market_taken"
    await_held(admin, "cali")
    there = {"market_id": "cali"}
    admin.post("/v1/merchants", params=there, json={"id": "m1", "place": PICKUP}).raise_for_status()
    order = admin.post("/v1/orders", params=there, json={"merchant_id": "m1", "dropoff": DROPOFF})
    assert (order.status_code, order.json()["market_id"]) == (201, "cali")
    assert admin.get("/v1/orders").json()["code"] == "market_missing"


def test_two_who_change_a_market_at_once_are_kept_apart(admin: httpx.Client) -> None:
    made = admin.post("/v1/markets", json=CALI)
    shown = admin.get("/v1/markets/cali")
    assert made.headers["ETag"] == shown.headers["ETag"] == '"1"'
    seen = {"If-Match": shown.headers["ETag"]}
    first = admin.patch("/v1/markets/cali", json={"name": "One"}, headers=seen)
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    second = admin.patch("/v1/markets/cali", json={"name": "Two"}, headers=seen)
    assert (second.status_code, second.json()["code"]) == (412, "stale")
    assert admin.get("/v1/markets/cali").json()["name"] == "One"
    assert admin.patch("/v1/markets/cali", json={"name": "Two"}, headers={"If-Match": '"2"'}).status_code == 200


def test_while_nobody_holds_a_market_commands_are_told_when_to_come_back(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        away = asyncio.run(StoreLeases(store.writer).acquire("market:bogota", "a process that hangs", 60_000))
        assert away is not None
    with live_api(sqlite_url, ticking=False) as live, live.client("admin") as admin:
        answer = admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP})
        assert (answer.status_code, answer.json()["code"]) == (503, "market_away")
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert admin.get("/v1/orders").status_code == 200


def test_a_change_is_seen_and_a_new_pace_makes_planning_begin_anew(admin: httpx.Client) -> None:
    admin.post("/v1/markets", json=CALI).raise_for_status()
    await_held(admin, "cali")
    assert admin.patch("/v1/markets/cali", json={"name": "Santiago de Cali"}).json()["name"] == "Santiago de Cali"
    assert admin.get("/v1/markets/cali").json()["held"]
    admin.patch("/v1/markets/cali", json={"pace": {"tick_s": 5}}).raise_for_status()
    time.sleep(1.5)
    await_held(admin, "cali")
    there = {"market_id": "cali"}
    assert admin.post("/v1/merchants", params=there, json={"id": "m1", "place": PICKUP}).status_code == 201


def test_what_is_wrong_with_a_market_is_told_at_once(live: Live, admin: httpx.Client) -> None:
    wrong = {"id": "Cali!", "time_zone": "Mars", "currency": "pesos", "pace": {"tick_s": 1, "least_s": 2}}
    answer = admin.post("/v1/markets", json=wrong)
    fields = {issue["field"] for issue in answer.json()["issues"]}
    assert (answer.status_code, fields) == (422, {"id", "time_zone", "currency", "pace"})
    with live.client("dispatcher") as dispatcher:
        assert dispatcher.post("/v1/markets", json=CALI).status_code == 403
    with live.client("elsewhere") as elsewhere:
        assert elsewhere.post("/v1/markets", json=CALI).status_code == 403
        assert elsewhere.patch("/v1/markets/bogota", json={"name": "x"}).status_code == 404

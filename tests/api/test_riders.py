"""A rider's day over HTTP: from an order placed to the order at the door."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import httpx
import pytest

from dispatch.model.actor import ActorKind
from tests.api.test_orders import DROPOFF, PICKUP, START
from tests.support.live_api import Live, live_api

T = TypeVar("T")
PATIENCE_S = 120
"""Long enough to compile the solver where that has not been done before."""


@pytest.fixture
def live(sqlite_url: str) -> Iterator[Live]:
    with live_api(sqlite_url) as running:
        with running.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "name": "Arepas", "place": PICKUP}).raise_for_status()
            for number in (1, 2):
                admin.post("/v1/riders", json={"id": f"r{number}", "name": "Ana"}).raise_for_status()
        yield running


class Phone:
    """A rider's device: counts its actions and pulls its tasks."""

    def __init__(self, client: httpx.Client) -> None:
        self.client, self.sequence, self.tag = client, 0, ""

    def pull(self, wait_s: float = 5.0) -> dict[str, Any] | None:
        answer = self.client.get("/v1/riders/me/tasks", params={"wait_s": wait_s}, headers={"If-None-Match": self.tag})
        assert answer.status_code in (200, 304), answer.text
        self.tag = answer.headers["ETag"]
        if answer.status_code == 304:
            return None
        return dict(answer.json())

    def pull_until(self, seen: Callable[[dict[str, Any]], T | None]) -> T:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            tasks = self.pull()
            found = None if tasks is None else seen(tasks)
            if found:
                return found
        raise AssertionError("nothing of that kind came")

    def do(self, kind: str, **fields: object) -> dict[str, Any]:
        self.sequence += 1
        answer = self.client.post(
            "/v1/riders/me/actions", json={"actions": [{"kind": kind, "sequence": self.sequence, **fields}]}
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def start_shift(self) -> None:
        self.client.post("/v1/riders/me/shift", json={"start": START}).raise_for_status()


def first_offer(tasks: dict[str, Any]) -> dict[str, Any] | None:
    return dict(tasks["offers"][0]) if tasks["offers"] else None


def place(live: Live, **fields: object) -> dict[str, Any]:
    with live.client("dispatcher") as staff:
        answer = staff.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF, **fields})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


def order_now(live: Live, order_id: str) -> dict[str, Any]:
    with live.client("dispatcher") as staff:
        return dict(staff.get(f"/v1/orders/{order_id}").json())


def ready_now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def test_an_order_goes_from_placed_to_delivered(live: Live) -> None:
    with live.client("rider-1") as client:
        phone = Phone(client)
        phone.start_shift()
        order = place(live, ready_at=ready_now(), customer={"name": "Luz", "phone": "+573001234567"})
        offer = phone.pull_until(first_offer)
        assert offer["order_ids"] == [order["id"]]
        assert [task["customer"] for stop in offer["stops"] for task in stop["tasks"]] == [None, None]

        tasks = phone.do("accept", offer_id=offer["id"])["tasks"]
        assert [task["kind"] for stop in tasks["stops"] for task in stop["tasks"]] == ["pickup", "dropoff"]
        assert tasks["stops"][1]["tasks"][0]["customer"]["phone"] == "+573001234567"
        assert tasks["stops"][0]["name"] == "Arepas"

        tasks = phone.do("depart")["tasks"]
        assert tasks["leg"]["destination"] == PICKUP
        assert tasks["leg"]["arrives_at"] > tasks["leg"]["departed_at"]
        phone.do("arrived")
        phone.do("picked_up", order_ids=[order["id"]])
        assert order_now(live, order["id"])["status"] == "picked_up"
        phone.do("depart")
        phone.do("arrived")
        done = phone.do("delivered", order_id=order["id"], proof={"kind": "code", "reference": "4711"})
        assert [result["status"] for result in done["results"]] == ["done"]
        assert done["tasks"]["stops"] == []
    final = order_now(live, order["id"])
    assert (final["status"], final["dispatch"], final["rider_id"]) == ("delivered", "done", "r1")


def test_a_device_that_was_offline_sends_its_queue_twice_and_nothing_is_doubled(live: Live) -> None:
    with live.client("rider-1") as client:
        phone = Phone(client)
        phone.start_shift()
        order = place(live, ready_at=ready_now())
        offer = phone.pull_until(first_offer)
        queue = [
            {"kind": "accept", "offer_id": offer["id"]},
            {"kind": "depart"},
            {"kind": "arrived"},
            {"kind": "picked_up", "order_ids": [order["id"]]},
            {"kind": "delivered", "order_id": order["id"]},
        ]
        body = {"actions": [{"sequence": number, **action} for number, action in enumerate(queue)]}
        first = client.post("/v1/riders/me/actions", json=body).json()
        assert [result["status"] for result in first["results"]] == ["done", "done", "done", "done", "refused"]
        assert first["results"][-1]["code"] == "not_there"
        market_id = live.store.markets()[0]
        seq = live.store.last_seq(market_id)
        assert [entry for entry in live.store.events(market_id) if entry.actor.kind is ActorKind.RIDER]
        again = client.post("/v1/riders/me/actions", json=body).json()
        assert [result["status"] for result in again["results"][:4]] == ["repeated"] * 4
        after = live.store.events(market_id, seq)
        assert not [entry for entry in after if entry.actor.kind is ActorKind.RIDER]


def test_nothing_new_is_a_304_and_a_change_ends_the_wait(live: Live) -> None:
    with live.client("rider-1") as client:
        phone = Phone(client)
        phone.start_shift()
        phone.pull()
        began = time.monotonic()
        same = client.get("/v1/riders/me/tasks", params={"wait_s": 0.3}, headers={"If-None-Match": phone.tag})
        assert same.status_code == 304
        assert time.monotonic() - began >= 0.3
        place(live, ready_at=ready_now())
        phone.pull_until(first_offer)


def test_a_declined_order_goes_to_the_other_rider(live: Live) -> None:
    with live.client("rider-1") as one:
        phone = Phone(one)
        phone.start_shift()
        order = place(live, ready_at=ready_now())
        offer = phone.pull_until(first_offer)
        phone.do("decline", offer_id=offer["id"], reason="too_far")
    with live.client("rider-2") as other:
        phone = Phone(other)
        phone.start_shift()
        assert phone.pull_until(first_offer)["order_ids"] == [order["id"]]


def test_positions_are_taken_and_only_the_rider_sees_the_tasks(live: Live) -> None:
    with live.client("rider-1") as client:
        Phone(client).start_shift()
        seen = {**START, "occurred_at": ready_now(), "accuracy_m": 8}
        answer = client.post("/v1/riders/me/positions", json={"positions": [seen]})
        assert (answer.status_code, answer.json()) == (202, {"taken": 1})
    with live.client("dispatcher") as staff:
        assert staff.get("/v1/riders/me/tasks").status_code == 403
        rider = staff.get("/v1/riders/r1").json()
        assert (rider["on_shift"], rider["name"]) == (True, "Ana")

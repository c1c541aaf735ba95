"""Robots ride in a sandbox: while the clock is moved they take offers, collect and deliver, each step in its turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatch.engine.clock import SimulatedClock
from dispatch.model.events import LegStarted, OfferAccepted, OfferMade, OrderDelivered, OrderPickedUp, Recorded
from tests.api.test_orders import DROPOFF, PICKUP
from tests.support.builders import MARKET, NOON
from tests.support.live_api import Live, live_api

ROBOTS = "/v1/sandbox/robots"
READY = "2023-11-15T12:05:00Z"


@pytest.fixture
def live(sqlite_url: str) -> Iterator[Live]:
    with live_api(sqlite_url, sandbox=True, clock=SimulatedClock(NOON)) as running:
        yield running


def set_up(live: Live, orders: int) -> list[str]:
    """A merchant and some orders; their ids."""
    with live.client("admin") as admin:
        admin.post("/v1/merchants", json={"id": "m1", "name": "Arepas", "place": PICKUP}).raise_for_status()
        names = [f"o{number}" for number in range(orders)]
        for name in names:
            body = {"id": name, "merchant_id": "m1", "dropoff": DROPOFF, "ready_at": READY}
            admin.post("/v1/orders", json=body).raise_for_status()
    return names


def send(live: Live, count: int, **more: object) -> list[str]:
    with live.client("integrator") as client:
        answer = client.post(ROBOTS, json={"count": count, "near": PICKUP, **more}).raise_for_status()
    found: list[str] = answer.json()["rider_ids"]
    return found


def log_of(live: Live) -> list[Recorded]:
    return live.store.events(MARKET)


def test_within_an_hour_of_the_clock_everything_is_delivered_in_order(live: Live) -> None:
    orders = set_up(live, 5)
    assert send(live, 3) == ["robot-1", "robot-2", "robot-3"]
    live.advance(3600)
    with live.client("dispatcher") as staff:
        told = [staff.get(f"/v1/orders/{name}").json() for name in orders]
    assert {one["status"] for one in told} == {"delivered"}
    log = log_of(live)
    assert [entry.recorded_at for entry in log] == sorted(entry.recorded_at for entry in log)
    for name in orders:
        assert kinds_about(log, name) == [OfferMade, OfferAccepted, OrderPickedUp, OrderDelivered]
    picked_up = [entry.recorded_at for entry in log if isinstance(entry.event, OrderPickedUp)]
    assert min(picked_up) == NOON + 300  # nobody gets food before it is ready, and nobody waits longer than that
    assert {e.actor.id for e in log if isinstance(e.event, OrderDelivered)} <= {"robot-1", "robot-2", "robot-3"}


def kinds_about(log: list[Recorded], order_id: str) -> list[type]:
    wanted = (OfferMade, OfferAccepted, OrderPickedUp, OrderDelivered)
    offers = {
        entry.event.offer_id
        for entry in log
        if isinstance(entry.event, OfferMade) and order_id in entry.event.order_ids
    }
    about: list[type] = []
    for event in (entry.event for entry in log if isinstance(entry.event, wanted)):
        names = [getattr(event, "order_id", ""), *getattr(event, "order_ids", ())]
        if order_id in names or getattr(event, "offer_id", "") in offers:
            about.append(type(event))
    return about


def test_a_robot_takes_ten_seconds_for_an_offer_and_is_seen_on_the_way(live: Live) -> None:
    set_up(live, 1)
    send(live, 1, vehicle="bicycle")
    live.advance(10)
    (made,) = [entry for entry in log_of(live) if isinstance(entry.event, OfferMade)]
    live.advance(9)
    assert not [entry for entry in log_of(live) if isinstance(entry.event, OfferAccepted)]
    live.advance(1)
    (taken,) = [entry for entry in log_of(live) if isinstance(entry.event, OfferAccepted)]
    assert taken.recorded_at == made.recorded_at + 10
    live.advance(340)  # it has had the food for a minute
    (leg,) = [entry.event for entry in log_of(live) if isinstance(entry.event, LegStarted)][1:]
    assert leg.arrives_at > NOON + 360
    with live.client("dispatcher") as staff:
        (seen,) = staff.get("/v1/positions").json()
    assert seen["occurred_at"] == "2023-11-15T12:06:00Z"
    assert seen["place"] not in (PICKUP, DROPOFF)


def test_however_the_way_is_cut_into_pieces_the_log_is_the_same(live: Live, empty_sqlite: Path, tmp_path: Path) -> None:
    def play(one: Live, steps: tuple[int, ...]) -> list[tuple[str, int]]:
        set_up(one, 3)
        send(one, 2)
        for seconds in steps:
            one.advance(seconds)
        return [(type(entry.event).__name__, entry.recorded_at) for entry in log_of(one)]

    first = play(live, (1800,))
    other = tmp_path / "other.db"
    other.write_bytes(empty_sqlite.read_bytes())
    with live_api(f"sqlite:///{other}", sandbox=True, clock=SimulatedClock(NOON)) as again:
        assert play(again, (7, 13, 580, 1200)) == first


def test_robots_ride_on_after_a_restart_and_go_home(sqlite_url: str) -> None:
    clock = SimulatedClock(NOON)
    with live_api(sqlite_url, sandbox=True, clock=clock) as live:
        orders = set_up(live, 1)
        send(live, 1, shift_s=1800)
        live.advance(60)
    with live_api(sqlite_url, sandbox=True, clock=SimulatedClock(clock.now())) as live:
        live.advance(3600)
        assert send(live, 1) == ["robot-2"]
        with live.client("dispatcher") as staff:
            assert staff.get(f"/v1/orders/{orders[0]}").json()["status"] == "delivered"
            at_work = staff.get("/v1/riders?on_shift=true").json()["items"]
    assert [rider["id"] for rider in at_work] == ["robot-2"]


def test_the_same_key_sends_robots_once_and_a_service_that_is_no_sandbox_has_none(live: Live, tmp_path: Path) -> None:
    body: dict[str, Any] = {"count": 2, "near": PICKUP}
    with live.client("integrator") as client:
        answers = [client.post(ROBOTS, json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
        assert [answer.json() for answer in answers] == [{"rider_ids": ["robot-1", "robot-2"]}] * 2
        assert client.post(ROBOTS, json={**body, "count": 0}).status_code == 422
    with live.client("operations") as client:
        assert client.post(ROBOTS, json=body).status_code == 403
    with (
        live_api(f"sqlite:///{tmp_path}/real.db", ticking=False) as real,
        real.client("integrator") as client,
    ):
        assert client.post(ROBOTS, json=body).status_code == 404

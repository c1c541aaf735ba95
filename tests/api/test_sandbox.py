"""A sandbox: time goes only when it is told to, and everything due on the way happens first."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from dispatch.engine.clock import SimulatedClock
from dispatch.model.actor import SYSTEM_ACTOR
from dispatch.model.events import PolicyChanged
from dispatch.model.order import MarketId
from dispatch.settings import load_settings
from dispatch.store.store import open_store
from tests.api.test_orders import DROPOFF, PICKUP
from tests.api.test_riders import Phone, order_now
from tests.api.test_serve import Process
from tests.support.builders import MARKET, NOON
from tests.support.live_api import Live, live_api

CLOCK = "/v1/sandbox/clock"
NOON_TEXT = "2023-11-15T12:00:00Z"


@pytest.fixture
def live(sqlite_url: str) -> Iterator[Live]:
    with live_api(sqlite_url, sandbox=True, clock=SimulatedClock(NOON)) as running:
        set_up(running)
        yield running


def set_up(live: Live) -> None:
    with live.client("admin") as admin:
        admin.post("/v1/merchants", json={"id": "m1", "name": "Arepas", "place": PICKUP}).raise_for_status()
        for number in (1, 2):
            admin.post("/v1/riders", json={"id": f"r{number}", "name": "Ana"}).raise_for_status()


def place(live: Live) -> str:
    with live.client("dispatcher") as staff:
        body = {"merchant_id": "m1", "dropoff": DROPOFF, "ready_at": NOON_TEXT}
        return str(staff.post("/v1/orders", json=body).raise_for_status().json()["id"])


def log_of(live: Live) -> list[tuple[str, int]]:
    return [(type(one.event).__name__, one.recorded_at) for one in live.store.events(MARKET)]


def moved(live: Live, body: Mapping[str, Any]) -> httpx.Response:
    with live.client("integrator") as client:
        return client.post(CLOCK, json=body)


def test_the_clock_stands_until_it_is_moved_and_goes_exactly_so_far(live: Live) -> None:
    with live.client("integrator") as client:
        assert client.get(CLOCK).json() == {"now": NOON_TEXT, "ticks": 0, "timers": 0}
        assert client.post(CLOCK, json={"advance_s": 25}).json() == {
            "now": "2023-11-15T12:00:25Z",
            "ticks": 2,
            "timers": 0,
        }
        assert client.post(CLOCK, json={"now": "2023-11-15T12:00:30Z"}).json()["ticks"] == 1
        assert client.get("/v1/markets").json()[0]["now"] == "2023-11-15T12:00:30Z"
        assert client.post(CLOCK, json={"advance_s": 0}).json()["ticks"] == 0


def test_an_order_is_carried_while_the_clock_is_moved(live: Live) -> None:
    with live.client("rider-1") as client:
        phone = Phone(client)
        phone.start_shift()
        order_id = place(live)
        assert order_now(live, order_id)["dispatch"] == "open"
        live.advance(10)
        assert order_now(live, order_id)["dispatch"] == "offered"
        (offer,) = (phone.pull(0) or {})["offers"]
        assert offer["made_at"] == "2023-11-15T12:00:10Z"
        phone.do("accept", offer_id=offer["id"])
        leg = phone.do("depart")["tasks"]["leg"]
        live.advance(300)
        phone.do("arrived")
        phone.do("picked_up", order_ids=[order_id])
    assert leg["departed_at"] == "2023-11-15T12:00:10Z"
    assert order_now(live, order_id)["status"] == "picked_up"


def test_timers_fire_at_their_own_time_between_ticks(live: Live) -> None:
    with live.client("rider-1") as client:
        Phone(client).start_shift()
    order_id = place(live)
    live.advance(10)
    with live.client("dispatcher") as staff:
        (offer,) = staff.get(f"/v1/offers?order_id={order_id}").json()["items"]
    done = live.advance(600)
    assert done["timers"] >= 1
    (expired, *_) = [at for kind, at in log_of(live) if kind == "OfferExpired"]
    assert offer["made_at"] == "2023-11-15T12:00:10Z"
    made = NOON + 10
    (one,) = [o for o in live.store.events(MARKET) if type(o.event).__name__ == "OfferMade" and o.recorded_at == made]
    assert expired == getattr(one.event, "expires_at") + 1  # noqa: B009
    assert expired % 10 != NOON % 10


def test_the_same_requests_make_the_same_log(sqlite_url: str, live: Live, empty_sqlite: Path, tmp_path: Path) -> None:
    def play(one: Live, steps: tuple[int, ...]) -> list[tuple[str, int]]:
        with one.client("rider-1") as client:
            Phone(client).start_shift()
        place(one)
        for seconds in steps:
            one.advance(seconds)
        return log_of(one)

    first = play(live, (600,))
    other = tmp_path / "other.db"
    other.write_bytes(empty_sqlite.read_bytes())
    with live_api(f"sqlite:///{other}", sandbox=True, clock=SimulatedClock(NOON)) as again:
        set_up(again)
        # However the way is cut into pieces.
        assert play(again, (7, 13, 280, 300)) == first


def test_back_is_refused(live: Live) -> None:
    live.advance(5)
    back: tuple[dict[str, Any], ...] = ({"advance_s": -1}, {"now": NOON_TEXT})
    for body in back:
        answer = moved(live, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "clock_back"), answer.text
    assert "cannot be moved back by 5 s" in moved(live, {"now": NOON_TEXT}).json()["detail"]
    far = moved(live, {"advance_s": 8 * 86_400})
    assert (far.status_code, far.json()["code"]) == (409, "clock_far")
    unclear: tuple[dict[str, Any], ...] = ({}, {"advance_s": 1, "now": NOON_TEXT})
    for body in unclear:
        assert moved(live, body).status_code == 422


def test_markets_that_are_set_up_meanwhile_go_by_the_same_clock(live: Live) -> None:
    with live.client("admin") as admin:
        admin.post("/v1/markets", json={"id": "cali", "pace": {"tick_s": 5}}).raise_for_status()
        for _ in range(100):
            if admin.get("/v1/markets/cali").json()["held"]:
                break
        assert live.advance(10)["ticks"] == 3


def test_a_service_that_is_no_sandbox_has_no_such_clock(sqlite_url: str) -> None:
    with live_api(sqlite_url, ticking=False) as running:
        with running.client("integrator") as client:
            for answer in (client.get(CLOCK), client.post(CLOCK, json={"advance_s": 1})):
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        with running.client("operations") as client:
            assert client.get(CLOCK).status_code == 403


@pytest.mark.parametrize("how", [("--sandbox",), ("--speed", "2")])
def test_a_clock_of_its_own_does_not_start_before_the_log_ends(tmp_path: Path, how: tuple[str, ...]) -> None:
    late = 4_000_000_000
    with open_store(f"sqlite:///{tmp_path}/city.db", upgrading=True) as store:
        store.append(
            MarketId("main"),
            [PolicyChanged(name="default", version=1)],
            expected_seq=0,
            occurred_at=late,
            recorded_at=late,
            actor=SYSTEM_ACTOR,
            command_id="c1",
        )
    running = Process("--db", f"sqlite:///{tmp_path}/city.db", *how)
    try:
        with running.sign_in(running.wait_for(r"password (\S+)")) as admin:
            assert admin.get("/v1/markets").json()[0]["now"] >= "2096-10-02T07:06:40Z"
            assert admin.get(CLOCK).status_code == (200 if how == ("--sandbox",) else 404)
    finally:
        assert running.stop(signal.SIGTERM) == 0


def test_a_sandbox_is_one_process() -> None:
    assert load_settings({"sandbox": True}, {}).sandbox
    assert load_settings({}, {"DISPATCH_SANDBOX": "true"}).sandbox
    others: tuple[dict[str, Any], ...] = ({"speed": 2.0}, {"redis": "redis://cache"})
    for given in others:
        with pytest.raises(Exception, match="a sandbox is one process"):
            load_settings({"sandbox": True, **given}, {})

"""A service that is told to stop under load: it ends quickly and well, and what it acknowledged is there."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from dispatch.model.order import MarketId
from dispatch.store.store import open_store
from dispatch.store.verify import verify
from tests.api.test_orders import DROPOFF, PICKUP
from tests.api.test_serve import PATIENCE_S, Process

WRITERS = 8
LEAST = 100
MAIN = MarketId("main")


def place_until_it_stops(url: str, token: str, acknowledged: list[str]) -> None:
    with httpx.Client(base_url=url, headers={"Authorization": token}, timeout=30) as client:
        while True:
            try:
                answer = client.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF})
            except httpx.TransportError:
                return
            if answer.status_code != 201:
                return
            acknowledged.append(answer.json()["id"])


def check_log(lines: Sequence[str]) -> None:
    """Every line is an object; those of requests name them, those of ticks name those."""
    found = [json.loads(line) for line in lines]
    (mine,) = [one for one in found if one.get("request_id") == "mine-1"]
    assert mine["level"] == "debug"
    assert mine["took_ms"] >= 0
    assert (mine["method"], mine["path"], mine["status"]) == ("POST", "/v1/merchants", 201)
    placed = [one for one in found if one.get("path") == "/v1/orders" and one.get("status") == 201]
    assert len({one["request_id"] for one in placed}) == len(placed) >= LEAST
    assert any(one.get("tick_id", "").startswith("main:") for one in found)


def stop_under_load(running: Process, acknowledged: list[str], log: Path) -> tuple[int, float]:
    """Stop it while many place orders, and it has planned some; its exit code, and how long that took."""
    with running.sign_in(running.wait_for(r"password (\S+)")) as admin:
        first = admin.post("/v1/merchants", json={"id": "m1", "place": PICKUP}, headers={"X-Request-Id": "mine-1"})
        assert first.headers["X-Request-Id"] == "mine-1"
        token = admin.headers["Authorization"]
    while httpx.get(f"{running.url}/health/ready").status_code != 200:
        time.sleep(0.1)
    arguments = (running.url, token, acknowledged)
    writers = [threading.Thread(target=place_until_it_stops, args=arguments) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    until = time.monotonic() + PATIENCE_S
    while (len(acknowledged) < LEAST or '"tick_id"' not in log.read_text("utf-8")) and time.monotonic() < until:
        time.sleep(0.05)
    began = time.monotonic()
    code = running.stop(signal.SIGTERM)
    took_s = time.monotonic() - began
    for writer in writers:
        writer.join()
    return code, took_s


def test_every_acknowledged_order_is_there_after_a_stop_under_load(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    with (tmp_path / "log").open("w") as log:
        running = Process("--db", f"sqlite:///{tmp_path}/city.db", log=log, environment={"DISPATCH_LOG": "debug"})
        try:
            code, took_s = stop_under_load(running, acknowledged, tmp_path / "log")
        finally:
            running.stop(signal.SIGKILL)
    assert (code, took_s < 5) == (0, True)
    with open_store(f"sqlite:///{tmp_path}/city.db") as store:
        kept = store.load_state(MAIN).orders.keys()
        with store.reading() as connection:
            assert verify(connection).faults == []
    assert len(acknowledged) >= LEAST
    assert set(acknowledged) <= set(kept)
    check_log((tmp_path / "log").read_text("utf-8").splitlines())

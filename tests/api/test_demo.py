"""The demo, as `make run` starts it: a city that moves by itself, and ends in good order."""

from __future__ import annotations

import signal
import time
from collections import defaultdict

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.api.test_serve import PATIENCE_S, Process


def test_orders_go_from_the_kitchen_to_the_door() -> None:
    """Seen as a newcomer sees it, and through the API; then it ends by itself."""
    demo = Process("--demo", "--speed", "60", "--for", "30")
    try:
        with demo.sign_in(demo.wait_for(r"password (\S+)")) as admin:
            (market,) = admin.get("/v1/markets").raise_for_status().json()
            assert (market["id"], market["speed"]) == ("demo", 60.0)
            until = time.monotonic() + PATIENCE_S
            delivered: list[dict[str, object]] = []
            while len(delivered) < 3 and time.monotonic() < until and demo.process.poll() is None:
                delivered = admin.get("/v1/orders", params={"status": "delivered"}).raise_for_status().json()["items"]
                time.sleep(0.2)
        assert len(delivered) >= 3
        _check_metrics(httpx.get(f"{demo.url}/metrics").raise_for_status().text)
        assert all(order["rider_id"] for order in delivered)
        assert demo.wait_for(r"(\d+) riders  \d+ orders: ") == "45"
        placed = int(demo.wait_for(r"^(\d+) orders placed, [1-9]\d* delivered"))
        assert placed > 20
        assert demo.process.wait(PATIENCE_S) == 0
    finally:
        demo.stop(signal.SIGKILL)


def _check_metrics(text: str) -> None:
    """What a scrape in the middle of it tells."""
    found: defaultdict[tuple[str, str], float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name not in ("market", "le")}
            found[sample.name, "/".join(labels.values())] += sample.value
    assert found["dispatch_orders_total", "placed"] > 20
    assert found["dispatch_orders_total", "delivered"] >= 3
    made, accepted = (found["dispatch_offers_total", outcome] for outcome in ("made", "accepted"))
    assert made >= accepted >= found["dispatch_orders_total", "delivered"] / 2
    for name in ("time_to_assign", "click_to_door", "lateness"):
        assert found[f"dispatch_{name}_seconds_count", ""] >= 3
    assert {found["dispatch_tick_phase_seconds_count", phase] > 3 for phase in ("look", "solve", "decide")} == {True}
    assert found["dispatch_tick_size", "riders"] > 20
    assert found["dispatch_lease_changes_total", "taken"] == 1
    assert found["dispatch_request_seconds_count", "POST//v1/orders/201"] > 20
    assert found["dispatch_request_seconds_count", "POST//v1/orders/{order_id}/accept/200"] > 20
    assert found["dispatch_request_seconds_count", "POST//v1/orders/{order_id}/ready/200"] > 3
    assert found["dispatch_request_seconds_count", "GET//v1/riders/me/tasks/200"] > 20
    assert ("dispatch_queue_depth", "writes/waiting") in found
    assert ("dispatch_queue_depth", "timers/overdue") in found
    assert found["dispatch_riders_on_shift", ""] == 45
    assert found["dispatch_ready", ""] == found["dispatch_database_up", ""] == 1

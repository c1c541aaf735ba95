"""The demo, as `make run` starts it: a city that moves by itself, and ends in good order."""

from __future__ import annotations

import time

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
        assert all(order["rider_id"] for order in delivered)
        assert demo.wait_for(r"(\d+) riders  \d+ orders: ") == "45"
        placed = int(demo.wait_for(r"^(\d+) orders placed, [1-9]\d* delivered"))
        assert placed > 20
        assert demo.process.wait(PATIENCE_S) == 0
    finally:
        demo.process.kill()
        demo.process.wait()
        if demo.process.stdout is not None:
            demo.process.stdout.close()

"""How long merchants take, over HTTP: learned as orders are ready, promised by default, and reported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from dispatch.engine.clock import SimulatedClock
from dispatch.units import Seconds
from tests.support.builders import NOON
from tests.support.shop_api import Json, Shop, shop


@pytest.fixture
def open_shop(sqlite_url: str) -> Iterator[Shop]:
    with shop(sqlite_url) as opened:
        yield opened


def cook(opened: Shop, seconds: Seconds, count: int = 1, **more: object) -> None:
    """Orders that are accepted, and ready so much later."""
    for _ in range(count):
        order_id = opened.accepted(**more)
        opened.wait(seconds)
        opened.post("admin", f"/v1/orders/{order_id}/ready")


def estimates(opened: Shop, who: str = "merchant", merchant: str = "m1") -> Json:
    return opened.get(who, f"/v1/merchants/{merchant}/prep-estimates")


def test_a_merchant_sees_how_long_orders_take_and_promises_that(open_shop: Shop) -> None:
    nothing = estimates(open_shop)
    assert (nothing["now"], nothing["estimates"], nothing["merchant"]["orders"]) == ([], [], 0)
    cook(open_shop, 1200, 12)
    found = estimates(open_shop)
    assert len(found["estimates"]) == 24 * 3
    now = {one["size"]: one for one in found["now"]}
    assert now.keys() == {"small", "medium", "large"}
    assert now["small"]["p50_s"] == pytest.approx(1200, rel=0.02)
    assert now["small"]["p50_s"] <= now["small"]["p90_s"]
    assert found["market"] == {"orders": 12, "estimated": 4, "within_p50": 1.0, "within_p90": 1.0}
    told = open_shop.now(open_shop.accepted())
    ready_at = datetime.fromisoformat(told["ready_at"]).timestamp()
    assert ready_at == pytest.approx(open_shop.clock.now() + now["small"]["p50_s"], abs=30)
    cook(open_shop, 3000)
    assert estimates(open_shop)["merchant"]["within_p90"] == 0.8
    text = httpx.get(f"{open_shop.live.url}/metrics").text
    counts = dict(re.findall(r'dispatch_prep_estimates_total\{market="\w+",within="(\w+)"\} ([\d.]+)', text))
    assert counts == {"any": "5.0", "p50": "4.0", "p90": "4.0"}


def test_others_do_not_see_it_and_unknown_merchants_are_none(open_shop: Shop) -> None:
    for who, merchant in (("merchant", "m2"), ("admin", "m9")):
        answer = open_shop.ask(who, "GET", f"/v1/merchants/{merchant}/prep-estimates")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert open_shop.ask("rider-1", "GET", "/v1/merchants/m1/prep-estimates").status_code == 403
    assert estimates(open_shop, "dispatcher", "m2")["merchant_id"] == "m2"


def test_hours_are_those_of_the_market(open_shop: Shop) -> None:
    body = {"time_zone": "America/Bogota"}
    assert open_shop.ask("admin", "PATCH", "/v1/markets/bogota", body).status_code == 200
    cook(open_shop, 100, 9)
    there = (datetime.fromtimestamp(NOON, UTC).hour - 5) % 24
    (row,) = [one for one in estimates(open_shop)["estimates"] if one["orders"] == 9]
    assert (row["hour"], row["size"]) == (there, "small")


def test_what_was_learned_outlives_the_process(sqlite_url: str) -> None:
    clock = SimulatedClock(NOON)
    with shop(sqlite_url, clock=clock) as opened:
        cook(opened, 1200, 9)
        before = estimates(opened)
    with shop(sqlite_url, clock=clock) as opened:
        assert estimates(opened) == before
        assert opened.state.preps["all/m1"].orders == 9

"""Events as they happen, taken up where the stream broke off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.test_orders import DROPOFF, PICKUP
from tests.support.live_api import Live, live_api


@pytest.fixture
def live(sqlite_url: str) -> Iterator[Live]:
    with live_api(sqlite_url, ticking=False) as running:
        with running.client("admin") as admin:
            for name in ("m1", "m2"):
                admin.post("/v1/merchants", json={"id": name, "place": PICKUP}).raise_for_status()
        yield running


def place(live: Live, merchant_id: str = "m1") -> str:
    with live.client("dispatcher") as staff:
        answer = staff.post("/v1/orders", json={"merchant_id": merchant_id, "dropoff": DROPOFF})
        return str(answer.json()["id"])


def messages(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """The messages of an event stream, comments left out."""
    fields: dict[str, Any] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield {"event": fields["event"], "id": int(fields["id"]), **json.loads(fields["data"])}
            fields = {}


def test_a_stream_tells_what_happens_and_goes_on_where_it_broke_off(live: Live) -> None:
    with live.client("dispatcher") as staff:
        with staff.stream("GET", "/v1/events/stream") as answer:
            heard = messages(answer)
            assert next(heard)["event"] == "ready"
            first = place(live)
            told = next(heard)
            assert (told["event"], told["data"]["order"]["id"]) == ("OrderPlaced", first)
        missed = [place(live) for _ in range(3)]
        with staff.stream("GET", "/v1/events/stream", headers={"Last-Event-ID": str(told["id"])}) as answer:
            heard = messages(answer)
            assert next(heard)["event"] == "ready"
            assert [next(heard)["data"]["order"]["id"] for _ in missed] == missed


def test_a_stream_that_was_away_for_long_reads_from_the_log(live: Live) -> None:
    with live.client("dispatcher") as staff:
        placed = [place(live) for _ in range(3)]
        with staff.stream("GET", "/v1/events/stream", params={"after": 0}) as answer:
            heard = messages(answer)
            seen = [next(heard) for _ in range(6)]
    assert [one["id"] for one in seen[1:]] == [1, 2, 3, 4, 5]
    assert [one["data"]["order"]["id"] for one in seen[3:]] == placed


def test_a_merchant_hears_of_its_own_orders_only(live: Live) -> None:
    with live.client("merchant") as merchant, merchant.stream("GET", "/v1/events/stream") as answer:
        heard = messages(answer)
        next(heard)
        place(live, "m2")
        mine = place(live, "m1")
        assert next(heard)["data"]["order"]["id"] == mine


def test_the_same_as_pages(live: Live) -> None:
    place(live)
    with live.client("dispatcher") as staff:
        page = staff.get("/v1/events", params={"limit": 2}).json()
        assert ([item["seq"] for item in page["items"]], page["last_seq"]) == ([1, 2], 2)
        page = staff.get("/v1/events", params={"after": 2}).json()
        assert [item["type"] for item in page["items"]] == ["OrderPlaced"]
        assert staff.get("/v1/events", params={"after": 3}).json() == {"items": [], "last_seq": 3}
        strange = staff.get("/v1/events", params={"type": "Nonsense"})
        assert (strange.status_code, strange.json()["issues"][0]["code"]) == (422, "event_unknown")


def test_streams_end_when_the_service_stops(sqlite_url: str) -> None:
    with live_api(sqlite_url, ticking=False) as live:
        client = live.client("dispatcher")
        stream = client.stream("GET", "/v1/events/stream")
        heard = messages(stream.__enter__())
        next(heard)
    assert list(heard) == []
    client.close()

"""Integrators set up webhooks over HTTP, and the service delivers to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.api.test_orders import DROPOFF, PICKUP
from tests.support.live_api import Live, live_api
from tests.support.receiver import Answer, Receiver, always, receiving

HOOK = {"url": "https://hooks.example.test/dispatch", "kinds": ["OrderPlaced"]}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    path = tmp_path_factory.mktemp("webhooks") / "store.db"
    with live_api(f"sqlite:///{path}", ticking=False) as running:
        with running.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "name": "Arepas", "place": PICKUP}).raise_for_status()
        yield running


@pytest.fixture
def shop(live: Live) -> Iterator[httpx.Client]:
    with live.client("integrator") as client:
        yield client
        for webhook in client.get("/v1/webhooks").json():
            client.delete(f"/v1/webhooks/{webhook['id']}").raise_for_status()


def until(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_an_order_is_told_to_who_asked(shop: httpx.Client) -> None:
    with receiving() as receiver:
        made = shop.post("/v1/webhooks", json={"url": receiver.url, "kinds": ["OrderPlaced"]})
        assert made.status_code == 201, made.text
        webhook = made.json()
        order = shop.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).json()
        until(lambda: receiver.received)
        deliveries = f"/v1/webhooks/{webhook['id']}/deliveries"
        until(lambda: shop.get(deliveries).json()["items"][0]["state"] == "delivered")
        (delivery,) = shop.get(deliveries).json()["items"]
        assert delivery["attempts"][0]["status"] == 200
        again = shop.post(f"{deliveries}/{delivery['id']}/replay")
        assert again.status_code == 202, again.text
        until(lambda: len(receiver.received) == 2)
    told = receiver.received[0]
    assert told.signed_by(webhook["secret"])
    assert told.json()["data"]["data"]["order"]["id"] == order["id"]
    assert receiver.ids == [delivery["id"]] * 2


def test_its_secret_is_shown_once_and_can_be_rotated(shop: httpx.Client) -> None:
    made = shop.post("/v1/webhooks", json=HOOK)
    address = made.headers["Location"]
    assert made.json()["secret"].startswith("whsec_")
    assert shop.get(address).json() == {**made.json(), "secret": None}
    rotated = shop.post(f"{address}/rotate", json={"overlap_s": 60}).json()
    assert rotated["secret"] not in (None, made.json()["secret"])
    assert rotated["old_secret_until"] is not None
    assert shop.post(f"{address}/rotate", json={"overlap_s": -1}).status_code == 422


def test_it_is_changed_and_deleted(shop: httpx.Client) -> None:
    made = shop.post("/v1/webhooks", json=HOOK)
    address, seen = made.headers["Location"], made.headers["ETag"]
    changed = shop.patch(address, json={"enabled": False, "kinds": []}, headers={"If-Match": seen})
    assert (changed.json()["enabled"], changed.json()["kinds"]) == (False, [])
    assert changed.json()["url"] == HOOK["url"]
    stale = shop.patch(address, json={"enabled": True}, headers={"If-Match": seen})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert shop.delete(address).status_code == 204
    for gone in (shop.get(address), shop.delete(address), shop.get(f"{address}/deliveries")):
        assert (gone.status_code, gone.json()["code"]) == (404, "not_found")


def test_refusals_say_why(shop: httpx.Client) -> None:
    made = shop.post("/v1/webhooks", json=HOOK)
    assert shop.post("/v1/webhooks", json=HOOK).json()["code"] == "webhook_taken"
    wrong = shop.post("/v1/webhooks", json={"url": "https://10.0.0.1/", "kinds": []})
    assert (wrong.status_code, wrong.json()["issues"][0]["code"]) == (422, "address_refused")
    kinds = shop.post("/v1/webhooks", json={"url": "https://b.example.test/", "kinds": ["Order", "OrderPlaced", "x"]})
    assert [issue["field"] for issue in kinds.json()["issues"]] == ["kinds.0", "kinds.2"]
    late = {"since": "2026-01-02T00:00:00Z", "before": "2026-01-01T00:00:00Z"}
    assert shop.post(f"{made.headers['Location']}/replay", json=late).status_code == 422
    missing = shop.post(f"{made.headers['Location']}/deliveries/msg_1/replay")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("role", ["dispatcher", "customer_service", "merchant", "rider-1", "customer", "sales"])
def test_others_may_not(live: Live, role: str) -> None:
    with live.client(role) as client:
        assert client.get("/v1/webhooks").status_code == 403
        assert client.post("/v1/webhooks", json=HOOK).status_code == 403


def test_a_page_of_deliveries_leads_to_the_next(shop: httpx.Client) -> None:
    with receiving(always(Answer(500))) as receiver:
        made = shop.post("/v1/webhooks", json={"url": receiver.url})
        for _ in range(3):
            shop.post("/v1/orders", json={"merchant_id": "m1", "dropoff": DROPOFF}).raise_for_status()
        pages = _pages(shop, f"{made.headers['Location']}/deliveries", receiver)
    assert [len(page) for page in pages] == [2, 1]
    seqs = [item["seq"] for page in pages for item in page]
    assert seqs == sorted(seqs, reverse=True)


def _pages(shop: httpx.Client, address: str, receiver: Receiver) -> list[list[dict[str, int]]]:
    until(lambda: len(receiver.received) == 3)
    first = shop.get(address, params={"limit": 2}).json()
    second = shop.get(address, params={"limit": 2, "cursor": first["next"]}).json()
    assert second["next"] is None
    return [first["items"], second["items"]]

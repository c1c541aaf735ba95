"""Customers follow their orders by a link: what they see, what they can do, and who else cannot."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

import httpx
import pytest

from dispatch.engine.clock import SimulatedClock
from tests.api.test_orders import DROPOFF, PICKUP, START
from tests.support.builders import NOON
from tests.support.live_api import Live, live_api

TOTAL = {"minor": 20_000, "currency": "COP"}
Json = dict[str, Any]


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOON)


@pytest.fixture
def live(sqlite_url: str, clock: SimulatedClock) -> Iterator[Live]:
    with live_api(sqlite_url, ticking=False, clock=clock) as running:
        with running.client("admin") as admin:
            admin.post("/v1/merchants", json={"id": "m1", "name": "Arepas", "place": PICKUP}).raise_for_status()
            admin.post("/v1/riders", json={"id": "r1", "name": "Rita Gómez", "vehicle": "bicycle"}).raise_for_status()
        yield running


@pytest.fixture
def staff(live: Live) -> Iterator[httpx.Client]:
    with live.client("dispatcher") as client:
        yield client


@pytest.fixture
def customer(live: Live) -> Iterator[httpx.Client]:
    """Somebody without credentials."""
    with httpx.Client(base_url=live.url, timeout=30) as client:
        yield client


def placed(staff: httpx.Client, **more: object) -> str:
    """The id of a new order."""
    whose = {"name": "Ana", "phone": "+573001234567", "address": "Calle 1"}
    body = {"merchant_id": "m1", "dropoff": DROPOFF, "total": TOTAL, "customer": whose, **more}
    answer = staff.post("/v1/orders", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def linked(staff: httpx.Client, order_id: str) -> str:
    """The address at which the customer follows an order."""
    return f"/v1/track/{staff.post(f'/v1/orders/{order_id}/link').raise_for_status().json()['token']}"


def accept(live: Live, order_id: str, *then: str) -> None:
    """What the merchant does."""
    with live.client("merchant") as merchant:
        for step in ("accept", *then):
            merchant.post(f"/v1/orders/{order_id}/{step}", json={}).raise_for_status()


def act(live: Live, *actions: Json) -> None:
    """What the rider's device reports."""
    with live.client("rider-1") as rider:
        told = rider.post("/v1/riders/me/actions", json={"actions": list(actions)}).raise_for_status().json()
    assert {one["status"] for one in told["results"]} == {"done"}, told


def assigned(live: Live, order_id: str) -> None:
    """The rider is on shift and has the order."""
    with live.client("rider-1") as rider:
        rider.post("/v1/riders/me/shift", json={"start": START}).raise_for_status()
    with live.client("dispatcher") as staff:
        body = {"kind": "assign", "order_id": order_id, "rider_id": "r1", "reason": "other", "text": "x"}
        staff.post("/v1/overrides", json=body).raise_for_status()


def report_position(live: Live, clock: SimulatedClock) -> None:
    """Where the rider is now."""
    seen = {**START, "occurred_at": datetime.fromtimestamp(clock.now(), UTC).isoformat()}
    with live.client("rider-1") as rider:
        rider.post("/v1/riders/me/positions", json={"positions": [seen]}).raise_for_status()


def test_a_link_shows_an_order_to_whoever_has_it(live: Live, staff: httpx.Client, customer: httpx.Client) -> None:
    order_id = placed(staff, payment="cash", external_id="A-7", platform="shop")
    link = staff.post(f"/v1/orders/{order_id}/link").json()
    assert staff.post(f"/v1/orders/{order_id}/link").json() == link
    assert len(link["token"]) >= 40
    assert link["url"] == f"/t/{link['token']}"
    answer = customer.get(f"/v1/track/{link['token']}")
    told = answer.json()
    assert (told["status"], told["shop_status"], told["merchant"]) == ("placed", "pending", "Arepas")
    assert (told["external_id"], told["total"], told["rider"]) == ("A-7", TOTAL, None)
    assert "+57300" not in answer.text
    assert "Calle" not in answer.text
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    with live.store.reading() as connection:
        kept = connection.exec_driver_sql("SELECT token_hash FROM links").scalars().all()
    assert len(kept) == 1
    assert link["token"] not in kept


def test_the_rider_is_seen_from_the_way_to_the_pickup_until_the_order_is_there(
    live: Live, staff: httpx.Client, customer: httpx.Client, clock: SimulatedClock
) -> None:
    order_id = placed(staff)
    link = linked(staff, order_id)
    accept(live, order_id)
    assigned(live, order_id)
    report_position(live, clock)
    assert customer.get(link).json()["rider"] is None
    act(live, {"kind": "depart", "sequence": 1})
    rider = customer.get(link).json()["rider"]
    assert (rider["name"], rider["vehicle"], rider["position"]["place"]) == ("Rita", "bicycle", START)
    assert rider.keys() == {"name", "vehicle", "position"}
    clock.set(clock.now() + 900)
    act(live, {"kind": "arrived", "sequence": 2}, {"kind": "picked_up", "sequence": 3, "order_ids": [order_id]})
    told = customer.get(link).json()
    assert (told["shop_status"], told["rider"]["name"]) == ("shipped", "Rita")
    act(live, {"kind": "depart", "sequence": 4})
    clock.set(clock.now() + 3600)
    act(live, {"kind": "arrived", "sequence": 5}, {"kind": "delivered", "sequence": 6, "order_id": order_id})
    told = customer.get(link).json()
    assert (told["shop_status"], told["rider"]) == ("completed", None)


def test_links_end_by_themselves_or_when_somebody_ends_them(
    live: Live, staff: httpx.Client, customer: httpx.Client, clock: SimulatedClock
) -> None:
    order_id = placed(staff)
    first = linked(staff, order_id)
    assert staff.delete(f"/v1/orders/{order_id}/link").status_code == 204
    ended = customer.get(first)
    second = linked(staff, order_id)
    assert second != first
    assert customer.get(second).status_code == 200
    staff.post(f"/v1/orders/{order_id}/cancel", json={"reason": "duplicate"}).raise_for_status()
    assert customer.get(second).status_code == 200
    clock.set(clock.now() + 24 * 3600 - 1)
    assert customer.get(second).status_code == 200
    clock.set(clock.now() + 1)
    over, never = customer.get(second), customer.get(f"/v1/track/{'x' * 43}")
    assert ended.status_code == over.status_code == never.status_code == 404
    assert ended.json() == over.json() == never.json()
    for method, path in (("POST", "cancel"), ("POST", "messages"), ("GET", "stream"), ("GET", "cancel")):
        assert customer.request(method, f"{second}/{path}", json={"text": "x"}).status_code == 404


def test_who_tries_many_links_is_stopped_and_who_has_one_is_not(
    live: Live, staff: httpx.Client, customer: httpx.Client
) -> None:
    link = linked(staff, placed(staff))
    guesses = (customer.get(f"/v1/track/{number}").status_code for number in range(400))
    found = list(takewhile(lambda status: status != 429, guesses))
    assert 60 <= len(found) < 400
    assert set(found) == {404}
    assert customer.get(link).status_code == 200
    looks = (customer.get(link).status_code for _ in range(1_000))
    found = list(takewhile(lambda status: status != 429, looks))
    assert 119 <= len(found) < 1_000
    assert set(found) == {200}


def test_a_link_is_for_its_own_order_only(live: Live, staff: httpx.Client) -> None:
    order_id = placed(staff)
    with live.client("admin") as admin:
        admin.post("/v1/merchants", json={"id": "m2", "place": PICKUP}).raise_for_status()
    other = placed(staff, merchant_id="m2")
    with live.client("merchant") as merchant:
        assert merchant.post(f"/v1/orders/{order_id}/link").status_code == 200
        assert merchant.post(f"/v1/orders/{other}/link").status_code == 404
    with live.client("rider-1") as rider:
        assert rider.post(f"/v1/orders/{order_id}/link").status_code == 403


def test_what_cancelling_costs_is_told_first(live: Live, staff: httpx.Client, customer: httpx.Client) -> None:
    link = linked(staff, order_id := placed(staff))
    free = {"minor": 0, "currency": "COP"}
    assert customer.get(f"{link}/cancel").json() == {"how": "at_once", "least": free, "most": free}
    told = customer.post(f"{link}/cancel", json={}).json()
    assert (told["status"], told["shop_status"], told["payment_status"]) == ("cancelled", "cancelled", "refunded")
    assert customer.get(f"{link}/cancel").json()["how"] == "too_late"
    assert customer.post(f"{link}/cancel", json={}).json()["code"] == "illegal_move"
    told = staff.get("/v1/events", params={"type": "OrderCancelled"}).json()["items"]
    assert [(one["actor_kind"], one["data"]["by"]) for one in told] == [("customer", "customer")]
    assert told[0]["data"]["order_id"] == order_id


def test_later_it_is_a_question_that_can_be_withdrawn(live: Live, staff: httpx.Client, customer: httpx.Client) -> None:
    link = linked(staff, order_id := placed(staff))
    accept(live, order_id)
    assert customer.get(f"{link}/cancel").json()["how"] == "case"
    told = customer.post(f"{link}/cancel", json={"text": "ate already"}).json()
    assert told["status"] == "accepted"
    (question,) = told["questions"]
    assert (question["kind"], question["answers"]) == ("cancellation", ["persuaded"])
    no = customer.post(f"{link}/answers", json={"case_id": question["case_id"], "step": "cancelled"})
    assert (no.status_code, no.json()["code"]) == (409, "no_answer")
    answer = {"case_id": question["case_id"], "step": "persuaded"}
    told = customer.post(f"{link}/answers", json=answer).json()
    assert (told["status"], told["questions"]) == ("accepted", [])
    gone = customer.post(f"{link}/answers", json=answer)
    assert gone.status_code == 404


def test_a_merchant_accepts_and_a_customer_cancels_in_the_same_second(
    live: Live, staff: httpx.Client, customer: httpx.Client
) -> None:
    outcomes = set()
    for number in range(8):
        link = linked(staff, order_id := placed(staff))
        first = threading.Barrier(2)

        def cancel(link: str = link, first: threading.Barrier = first) -> int:
            first.wait()
            return customer.post(f"{link}/cancel", json={}).status_code

        def accepting(order_id: str = order_id, first: threading.Barrier = first) -> int:
            with live.client("merchant") as merchant:
                first.wait()
                return merchant.post(f"/v1/orders/{order_id}/accept", json={}).status_code

        with ThreadPoolExecutor(2) as pool:
            said, took = pool.submit(cancel), pool.submit(accepting)
            answers = (said.result(), took.result())
        status, asked = (customer.get(link).json()[name] for name in ("status", "questions"))
        found = staff.get(f"/v1/orders/{order_id}/payment").json()
        assert sum(entry["minor"] for entry in found["entries"]) == 0
        assert (status, len(asked), found["status"], *answers) in {
            ("cancelled", 0, "refunded", 200, 409),
            ("accepted", 1, "paid", 200, 200),
        }, number
        outcomes.add(status)
    assert outcomes <= {"cancelled", "accepted"}


def test_customers_write_rate_and_complain(
    live: Live, staff: httpx.Client, customer: httpx.Client, clock: SimulatedClock
) -> None:
    link = linked(staff, order_id := placed(staff, fulfilment="store_pickup", dropoff=None))
    customer.post(f"{link}/messages", json={"text": "no onions"}).raise_for_status()
    key = {"Idempotency-Key": "m2"}
    for _ in range(2):
        customer.post(f"{link}/messages", json={"text": "really"}, headers=key).raise_for_status()
    early = customer.post(f"{link}/rating", json={"stars": 5})
    assert (early.status_code, early.json()["code"]) == (409, "too_early")
    assert customer.post(f"{link}/rating", json={"stars": 6}).status_code == 422
    assert customer.post(f"{link}/messages", json={"text": ""}).status_code == 422
    accept(live, order_id, "ready", "collected")
    key = {"Idempotency-Key": "r1"}
    assert customer.get(link).json()["stars"] is None
    for _ in range(2):
        rated = customer.post(f"{link}/rating", json={"stars": 4, "text": "good"}, headers=key)
        assert (rated.status_code, rated.json()["stars"]) == (200, 4)
    again = customer.post(f"{link}/rating", json={"stars": 1})
    assert (again.status_code, again.json()["code"]) == (409, "rated")
    told = customer.post(f"{link}/complaint", json={"text": "cold"}).json()
    assert told["shop_status"] == "completed"
    clock.set(clock.now() + 48 * 3600)  # while something is open, the link counts
    assert customer.get(link).status_code == 200
    kinds = ["CustomerMessaged", "OrderRated", "CaseOpened"]
    events = staff.get("/v1/events", params={"type": kinds}).json()["items"]
    assert [one["type"] for one in events] == ["CustomerMessaged", "CustomerMessaged", "OrderRated", "CaseOpened"]
    assert {one["actor_kind"] for one in events} == {"customer"}


def test_a_wrong_address_is_corrected_by_the_customer(live: Live, staff: httpx.Client, customer: httpx.Client) -> None:
    link = linked(staff, order_id := placed(staff))
    accept(live, order_id)
    body = {"kind": "wrong_address", "order_id": order_id, "text": "no such house"}
    staff.post("/v1/cases", json=body).raise_for_status()
    (question,) = customer.get(link).json()["questions"]
    assert question["answers"] == ["address_corrected"]
    answer = {"case_id": question["case_id"], "step": "address_corrected"}
    assert customer.post(f"{link}/answers", json=answer).status_code == 422
    told = customer.post(f"{link}/answers", json={**answer, "place": START, "address": "Calle 2"}).json()
    assert (told["dropoff"], told["questions"]) == (START, [])
    assert staff.get(f"/v1/orders/{order_id}").json()["customer"]["address"] == "Calle 2"


def test_customers_say_that_they_have_sent_the_money(live: Live, staff: httpx.Client, customer: httpx.Client) -> None:
    link = linked(staff, placed(staff, payment="transfer"))
    assert customer.post(f"{link}/payment/checkout", json={}).json()["code"] == "nothing_due"
    told = customer.post(f"{link}/payment/transfer", json={"picture": "https://shop.example/r/1.jpg"}).json()
    assert (told["payment_status"], told["shop_status"]) == ("claimed", "pending")


def messages(answer: httpx.Response, count: int) -> list[tuple[str, str, Json]]:
    """The next messages of a stream: event, id and data."""
    found, event, name = [], "", ""
    for line in answer.iter_lines():
        field, _, value = line.partition(": ")
        match field:
            case "event":
                event = value
            case "id":
                name = value
            case "data":
                found.append((event, name, json.loads(value)))
        if len(found) == count:
            break
    return found


def test_a_stream_tells_what_changes_and_goes_on_where_it_broke_off(
    live: Live, staff: httpx.Client, customer: httpx.Client, clock: SimulatedClock
) -> None:
    link = linked(staff, order_id := placed(staff))
    with customer.stream("GET", f"{link}/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        ((_, first, told),) = messages(answer, 1)
    assert told["status"] == "placed"
    accept(live, order_id)
    with customer.stream("GET", f"{link}/stream", headers={"Last-Event-ID": first}) as answer:
        ((kind, second, told),) = messages(answer, 1)
    assert (kind, told["status"]) == ("progress", "accepted")
    assigned(live, order_id)
    act(live, {"kind": "depart", "sequence": 1})
    with customer.stream("GET", f"{link}/stream", headers={"Last-Event-ID": second}) as answer:
        told = messages(answer, 1)[0][2]
        assert told["rider"]["name"] == "Rita"
    with customer.stream("GET", f"{link}/stream") as answer, ThreadPoolExecutor(1) as pool:
        seen = pool.submit(messages, answer, 2)
        clock.set(clock.now() + 5)
        report_position(live, clock)
        kinds = [kind for kind, _, _ in seen.result(timeout=20)]
    assert kinds[-1] in ("position", "progress")


def test_a_link_is_watched_by_ten_at_most(live: Live, staff: httpx.Client, customer: httpx.Client) -> None:
    link = linked(staff, placed(staff))
    with ExitStack() as stack:
        streams = [stack.enter_context(customer.stream("GET", f"{link}/stream")) for _ in range(11)]
        assert [messages(one, 1)[0][0] for one in streams] == [*["progress"] * 10, "full"]


def test_tokens_do_not_stand_in_the_log_of_requests(
    live: Live, staff: httpx.Client, customer: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    link = linked(staff, placed(staff))
    with caplog.at_level("DEBUG"):
        customer.get(link).raise_for_status()
        customer.post(f"{link}/rating", json={"stars": 5})
    told = [str(record.__dict__) for record in caplog.records if record.name == "dispatch.api.requests"]
    assert len(told) == 2
    assert not [line for line in told if link.rsplit("/", 1)[1] in line]

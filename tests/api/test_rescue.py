"""Riders in trouble, wrong addresses, failed deliveries: the whole path over HTTP, and what is planned afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from dispatch.model.place import Place
from tests.support.builders import CORNER, DOOR, KITCHEN
from tests.support.shop_api import TO_DOOR, Json, Shop, shop

GARAGE = {"latitude": 4.61, "longitude": -74.08}
MEETING = {"latitude": CORNER.latitude, "longitude": CORNER.longitude}


@pytest.fixture
def city(sqlite_url: str) -> Iterator[Shop]:
    with shop(sqlite_url) as opened:
        opened.rules(confirm_s=0)
        yield opened


def todo(city: Shop, rider: str) -> list[tuple[str, str]]:
    """A rider's tasks in their order: kind and order."""
    told = city.get(rider.replace("r", "rider-"), "/v1/riders/me/tasks")
    return [(task["kind"], task["order_id"]) for stop in told["stops"] for task in stop["tasks"]]


def broken_down(city: Shop) -> tuple[str, Json]:
    """An order on board of a rider who has broken down, and the case."""
    order_id = city.accepted()
    for rider in ("r1", "r2"):
        city.starts(rider)
    city.on_board(order_id, "r1")
    city.act("r1", "problem", problem="breakdown", text="flat tyre", order_id=order_id)
    return order_id, city.case("rider_problem")


def planned(city: Shop, case: Json) -> None:
    """Customer service has planned that r2 takes over, and the customer agrees."""
    plan = {"plan": "hand_over", "rider_id": "r2", "place": MEETING}
    city.step("customer_service", case["id"], "plan_proposed", **plan)
    city.step("customer_service", case["id"], "plan_agreed", text="told by phone")


def seen_at(city: Shop, rider: str, place: Place) -> None:
    """Positions of a rider reach the market."""
    at = datetime.fromtimestamp(city.clock.now(), UTC).isoformat()
    where = {"latitude": place.latitude, "longitude": place.longitude, "occurred_at": at}
    city.post(rider.replace("r", "rider-"), "/v1/riders/me/positions", positions=[where])


def test_food_changes_hands_at_a_meeting_point(city: Shop) -> None:
    order_id, case = broken_down(city)
    took = city.act("r2", "took_over", must=False, order_id=order_id)["results"][0]
    assert took["code"] == "not_planned"
    planned(city, case)
    assert city.act("r3", "took_over", must=False, order_id=order_id)["results"][0]["code"] == "not_planned"
    city.act("r2", "took_over", order_id=order_id)
    assert (todo(city, "r1"), todo(city, "r2")) == ([], [("dropoff", order_id)])
    closed = city.case("rider_problem")
    assert (closed["status"], closed["result"]) == ("closed", "resolved")
    city.delivered(order_id, "r2")
    assert (city.now(order_id)["status"], city.now(order_id)["rider_id"]) == ("delivered", "r2")


def test_staff_say_that_food_has_changed_hands(city: Shop) -> None:
    order_id, _ = broken_down(city)
    path = f"/v1/orders/{order_id}/hand-over"
    assert city.refused("dispatcher", path, to_rider_id="r3") == (409, "rider_off_shift")
    assert city.refused("dispatcher", path, to_rider_id="r1") == (409, "illegal_move")
    assert city.refused("rider-2", path, to_rider_id="r2") == (403, "forbidden")
    assert city.post("dispatcher", path, to_rider_id="r2")["rider_id"] == "r2"
    waiting = city.accepted()
    assert city.refused("dispatcher", f"/v1/orders/{waiting}/hand-over", to_rider_id="r2") == (409, "not_on_board")


def test_an_address_is_corrected_on_the_way_and_the_way_leads_there(city: Shop) -> None:
    order_id = city.accepted()
    city.starts()
    city.on_board(order_id)
    city.ride()
    city.act("r1", "problem", problem="wrong_address", order_id=order_id)
    case = city.case("wrong_address")
    city.step("customer_service", case["id"], "address_corrected", place=GARAGE, text="Carrera 9")
    told = city.get("rider-1", "/v1/riders/me/tasks")
    assert told["stops"][0]["place"] == GARAGE
    early = city.act("r1", "delivered", must=False, order_id=order_id)["results"][0]
    assert (early["status"], early["code"]) == ("refused", "not_there")
    city.delivered(order_id)
    assert (city.now(order_id)["status"], city.now(order_id)["dropoff"]) == ("delivered", GARAGE)


def test_who_cannot_be_found_gets_nothing_and_the_food_goes_back(city: Shop) -> None:
    order_id = city.accepted()
    city.starts()
    city.on_board(order_id)
    city.ride()
    city.act("r1", "problem", problem="customer_not_found", order_id=order_id)
    case = city.case("customer_unreachable")
    city.step("customer_service", case["id"], "given_up", text="called five times")
    assert todo(city, "r1") == [("return", order_id)]
    failed = city.case("failed_delivery")
    assert failed["status"] == "open"
    city.ride()
    city.act("r1", "returned", order_id=order_id)
    assert city.now(order_id)["status"] == "returned"
    city.step("customer_service", failed["id"], "redelivery_ordered")
    again = [one for one in city.get("admin", "/v1/orders")["items"] if one["id"].startswith(f"{order_id}-again")]
    assert [(one["status"], one["dropoff"]) for one in again] == [("placed", TO_DOOR)]


def test_food_that_does_not_come_back_is_a_case(city: Shop) -> None:
    order_id = city.accepted()
    city.starts()
    city.on_board(order_id)
    asked = city.post("customer_service", f"/v1/orders/{order_id}/cancellation")
    city.step("customer_service", asked["case"]["id"], "cancelled")
    assert city.events("RefundGranted")[-1]["amount"]["minor"] == 4_000
    city.wait(3_601)
    city.until(lambda: city.events("CaseOpened")[-1]["kind"] == "rider_problem")
    assert city.case("rider_problem")["rider_id"] == "r1"


def test_after_a_hand_over_the_next_plans_are_sound(sqlite_url: str) -> None:
    with shop(sqlite_url, ticking=True) as city:
        order_id, case = broken_down(city)
        seen_at(city, "r1", KITCHEN)
        seen_at(city, "r2", DOOR)
        city.until(lambda: (r := city.state.riders) and all(one.position for one in r.values() if one.shift))
        planned(city, case)
        far = city.act("r2", "took_over", must=False, order_id=order_id)["results"][0]
        assert far["code"] == "not_near"
        city.wait(30)
        seen_at(city, "r2", KITCHEN)
        seen_at(city, "r1", KITCHEN)
        city.until(lambda: city.act("r2", "took_over", must=False, order_id=order_id)["results"][0]["status"] == "done")
        more = city.accepted()
        city.until(lambda: [one for one in city.get("dispatcher", "/v1/plans")["items"] if one["orders"] >= 2])
        city.until(lambda: city.state.tick >= 3)
        assert ("dropoff", order_id) in todo(city, "r2")
        assert order_id not in [name for _, name in todo(city, "r1")]
        explained = city.get("dispatcher", f"/v1/orders/{order_id}/explanation")
        assert explained
        assert more in city.state.orders

"""Riders' records and force majeure over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dispatch.units import DAY_S
from tests.support.shop_api import Shop, shop


@pytest.fixture
def city(sqlite_url: str) -> Iterator[Shop]:
    with shop(sqlite_url) as opened:
        opened.rules(confirm_s=0, warnings=1, deduction_minor=3_000)
        yield opened


def late_by_its_rider(city: Shop, rider: str = "r1", **more: object) -> str:
    """An order that its rider brings half an hour too late, having dawdled."""
    order_id = city.accepted(**more)
    city.post("admin", f"/v1/orders/{order_id}/ready")
    city.given(order_id, rider)
    city.ride(rider)
    city.act(rider, "picked_up", order_ids=[order_id])
    city.act(rider, "depart")
    city.wait(4_500)
    city.act(rider, "arrived")
    city.act(rider, "delivered", order_id=order_id)
    return order_id


def test_a_rider_who_is_late_is_warned_then_charged_appeals_and_is_heard(city: Shop) -> None:
    city.starts()
    first = late_by_its_rider(city)
    second = late_by_its_rider(city)
    listed = city.get("operations", "/v1/penalties", rider_id="r1")["items"]
    assert [(one["kind"], one["order_id"]) for one in listed] == [("deduction", second), ("warning", first)]
    charged, warned = listed
    assert (charged["amount"], warned["amount"]) == ({"minor": 3_000, "currency": "COP"}, None)
    assert city.get("rider-1", "/v1/riders/me/penalties")["items"] == listed
    assert city.get("rider-2", "/v1/riders/me/penalties")["items"] == []
    path = f"/v1/riders/me/penalties/{charged['id']}/appeal"
    assert city.refused("rider-2", path, text="not mine") == (404, "not_found")
    assert city.refused("rider-1", path, text="") == (422, "invalid_input")
    appealed = city.post("rider-1", path, text="the bridge was closed")
    assert (appealed["status"], appealed["appeal"]) == ("appealed", "the bridge was closed")
    assert city.refused("rider-1", path, text="again") == (409, "illegal_move")
    waiting = city.get("operations", "/v1/penalties", status="appealed")["items"]
    assert [one["id"] for one in waiting] == [charged["id"]]
    decide = f"/v1/penalties/{charged['id']}/decision"
    assert city.refused("dispatcher", decide, lifted=True, text="x") == (403, "forbidden")
    lifted = city.post("operations", decide, lifted=True, text="it was")
    assert (lifted["status"], lifted["answer"]) == ("lifted", "it was")
    assert city.refused("operations", decide, lifted=False, text="no")[0] == 409
    assert city.state.records[next(iter(city.state.records))].deductions == 0


def test_operations_warn_and_charge_by_hand(city: Shop) -> None:
    given = city.post("operations", "/v1/penalties", rider_id="r2", kind="warning", text="rude at the door")
    assert (given["status"], given["order_id"], given["text"]) == ("given", None, "rude at the door")
    refused = city.refused("operations", "/v1/penalties", rider_id="r2", kind="deduction", text="rude")
    assert refused == (422, "invalid_input")
    assert city.refused("operations", "/v1/penalties", rider_id="r9", kind="warning", text="x") == (404, "not_found")
    assert city.refused("customer_service", "/v1/penalties", rider_id="r2", kind="warning", text="x")[0] == 403
    money = {"minor": 100, "currency": "COP"}
    city.post("operations", "/v1/penalties", rider_id="r2", kind="deduction", text="rude", amount=money)
    city.wait(8 * DAY_S)
    late = city.refused("rider-2", f"/v1/riders/me/penalties/{given['id']}/appeal", text="no")
    assert late == (409, "too_late")


def test_in_a_storm_nobody_is_to_blame(city: Shop) -> None:
    ends = "2023-11-16T00:00:00Z"
    storm = city.post("dispatcher", "/v1/closures", kind="weather", ends_at=ends, zones=["north"], text="hail")
    assert (storm["going_on"], storm["zones"]) == (True, ["north"])
    city.starts("r1")
    city.starts("r2")
    late_by_its_rider(city, "r1", zones=["north"])
    assert city.case("lateness")["party"] == "force_majeure"
    assert city.get("operations", "/v1/penalties")["items"] == []
    late_by_its_rider(city, "r2", zones=["south"])
    assert [one["rider_id"] for one in city.get("operations", "/v1/penalties")["items"]] == ["r2"]
    over = city.post("dispatcher", f"/v1/closures/{storm['id']}/end")
    assert over["going_on"] is False
    assert city.get("merchant", "/v1/closures", going_on=True)["items"] == []
    assert len(city.get("rider-1", "/v1/closures")["items"]) == 1
    early = city.refused("dispatcher", "/v1/closures", kind="weather", ends_at="2023-11-15T00:00:00Z")
    assert early == (422, "invalid_input")
    assert city.refused("merchant", "/v1/closures", kind="weather", ends_at=ends) == (403, "forbidden")
    assert city.refused("dispatcher", "/v1/closures/closure-999/end") == (404, "not_found")

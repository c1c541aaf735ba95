"""Exceptions over HTTP: found, taken, worked on by staff, answered by those whom they are about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.builders import MARKET
from tests.support.shop_api import Json, Shop, shop


@pytest.fixture
def city(sqlite_url: str) -> Iterator[Shop]:
    with shop(sqlite_url) as opened:
        opened.rules(confirm_s=0, late_s=0)
        yield opened


def asked_off(city: Shop, **more: object) -> tuple[str, str]:
    """An accepted order whose customer wants it no more, and the case of that."""
    order_id = city.accepted(**more)
    asked = city.post("customer_service", f"/v1/orders/{order_id}/cancellation", text="too long")
    assert asked["order"]["status"] == "accepted"
    return order_id, str(asked["case"]["id"])


def test_before_the_merchant_accepts_all_money_goes_back_at_once(city: Shop) -> None:
    order_id = city.order()
    asked = city.post("customer_service", f"/v1/orders/{order_id}/cancellation")
    assert (asked["order"]["status"], asked["case"]) == ("cancelled", None)
    assert city.state.accounts[next(iter(city.state.accounts))].refunded_minor == 20_000
    again = city.refused("customer_service", f"/v1/orders/{order_id}/cancellation")
    assert again == (409, "illegal_move")


def test_a_case_shows_what_can_be_done_and_what_it_costs(city: Shop) -> None:
    order_id, case_id = asked_off(city)
    case = city.get("customer_service", f"/v1/cases/{case_id}")
    assert (case["kind"], case["status"], case["stage"], case["owner"]) == ("cancellation", "open", "open", "support")
    assert (case["order_id"], case["merchant_id"], case["overdue"]) == (order_id, "m1", False)
    possible = {step["step"]: step for step in case["next_steps"]}
    assert possible["cancelled"]["amount"] == {"minor": 20_000, "currency": "COP"}
    assert possible["cancelled"]["free"] == {"minor": 4_000, "currency": "COP"}
    assert possible["merchant_denied"]["by"] == ["merchant", "operations", "support"]
    assert (possible["settled"]["needs"], possible["noted"]["amount"]) == (["text"], None)
    assert [one["event"] for one in case["history"]] == ["CaseOpened"]

    denied = city.step("merchant", case_id, "merchant_denied", text="it is in the oven")
    assert denied["stage"] == "denied"
    case = city.get("customer_service", f"/v1/cases/{case_id}")
    possible = {step["step"]: step for step in case["next_steps"]}
    assert possible["cancelled"]["amount"]["minor"] == 10_000
    said = case["history"][-1]
    assert (said["by"], said["by_id"], said["step"], said["text"]) == (
        "merchant",
        "m1",
        "merchant_denied",
        "it is in the oven",
    )


def test_an_amount_is_negotiated_within_limits(city: Shop) -> None:
    order_id, case_id = asked_off(city)
    city.step("merchant", case_id, "merchant_denied")
    path = f"/v1/cases/{case_id}/steps"
    far = {"step": "cancelled", "money": {"minor": 19_000, "currency": "COP"}}
    answer = city.ask("customer_service", "POST", path, far)
    assert answer.status_code == 422
    assert [issue["code"] for issue in answer.json()["issues"]] == ["reason_missing"]
    closed = city.step("customer_service", case_id, **far, text="a regular")  # type: ignore[arg-type]
    assert (closed["status"], closed["result"], closed["next_steps"]) == ("closed", "compensated", [])
    assert city.now(order_id)["status"] == "cancelled"
    (granted,) = city.events("RefundGranted")
    assert (granted["amount"]["minor"], granted["case_id"]) == (19_000, case_id)
    assert city.refused("customer_service", path, step="noted", text="x") == (409, "illegal_move")


def test_a_complaint_is_answered_by_the_merchant_and_made_good(city: Shop) -> None:
    order_id = city.accepted()
    assert city.refused("customer_service", f"/v1/orders/{order_id}/complaint", text="x") == (409, "illegal_move")
    city.starts("r1")
    city.on_board(order_id)
    city.delivered(order_id)
    asked = city.post("customer_service", f"/v1/orders/{order_id}/complaint", text="cold")
    case_id = asked["case"]["id"]
    assert (asked["case"]["stage"], asked["order"]["status"]) == ("merchant_asked", "delivered")
    assert city.post("customer_service", f"/v1/orders/{order_id}/complaint", text="very cold")["case"]["id"] == case_id
    city.step("merchant", case_id, "merchant_agreed")
    city.step("customer_service", case_id, "redelivery_ordered")
    (again,) = [one for one in city.get("admin", "/v1/orders")["items"] if one["id"].startswith(f"{order_id}-again")]
    assert (again["status"], again["priority"], again["total"]) == ("placed", 1, None)


def test_cases_are_found_by_what_people_ask_for(city: Shop) -> None:
    first, case_id = asked_off(city, zones=["north"])
    city.wait(600)
    second, other = asked_off(city, merchant="m2")
    third = city.post("dispatcher", "/v1/cases", kind="other", rider_id="r2", text="lost a bag")["id"]
    city.until(lambda: city.events("CaseEscalated"))
    city.post("customer_service", f"/v1/cases/{case_id}/take")
    city.step("customer_service", other, "merchant_denied")

    def found(**params: str | list[str] | bool) -> list[str]:
        return [one["id"] for one in city.get("dispatcher", "/v1/cases", **params)["items"]]

    assert found() == [third, other, case_id]
    assert found(kind=["cancellation", "other"], status="open") == [third, other, case_id]
    assert found(stage="denied") == found(merchant_id="m2") == found(order_id=second) == [other]
    assert found(zone_id="north") == found(order_id=first) == [case_id]
    assert found(opened_before="2023-11-15T12:05:00Z") == [case_id]
    assert found(opened_from="2023-11-15T12:05:00Z") == [third, other]
    assert found(person="u-customer_service") == found(owner="operations") == [case_id]
    assert found(rider_id="r2") == [third]
    assert found(kind="quality") == found(status="closed") == found(party="rider") == []
    pages = city.get("dispatcher", "/v1/cases", limit="2")
    rest = city.get("dispatcher", "/v1/cases", limit="2", cursor=pages["next"])
    assert [one["id"] for one in pages["items"] + rest["items"]] == [third, other, case_id]
    assert rest["next"] is None


def test_a_case_is_taken_once(city: Shop) -> None:
    _, case_id = asked_off(city)
    path = f"/v1/cases/{case_id}/take"
    seen = city.ask("customer_service", "GET", f"/v1/cases/{case_id}").headers["ETag"]
    taken = city.ask("customer_service", "POST", path, {}, **{"If-Match": seen})
    assert (taken.status_code, taken.json()["person"]) == (200, "u-customer_service")
    late = city.ask("dispatcher", "POST", path, {}, **{"If-Match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "stale")
    assert late.json()["present"] == city.get("dispatcher", f"/v1/cases/{case_id}")
    assert late.headers["ETag"] == taken.headers["ETag"] != seen
    agreed = {"step": "merchant_agreed"}
    theirs = city.ask("merchant", "POST", f"/v1/cases/{case_id}/steps", agreed, **{"If-Match": seen})
    assert (theirs.status_code, theirs.json()["present"]["person"]) == (412, "")
    assert city.now(city.get("dispatcher", f"/v1/cases/{case_id}")["order_id"])["status"] == "accepted"
    key = {"Idempotency-Key": "k1"}
    once, twice = (
        city.ask("dispatcher", "POST", f"/v1/cases/{case_id}/steps", {"step": "noted", "text": "called"}, **key)
        for _ in range(2)
    )
    assert once.json()["steps"] == twice.json()["steps"] == 1


def test_a_case_of_the_kind_that_is_open_is_the_answer(city: Shop) -> None:
    order_id, case_id = asked_off(city)
    body = {"kind": "cancellation", "order_id": order_id, "text": "again"}
    answer = city.ask("dispatcher", "POST", "/v1/cases", body)
    assert (answer.status_code, answer.json()["id"]) == (200, case_id)
    new = city.ask("dispatcher", "POST", "/v1/cases", {**body, "kind": "payment"})
    assert (new.status_code, new.headers["Location"]) == (201, f"/v1/cases/{new.json()['id']}")
    assert city.refused("dispatcher", "/v1/cases", kind="other", order_id="o9", text="x") == (404, "not_found")
    assert city.refused("dispatcher", "/v1/cases", kind="tired", text="x")[0] == 422


def test_everybody_answers_own_cases_and_no_others(city: Shop) -> None:
    order_id, case_id = asked_off(city)
    _, foreign = asked_off(city, merchant="m2")
    city.starts("r1")
    city.given(order_id)
    city.step("dispatcher", case_id, "noted", text="the merchant is difficult")
    for who in ("merchant", "rider-1"):
        assert [one["id"] for one in city.get(who, "/v1/cases")["items"]] == [case_id]
        case = city.get(who, f"/v1/cases/{case_id}")
        assert [one["event"] for one in case["history"]] == ["CaseOpened"]
        assert case["history"][0]["by_id"] == ""
        assert city.ask(who, "GET", f"/v1/cases/{foreign}").status_code == 404
        assert city.refused(who, f"/v1/cases/{foreign}/steps", step="merchant_denied") == (404, "not_found")
        assert city.refused(who, "/v1/cases", kind="other", text="x") == (403, "forbidden")
        assert city.refused(who, f"/v1/cases/{case_id}/take") == (403, "forbidden")
    assert city.get("rider-2", "/v1/cases")["items"] == []
    assert {one["step"] for one in city.get("merchant", f"/v1/cases/{case_id}")["next_steps"]} == {
        "merchant_agreed",
        "merchant_denied",
    }
    path = f"/v1/cases/{case_id}/steps"
    assert city.refused("merchant", path, step="cancelled") == (409, "not_yours")
    assert city.refused("rider-1", path, step="merchant_agreed") == (409, "not_yours")
    assert city.refused("merchant", path, step="merchant_agreed", party="house") == (409, "not_yours")
    assert city.refused("merchant", path, step="refunded") == (409, "illegal_move")
    city.step("merchant", case_id, "merchant_agreed")
    assert city.now(order_id)["status"] == "cancelled"


def test_what_is_missing_is_told_all_at_once(city: Shop) -> None:
    order_id = city.accepted()
    city.starts("r1")
    city.on_board(order_id)
    city.act("r1", "problem", problem="breakdown", order_id=order_id)
    case_id = city.case("rider_problem")["id"]
    path = f"/v1/cases/{case_id}/steps"
    answer = city.ask("customer_service", "POST", path, {"step": "plan_proposed", "plan": "hand_over"})
    assert (answer.status_code, {one["field"] for one in answer.json()["issues"]}) == (422, {"rider_id"})
    assert city.refused("customer_service", path, step="plan_proposed") == (422, "invalid_input")
    assert city.refused("customer_service", path, step="dance") == (422, "invalid_input")
    assert city.refused("customer_service", path, step="noted", text=" ") == (422, "invalid_input")
    assert city.refused("customer_service", "/v1/cases/case-999/steps", step="noted", text="x") == (404, "not_found")


def test_a_case_that_nobody_works_on_goes_to_operations_by_itself(city: Shop) -> None:
    _, case_id = asked_off(city)
    city.wait(181)
    case = city.until(lambda: (c := city.get("admin", f"/v1/cases/{case_id}"))["level"] and c)
    assert (case["owner"], case["person"], case["level"]) == ("operations", "", 1)
    assert city.get("admin", "/v1/cases", overdue=True)["items"] == []
    assert [one["event"] for one in case["history"]] == ["CaseOpened", "CaseEscalated"]
    assert len(list(city.live.store.events(MARKET, stream=f"case:{case_id}"))) == 2


def test_cases_are_summed_up_by_what_causes_them(city: Shop) -> None:
    _, first = asked_off(city, zones=["north", "centre"])
    city.wait(100)
    city.step("merchant", first, "merchant_agreed")
    _, second = asked_off(city, merchant="m2", zones=["north"])
    city.step("operations", second, "merchant_denied")
    city.wait(60)
    money = {"minor": 9_000, "currency": "COP"}
    city.step("customer_service", second, "cancelled", money=money, party="merchant")
    city.wait(3_600)
    city.post("dispatcher", "/v1/cases", kind="other", rider_id="r2", text="lost a bag")

    def summed(by: str, **params: str) -> dict[str, Json]:
        return {one["key"]: one for one in city.get("operations", "/v1/cases/report", by=by, **params)["items"]}

    kinds = summed("kind")
    assert {key: one["cases"] for key, one in kinds.items()} == {"cancellation": 2, "other": 1}
    cancelled = kinds["cancellation"]
    assert (cancelled["open"], cancelled["mean_close_s"], cancelled["results"]) == (0, 80, {"compensated": 2})
    assert {one["party"]: one["amount"]["minor"] for one in cancelled["money"]} == {"merchant": 9_000, "nobody": 20_000}
    assert (kinds["other"]["open"], kinds["other"]["mean_close_s"], kinds["other"]["money"]) == (1, None, [])
    assert {key: one["cases"] for key, one in summed("zone").items()} == {"north": 2, "centre": 1, "": 1}
    assert {key: one["cases"] for key, one in summed("merchant").items()} == {"m1": 1, "m2": 1, "": 1}
    assert {key: one["cases"] for key, one in summed("rider").items()} == {"": 2, "r2": 1}
    assert {key: one["cases"] for key, one in summed("hour").items()} == {"12": 2, "13": 1}
    assert set(summed("party", kind="other")) == {""}
    assert summed("kind", opened_from="2023-11-15T13:00:00Z").keys() == {"other"}
    assert city.ask("merchant", "GET", "/v1/cases/report").status_code == 403
    assert city.ask("operations", "GET", "/v1/cases/report?by=moon").status_code == 422

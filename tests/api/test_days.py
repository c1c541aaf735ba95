"""A day for each requirement about the life of an order, from the first request to the last, through the API alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest

from tests.support.gateway import StubGateway, deliver, stub_gateway
from tests.support.scripted_day import Day, a_day

T = TypeVar("T")
PRICE = 20_000
ITEMS = [{"name": "arepa", "quantity": 2}, {"name": "juice", "quantity": 1}]


@pytest.fixture
def day(sqlite_url: str) -> Iterator[Day]:
    with a_day(sqlite_url) as opened:
        yield opened


@pytest.fixture
def stub() -> Iterator[StubGateway]:
    with stub_gateway() as server:
        yield server


@pytest.fixture
def paid_day(sqlite_url: str, stub: StubGateway) -> Iterator[Day]:
    with a_day(sqlite_url, gateway=stub) as opened:
        yield opened


def delivered(day: Day, **more: object) -> str:
    """An order that rider r1 has brought."""
    order_id = day.accepted(**more)
    day.starts("r1")
    day.collects(order_id)
    day.delivered(order_id)
    return order_id


def only(found: list[T]) -> T:
    """The only one."""
    (one,) = found
    return one


def test_l51_merchants_confirm_are_reminded_and_in_the_end_done_without(day: Day) -> None:
    answered, phoned, forgotten = day.order(), day.order(), day.order("m2")
    day.wait(290)
    day.post("merchant", f"/v1/orders/{answered}/accept", ready_at=day.at(900))
    day.wait(20)
    assert day.told(phoned).count("MerchantReminded") == 1
    assert "MerchantReminded" not in day.told(answered)
    day.wait(120)
    assert day.told(phoned).count("MerchantReminded") == day.told(forgotten).count("MerchantReminded") == 2
    silent = {one["order_id"]: one for one in day.get("customer_service", "/v1/cases", kind="merchant_silent")["items"]}
    assert set(silent) == {phoned, forgotten}
    assert silent[phoned]["owner"] == "support"
    day.step("customer_service", silent[phoned]["id"], "merchant_agreed", text="by telephone")
    assert day.now(phoned)["status"] == "accepted"
    day.wait(600)
    assert (day.now(forgotten)["status"], day.refunded(forgotten)) == ("cancelled", PRICE)
    assert [day.get("customer_service", f"/v1/cases/{one['id']}")["status"] for one in silent.values()] == 2 * [
        "closed"
    ]
    day.post("merchant", f"/v1/orders/{answered}/ready-time", ready_at=day.at(1200), reason="the oven")
    day.post("merchant", f"/v1/orders/{answered}/ready")
    assert day.now(answered)["status"] == "ready"
    day.post("merchant", f"/v1/orders/{phoned}/reject", reason="out_of_stock")
    assert (day.now(phoned)["status"], day.refunded(phoned)) == ("rejected", PRICE)


def test_l52_a_rider_checks_rides_reports_trouble_and_proves_the_delivery(day: Day) -> None:
    order_id = day.accepted(items=ITEMS)
    day.starts("r1")
    assert order_id in day.takes("r1")
    day.ride("r1")
    wrong = [{"order_id": order_id, "counted": [{"item": "arepa", "quantity": 1}]}]
    told = day.act("r1", "picked_up", must=False, order_ids=[order_id], checks=wrong)
    mismatch = day.case("items_do_not_match")
    assert (mismatch["order_id"], mismatch["status"], day.now(order_id)["status"]) == (order_id, "open", "accepted"), (
        told
    )
    day.step("merchant", mismatch["id"], "items_completed")
    right = [{"order_id": order_id, "counted": [{"item": one["name"], "quantity": one["quantity"]} for one in ITEMS]}]
    day.act("r1", "picked_up", order_ids=[order_id], checks=right)
    day.wait(30)
    assert day.get("admin", f"/v1/orders/{order_id}/eta")["open"]
    day.act("r1", "problem", problem="traffic", order_id=order_id, text="a parade")
    trouble = day.case("rider_problem")
    day.step("customer_service", trouble["id"], "plan_proposed", plan="wait", text="ten minutes")
    day.step("customer_service", trouble["id"], "plan_agreed")
    day.delivered(order_id)
    assert day.now(order_id)["status"] == "delivered"
    assert day.get("customer_service", f"/v1/cases/{trouble['id']}")["status"] == "closed"
    assert not day.get("admin", f"/v1/orders/{order_id}/eta")["open"]


def test_l52_a_rider_who_breaks_down_hands_over_to_another(day: Day) -> None:
    order_id = day.accepted()
    day.starts("r1")
    day.collects(order_id)
    day.starts("r2")
    day.act("r1", "problem", problem="breakdown", order_id=order_id, text="the chain")
    case = day.case("rider_problem")
    where = {"latitude": 4.66, "longitude": -74.055}
    day.step("dispatcher", case["id"], "plan_proposed", plan="hand_over", rider_id="r2", place=where)
    link = day.link(order_id)
    question = only([one for one in day.customer("GET", link).json()["questions"] if one["case_id"] == case["id"]])
    answer = {"case_id": case["id"], "step": "plan_agreed"}
    assert "plan_agreed" in question["answers"]
    assert day.customer("POST", f"{link}/answers", answer).status_code == 200
    day.post("dispatcher", f"/v1/orders/{order_id}/hand-over", to_rider_id="r2")
    day.wait(20)
    day.delivered(order_id, "r2")
    assert (day.now(order_id)["status"], day.now(order_id)["rider_id"]) == ("delivered", "r2")


def test_l61_calling_off_costs_more_the_later_it_is(day: Day) -> None:
    early, cold, cooked, carried = day.order(), day.accepted(), day.accepted(), day.accepted()
    day.post("customer_service", f"/v1/orders/{early}/cancellation")
    assert (day.now(early)["status"], day.refunded(early)) == ("cancelled", PRICE)

    case = day.post("customer_service", f"/v1/orders/{cold}/cancellation")["case"]
    day.step("merchant", case["id"], "merchant_agreed")
    assert (day.now(cold)["status"], day.refunded(cold), day.balance(cold, "sales")) == ("cancelled", PRICE, 0)

    case = day.post("customer_service", f"/v1/orders/{cooked}/cancellation")["case"]
    day.step("merchant", case["id"], "merchant_denied", text="it is done")
    day.step("customer_service", case["id"], "cancelled")
    assert (day.now(cooked)["status"], day.refunded(cooked)) == ("cancelled", PRICE // 2)

    day.starts("r1")
    day.collects(carried)
    case = day.post("customer_service", f"/v1/orders/{carried}/cancellation")["case"]
    assert case["stage"] == "carried"
    day.step("customer_service", case["id"], "cancelled", text="moved away")
    assert day.refunded(carried) == PRICE // 5
    day.ride("r1")
    day.act("r1", "returned", order_id=carried)
    assert day.now(carried)["status"] == "returned"


@pytest.mark.parametrize("remedy", ["refunded", "redelivery_ordered", "coupon_given"])
def test_l62_a_complaint_ends_with_something_for_the_customer(day: Day, remedy: str) -> None:
    order_id = delivered(day)
    case = day.post("customer_service", f"/v1/orders/{order_id}/complaint", text="cold and late")["case"]
    day.step("customer_service", case["id"], "apologised")
    day.step("merchant", case["id"], "merchant_agreed")
    day.step("customer_service", case["id"], remedy)
    found = day.get("customer_service", f"/v1/cases/{case['id']}")
    assert (found["status"], found["result"]) == ("closed", "compensated")
    borne = day.balance(order_id, "merchant")
    assert borne == {"refunded": PRICE, "coupon_given": PRICE // 5}.get(remedy, 0)
    again = [one for one in day.get("admin", "/v1/orders")["items"] if one["id"].startswith(f"{order_id}-again")]
    assert len(again) == (remedy == "redelivery_ordered")


def test_l63_lateness_is_a_case_by_itself_and_its_cause_stands_in_the_log(day: Day) -> None:
    order_id = day.accepted()
    day.wait(3600)
    late = day.case("lateness")
    assert (late["order_id"], late["status"]) == (order_id, "open")
    day.post("merchant", f"/v1/orders/{order_id}/ready")
    day.starts("r1")
    day.collects(order_id)
    day.delivered(order_id)
    found = day.get("customer_service", f"/v1/cases/{late['id']}")
    assert (found["status"], found["party"]) == ("closed", "merchant")
    assert day.get("operations", "/v1/penalties")["items"] == []


def test_l63_a_rider_who_loiters_is_warned_and_appeals(day: Day) -> None:
    order_id = day.accepted()
    day.post("merchant", f"/v1/orders/{order_id}/ready")
    day.starts("r1")
    day.collects(order_id)
    day.act("r1", "depart")
    day.loiters("r1", 5400)
    day.act("r1", "arrived")
    day.act("r1", "delivered", order_id=order_id)
    mark = only(day.get("rider-1", "/v1/riders/me/penalties")["items"])
    assert (mark["kind"], mark["status"], mark["order_id"]) == ("warning", "given", order_id)
    day.post("rider-1", f"/v1/riders/me/penalties/{mark['id']}/appeal", text="the bridge was up")
    day.post("operations", f"/v1/penalties/{mark['id']}/decision", lifted=True, text="it was")
    assert only(day.get("rider-1", "/v1/riders/me/penalties")["items"])["status"] == "lifted"


def test_l63_nobody_is_blamed_in_a_storm(day: Day) -> None:
    storm = {"kind": "weather", "starts_at": day.at(0), "ends_at": day.at(7200), "text": "hail"}
    day.post("operations", "/v1/closures", **storm)
    order_id = day.accepted()
    day.post("merchant", f"/v1/orders/{order_id}/ready")
    day.starts("r1")
    day.collects(order_id)
    day.act("r1", "depart")
    day.loiters("r1", 5400)
    day.act("r1", "arrived")
    day.act("r1", "delivered", order_id=order_id)
    assert day.case("lateness")["party"] == "force_majeure"
    assert day.get("operations", "/v1/penalties")["items"] == []


def test_a_customer_who_is_not_there_gets_the_food_another_time(day: Day) -> None:
    order_id = day.accepted()
    day.starts("r1")
    day.collects(order_id)
    day.ride("r1")
    day.act("r1", "problem", problem="customer_not_found", order_id=order_id)
    case = day.case("customer_unreachable")
    day.step("customer_service", case["id"], "customer_contacted", text="no answer, twice")
    day.step("customer_service", case["id"], "given_up")
    day.ride("r1")
    day.act("r1", "returned", order_id=order_id)
    assert day.now(order_id)["status"] == "returned"
    failed = day.case("failed_delivery")
    day.step("customer_service", failed["id"], "redelivery_ordered")
    again = only([one for one in day.get("admin", "/v1/orders")["items"] if "-again" in one["id"]])
    assert (again["linked_to"], again["status"]) == (order_id, "placed")


def test_the_plan_follows_an_address_that_is_corrected_and_brings_an_order_again(day: Day) -> None:
    corrected = {"latitude": 4.655, "longitude": -74.05}
    order_id = day.accepted()
    day.starts("r1")
    day.collects(order_id)
    other = day.accepted()
    link = day.link(order_id)
    day.post("customer_service", "/v1/cases", kind="wrong_address", order_id=order_id, text="no such house")
    question = only(day.customer("GET", link).json()["questions"])
    answer = {"case_id": question["case_id"], "step": "address_corrected", "place": corrected, "address": "Calle 2"}
    assert day.customer("POST", f"{link}/answers", answer).status_code == 200
    tick = day.state.tick
    day.wait(60)
    assert day.state.tick > tick + 3
    stops = day.get("rider-1", "/v1/riders/me/tasks")["stops"]
    ways = [(task["kind"], stop["place"]) for stop in stops for task in stop["tasks"] if task["order_id"] == order_id]
    assert ways == [("dropoff", corrected)]
    assert "EtaChanged" in day.told(order_id)[day.told(order_id).index("OrderRedirected") :]
    day.delivered(order_id)
    assert day.now(order_id)["dropoff"] == corrected

    case = day.post("customer_service", f"/v1/orders/{order_id}/complaint", text="cold")["case"]
    day.step("merchant", case["id"], "merchant_agreed")
    day.step("customer_service", case["id"], "redelivery_ordered")
    again = only([one for one in day.get("admin", "/v1/orders")["items"] if one["linked_to"] == order_id])
    assert again["dropoff"] == corrected
    day.post("merchant", f"/v1/orders/{again['id']}/accept")
    given = ""
    while not {other, again["id"]} <= set(given.split()):
        given += f" {day.takes('r1')}"
    assert day.get("dispatcher", f"/v1/orders/{again['id']}/explanation")
    for _ in range(8):
        finished(day, other, again["id"])
    assert {day.now(name)["status"] for name in (other, again["id"])} == {"delivered"}


def finished(day: Day, *order_ids: str) -> None:
    """Rider r1 rides to the next stop, and does what is to be done there for these orders."""
    stops = day.get("rider-1", "/v1/riders/me/tasks")["stops"]
    if not stops:
        return
    day.ride("r1")
    for task in stops[0]["tasks"]:
        assert task["order_id"] in order_ids
        if task["kind"] == "pickup":
            day.act("r1", "picked_up", order_ids=[task["order_id"]])
        else:
            day.act("r1", "delivered", order_id=task["order_id"])


def test_p1_a_shop_order_goes_from_pending_to_completed_by_itself(paid_day: Day, stub: StubGateway) -> None:
    day = paid_day
    order_id = day.order(payment="gateway", channel="shop")
    assert day.now(order_id)["shop_status"] == "pending"
    assert day.refused("merchant", f"/v1/orders/{order_id}/accept") == (409, "unpaid")
    session = day.post("admin", f"/v1/orders/{order_id}/payment/checkout")["reference"]
    assert deliver(day.live.url, stub.paid(session)).status_code == 200
    assert day.now(order_id)["shop_status"] == "paid"
    day.post("merchant", f"/v1/orders/{order_id}/accept")
    day.post("merchant", f"/v1/orders/{order_id}/ready")
    assert day.now(order_id)["shop_status"] == "ready"
    day.starts("r1")
    day.collects(order_id)
    assert day.now(order_id)["shop_status"] == "shipped"
    day.delivered(order_id)
    assert day.now(order_id)["shop_status"] == "completed"


def test_p1_an_order_that_is_fetched_needs_no_rider(day: Day) -> None:
    order_id = day.order(fulfilment="store_pickup", payment="cash", channel="shop")
    day.post("merchant", f"/v1/orders/{order_id}/accept")
    day.post("merchant", f"/v1/orders/{order_id}/ready")
    day.starts("r1")
    day.wait(300)
    assert day.now(order_id)["dispatch"] == "not_needed"
    day.post("merchant", f"/v1/orders/{order_id}/collected")
    account = day.get("customer_service", f"/v1/orders/{order_id}/payment")
    assert (day.now(order_id)["shop_status"], account["status"]) == ("completed", "paid")


def test_p1_who_does_not_pay_in_time_gets_nothing(paid_day: Day) -> None:
    order_id = paid_day.order(payment="gateway")
    paid_day.starts("r1")
    paid_day.wait(890)
    assert paid_day.now(order_id)["dispatch"] == "open"
    paid_day.wait(20)
    assert paid_day.now(order_id)["status"] == "cancelled"
    assert paid_day.balance(order_id, "customer") == 0


def test_p3_a_customer_follows_the_order_by_a_link(day: Day) -> None:
    order_id = day.accepted(customer={"name": "Luz", "phone": "+573001112233"})
    link = day.link(order_id)
    seen = day.customer("GET", link).json()
    assert (seen["status"], seen["rider"]) == ("accepted", None)
    assert "+573001112233" not in str(seen)
    day.starts("r1")
    day.collects(order_id)
    day.wait(30)
    seen = day.customer("GET", link).json()
    assert seen["status"] == "picked_up"
    assert seen["expected"]["early_at"] <= seen["expected"]["at"] <= seen["expected"]["late_at"]
    assert seen["rider"] is not None
    assert day.customer("POST", f"{link}/messages", {"text": "ring twice"}).status_code == 200
    assert day.customer("GET", f"{link}/cancel").status_code == 200
    day.delivered(order_id)
    assert day.customer("POST", f"{link}/rating", {"stars": 5, "text": "quick"}).status_code == 200
    assert day.customer("GET", link).json()["rider"] is None
    assert {"CustomerMessaged", "OrderRated"} <= set(day.told(order_id))
    day.wait(25 * 3600)
    assert day.customer("GET", link).status_code == 404
    assert day.customer("GET", "/v1/track/nothing").status_code == 404


def test_p5_a_transfer_counts_when_somebody_has_found_it(day: Day) -> None:
    order_id = day.order(payment="transfer")
    link = day.link(order_id)
    assert day.customer("POST", f"{link}/payment/transfer", {"picture": "receipt-1"}).status_code == 200
    waiting = day.get("customer_service", "/v1/payments", status="claimed")["items"]
    assert [one["order_id"] for one in waiting] == [order_id]
    check = f"/v1/orders/{order_id}/payment/transfer/check"
    day.post("customer_service", check, found=False, text="no such transfer")
    day.customer("POST", f"{link}/payment/transfer", {"picture": "receipt-2"})
    day.post("customer_service", check, found=True)
    received = only([one for one in day.events_about(order_id) if one["type"] == "PaymentReceived"])
    assert (received["actor_kind"], received["actor_id"]) == ("support", "u-customer_service")
    day.post("merchant", f"/v1/orders/{order_id}/accept")
    assert day.now(order_id)["shop_status"] == "paid"


def told_about(day: Day, order_id: str, occasion: str) -> list[str]:
    """The audiences that were told of something about an order, once they were."""
    path = "/v1/notifications/told"
    found = day.until(lambda: day.get("operations", path, order_id=order_id, occasion=occasion)["items"])
    return sorted({one["audience"] for one in found})


def test_p2_who_is_concerned_is_told_when_an_order_is_ready(day: Day) -> None:
    fetched = day.order(fulfilment="store_pickup", channel="shop", customer={"name": "Luz", "language": "es"})
    day.post("merchant", f"/v1/orders/{fetched}/accept")
    day.post("merchant", f"/v1/orders/{fetched}/ready")
    assert "customer" in told_about(day, fetched, "order_ready")
    carried = day.accepted()
    day.starts("r1")
    assert carried in day.takes("r1")
    day.post("merchant", f"/v1/orders/{carried}/ready")
    assert "rider" in told_about(day, carried, "order_ready")


def test_p4_everybody_chooses_what_to_be_told_but_not_to_miss_what_waits_for_them(day: Day) -> None:
    urgent = day.ask("rider-1", "PUT", "/v1/notifications/preferences", {"choices": {"order_ready": []}})
    assert (urgent.status_code, urgent.json()["issues"][0]["code"]) == (422, "must_be_told")
    order_id = day.accepted()
    wishes = f"{day.link(order_id)}/notifications/preferences"
    answer = day.customer("PUT", wishes, {"language": "zh", "choices": {"order_picked_up": []}})
    assert answer.status_code == 200, answer.text
    day.starts("r1")
    day.collects(order_id)
    day.delivered(order_id)
    assert "customer" in told_about(day, order_id, "order_delivered")
    seen = day.customer("GET", wishes.removesuffix("/preferences")).json()
    assert {one["language"] for one in seen if one["occasion"] == "order_delivered"} == {"zh"}
    assert "order_picked_up" not in {one["occasion"] for one in seen}


def test_l64_what_went_wrong_is_summed_up(day: Day) -> None:
    order_id = delivered(day)
    case = day.post("customer_service", f"/v1/orders/{order_id}/complaint", text="cold")["case"]
    day.step("merchant", case["id"], "merchant_agreed")
    day.step("customer_service", case["id"], "refunded")
    by_kind = day.get("customer_service", "/v1/cases/report", by="kind")["items"]
    assert [(one["key"], one["cases"]) for one in by_kind] == [("quality", 1)]
    by_merchant = day.get("customer_service", "/v1/cases/report", by="merchant")["items"]
    assert [(one["key"], one["cases"]) for one in by_merchant] == [("m1", 1)]

"""How events look as JSON, and what is said of JSON that is no event."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass

import pytest

from dispatch.errors import InvalidInputError
from dispatch.model import (
    events_case,
    events_dispatch,
    events_eta,
    events_market,
    events_money,
    events_order,
    events_rider,
)
from dispatch.model.codec import Json, decode, encode
from dispatch.model.events import EVENT_TYPES, DeliveryFailed, LegStarted, OrderPlaced, from_dict, to_dict
from dispatch.model.order import Order, OrderId, Vehicle
from dispatch.model.place import Place
from dispatch.model.reasons import FailureReason
from dispatch.model.rider import RiderId
from tests.support.builders import an_order


def issues(data: dict[str, Json]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInputError) as caught:
        from_dict(data)
    return [(issue.code, issue.field) for issue in caught.value.issues]


def placed(**changes: Json) -> dict[str, Json]:
    order: Json = {**encode(an_order()), **changes}
    return {"type": "OrderPlaced", "order": order}


def test_enums_go_by_value_and_places_as_latitude_longitude() -> None:
    failed = DeliveryFailed(order_id=OrderId("o1"), rider_id=RiderId("r1"), reason=FailureReason.NO_ACCESS)
    assert to_dict(failed) == {"type": "DeliveryFailed", "order_id": "o1", "rider_id": "r1", "reason": "no_access"}
    leg = LegStarted(rider_id=RiderId("r1"), origin=Place(4.5, -74.0), destination=Place(4.6, -74.1), arrives_at=9)
    assert to_dict(leg) == {
        "type": "LegStarted",
        "rider_id": "r1",
        "origin": [4.5, -74.0],
        "destination": [4.6, -74.1],
        "arrives_at": 9,
    }


def test_sets_are_written_in_one_order() -> None:
    order = an_order(vehicles=frozenset({Vehicle.WALK, Vehicle.CAR, Vehicle.BICYCLE}))
    assert encode(order)["vehicles"] == ["bicycle", "car", "walk"]


def test_what_came_later_has_its_default() -> None:
    data = placed()
    order = data["order"]
    assert isinstance(order, dict)
    for name in ("notes", "attributes", "linked_to", "pickup_handling"):
        del order[name]
    assert from_dict(data) == OrderPlaced(order=an_order())


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(InvalidInputError, match="'OrderTeleported' is no type of event") as caught:
        from_dict({"type": "OrderTeleported"})
    assert caught.value.issues[0].code == "event_unknown"
    assert issues({}) == [("event_unknown", "type")]
    assert issues({"type": 7}) == [("event_unknown", "type")]


def test_all_issues_are_told_with_where_they_are() -> None:
    data = placed(
        pickup=[4.0, 200.0], dropoff=[1.0], size="2", vehicles=["ship"], attributes=[["a", 1]], placed_at=True, x=1
    )
    assert issues(data) == [
        ("field_unknown", "order.x"),
        ("malformed", "order.pickup"),
        ("malformed", "order.dropoff"),
        ("malformed", "order.placed_at"),
        ("malformed", "order.size"),
        ("malformed", "order.vehicles[0]"),
        ("malformed", "order.attributes[0][1]"),
    ]
    assert issues({"type": "OrderReady"}) == [("field_missing", "order_id")]
    assert issues({"type": "OrderPlaced", "order": []}) == [("malformed", "order")]
    assert issues(placed(size=0)) == [("malformed", "order")]
    assert issues(placed(items=7)) == [("malformed", "order.items")]


def test_whole_numbers_are_read_where_fractions_are_meant_but_not_the_reverse() -> None:
    event = from_dict(placed(pickup=[4, -74]))
    assert isinstance(event, OrderPlaced)
    assert event.order.pickup == Place(4.0, -74.0)
    assert issues(placed(ready_at=1.5)) == [("malformed", "order.ready_at")]


def test_the_registry_knows_every_event_by_its_name() -> None:
    modules = (events_order, events_dispatch, events_rider, events_market, events_case, events_money, events_eta)
    defined = {
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__
    }
    assert set(EVENT_TYPES.values()) == defined - {events_order.Proof}
    assert all(kind.__name__ == name for name, kind in EVENT_TYPES.items())


@dataclass(frozen=True)
class Awkward:
    """Has a field that JSON cannot tell apart."""

    value: int | str


def test_a_field_without_a_json_form_is_misuse() -> None:
    with pytest.raises(TypeError, match="no JSON form"):
        encode(Awkward(1))
    with pytest.raises(TypeError, match="no JSON form"):
        decode(Awkward, {"value": 1}, "it")
    with pytest.raises(TypeError, match="no JSON form"):
        encode(3j)


def test_an_order_alone_can_be_read_too() -> None:
    assert decode(Order, encode(an_order()), "order") == an_order()

"""From tasks to stops, and sequences brought up to date."""

from __future__ import annotations

import pytest

from dispatch.model.order import MerchantId, OrderId
from dispatch.model.rider import Task, TaskKind
from dispatch.model.stops import first_stop, in_order, reconciled, same_tasks, stops_of, task_place
from tests.support.builders import CORNER, DOOR, KITCHEN, a_store_pickup, an_order
from tests.support.towns import Town, drawn

KINDS = {"+": TaskKind.PICKUP, "-": TaskKind.DROPOFF, "~": TaskKind.RETURN}


def tasks(text: str) -> tuple[Task, ...]:
    return tuple(Task(OrderId(word[1:]), KINDS[word[0]]) for word in text.split())


def drawn_all(found: tuple[Task, ...]) -> str:
    return " ".join(drawn(task) for task in found)


def a_town() -> Town:
    town = Town()
    same_place = an_order("o4", merchant_id=MerchantId("m2"))
    town.placed("o1", "o2", an_order("o3", merchant_id=MerchantId("m2"), pickup=CORNER), same_place)
    return town


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("", []),
        ("+o1 +o2 -o1 -o2", ["+o1 +o2", "-o1", "-o2"]),
        ("+o1 +o3 +o2 -o1", ["+o1", "+o3", "+o2", "-o1"]),
        ("+o1 +o4", ["+o1", "+o4"]),
        ("~o1 ~o2 -o3", ["~o1 ~o2", "-o3"]),
        ("+o1 ~o2", ["+o1", "~o2"]),
    ],
)
def test_tasks_in_a_row_at_one_merchant_make_one_stop(text: str, stops: list[str]) -> None:
    found = stops_of(tasks(text), a_town().market.state.orders)
    assert [drawn_all(stop.tasks) for stop in found] == stops


def test_a_stop_is_where_its_tasks_are() -> None:
    orders = a_town().market.state.orders
    places = [stop.place for stop in stops_of(tasks("+o1 -o1 +o3 ~o3"), orders)]
    assert places == [KITCHEN, DOOR, CORNER, CORNER]
    assert first_stop((), orders) is None


def test_an_order_that_is_fetched_has_no_drop_off() -> None:
    assert task_place(a_store_pickup(), TaskKind.PICKUP) == KITCHEN
    with pytest.raises(ValueError, match="no drop-off"):
        task_place(a_store_pickup(), TaskKind.DROPOFF)


@pytest.mark.parametrize(
    ("wanted", "present", "result"),
    [
        ("+o2 -o2 +o1 -o1", "+o1 -o1 +o2 -o2", "+o2 -o2 +o1 -o1"),
        ("+o2 -o2 +o1 -o1", "-o1", "-o1"),
        ("+o1 -o1", "+o1 +o2 -o1 -o2", "+o1 -o1 +o2 -o2"),
        ("+o1 +o1 -o1", "+o1 -o1", "+o1 -o1"),
        ("", "-o1 -o2", "-o1 -o2"),
        ("-o1", "~o1", "~o1"),
    ],
)
def test_a_sequence_wanted_some_time_ago_is_brought_up_to_date(wanted: str, present: str, result: str) -> None:
    assert drawn_all(reconciled(tasks(wanted), tasks(present))) == result


@pytest.mark.parametrize(
    ("text", "fits"),
    [("", True), ("+o1 -o1", True), ("-o1 ~o2", True), ("-o1 +o1", False), ("+o1 +o1", False), ("-o1 ~o1", False)],
)
def test_a_pickup_comes_before_its_drop_off_and_nothing_twice(text: str, fits: bool) -> None:
    assert in_order(tasks(text)) is fits


def test_the_same_tasks_in_whatever_order() -> None:
    assert same_tasks(tasks("+o1 -o1 -o2"), tasks("-o2 +o1 -o1"))
    assert not same_tasks(tasks("+o1 -o1"), tasks("+o1 -o2"))
    assert not same_tasks(tasks("+o1 +o1"), tasks("+o1"))

"""The tables of the state machines: what is not listed is refused, and every way leads to an end."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import pytest

from dispatch.model.actor import ActorKind
from dispatch.model.events import (
    EVENT_TYPES,
    DeliveryCorrected,
    Event,
    OrderCancelled,
    OrderDelivered,
    OrderPickedUp,
    OrderReady,
    PickupCorrected,
)
from dispatch.model.lifecycle import (
    ORDER_TABLE,
    CaseStatus,
    DispatchStatus,
    IllegalMove,
    OfferStatus,
    OrderStatus,
    TaskStatus,
    after,
    legal,
    legal_events,
    table_of,
)
from dispatch.model.order import OrderId
from dispatch.model.reasons import CancelReason

STARTS: dict[type[StrEnum], set[StrEnum]] = {
    OrderStatus: {OrderStatus.PLACED},
    DispatchStatus: {DispatchStatus.OPEN, DispatchStatus.NOT_NEEDED},
    TaskStatus: {TaskStatus.PLANNED},
    OfferStatus: {OfferStatus.OPEN},
    CaseStatus: {CaseStatus.OPEN},
}
ENDS: dict[type[StrEnum], set[StrEnum]] = {
    OrderStatus: {
        OrderStatus.DELIVERED,
        OrderStatus.COLLECTED,
        OrderStatus.REJECTED,
        OrderStatus.RETURNED,
        OrderStatus.LOST,
    },
    DispatchStatus: {DispatchStatus.DONE, DispatchStatus.DROPPED},
    TaskStatus: {TaskStatus.DONE, TaskStatus.DROPPED},
    OfferStatus: {OfferStatus.ACCEPTED, OfferStatus.DECLINED, OfferStatus.EXPIRED, OfferStatus.WITHDRAWN},
    CaseStatus: {CaseStatus.CLOSED},
}
CORRECTIONS: set[type[Event]] = {PickupCorrected, DeliveryCorrected}
"""What takes back that something was done; nothing else leads on from an end."""
MACHINES = list(STARTS)


def next_to(machine: type[StrEnum], status: StrEnum) -> set[StrEnum]:
    return {target for (before, _), target in table_of(machine).items() if before is status}


def reached(machine: type[StrEnum], starts: set[StrEnum]) -> set[StrEnum]:
    seen: set[StrEnum] = set()
    waiting = list(starts)
    while waiting:
        status = waiting.pop()
        if status not in seen:
            seen.add(status)
            waiting.extend(next_to(machine, status))
    return seen


@pytest.mark.parametrize("machine", MACHINES)
def test_every_status_can_be_reached(machine: type[StrEnum]) -> None:
    assert reached(machine, STARTS[machine]) == set(machine)


@pytest.mark.parametrize("machine", MACHINES)
def test_ends_are_ends_and_nothing_else_is(machine: type[StrEnum]) -> None:
    ends = {status for status in machine if CORRECTIONS.issuperset(legal_events(status))}
    assert ends == ENDS[machine]


@pytest.mark.parametrize("machine", MACHINES)
def test_an_end_can_be_reached_from_everywhere(machine: type[StrEnum]) -> None:
    assert all(reached(machine, {status}) & ENDS[machine] for status in machine)


def pairs() -> Iterator[tuple[StrEnum, type[Event]]]:
    for machine in MACHINES:
        for status in machine:
            yield from ((status, event_type) for event_type in EVENT_TYPES.values())


def test_legal_is_what_the_table_lists_and_nothing_else() -> None:
    listed = {(status, event_type) for status, event_type in pairs() if legal(status, event_type)}
    assert listed == {pair for machine in MACHINES for pair in table_of(machine)}
    assert len(list(pairs())) > 10 * len(listed)


@pytest.mark.parametrize("status", list(OrderStatus))
def test_what_is_not_listed_is_refused(status: OrderStatus) -> None:
    events: tuple[Event, ...] = (
        OrderReady(order_id=OrderId("o1")),
        OrderCancelled(order_id=OrderId("o1"), by=ActorKind.CUSTOMER, reason=CancelReason.OTHER),
    )
    for event in events:
        if legal(status, type(event)):
            assert after(ORDER_TABLE, status, event, "order", "o1") is ORDER_TABLE[status, type(event)]
        else:
            with pytest.raises(IllegalMove, match=f"Order o1 is {status.value}") as caught:
                after(ORDER_TABLE, status, event, "order", "o1")
            assert caught.value.code == "illegal_move"


def test_a_refusal_says_what_could_happen_instead() -> None:
    event = OrderReady(order_id=OrderId("o1"))
    with pytest.raises(IllegalMove) as caught:
        after(ORDER_TABLE, OrderStatus.PICKED_UP, event, "order", "o1")
    assert "OrderDelivered" in caught.value.action
    with pytest.raises(IllegalMove) as caught:
        after(ORDER_TABLE, OrderStatus.RETURNED, event, "order", "o1")
    assert "nothing any more" in caught.value.action


def test_a_kitchen_without_signals_can_be_picked_up_from_at_once() -> None:
    assert legal(OrderStatus.PLACED, OrderPickedUp)
    assert not legal(OrderStatus.PLACED, OrderDelivered)


def test_an_order_on_board_is_cancelled_by_bringing_it_back() -> None:
    table = table_of(DispatchStatus)
    assert table[DispatchStatus.CARRIED, OrderCancelled] is DispatchStatus.RETURNING
    assert table[DispatchStatus.ASSIGNED, OrderCancelled] is DispatchStatus.DROPPED
    assert not legal(DispatchStatus.OFFERED, OrderCancelled)


def test_an_enum_that_is_no_machine_has_no_table() -> None:
    with pytest.raises(KeyError):
        table_of(ActorKind)

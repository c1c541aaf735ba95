"""What must hold of every market state, whatever has happened. Shares no code with the fold."""

from __future__ import annotations

from dispatch.model.events import OfferId
from dispatch.model.lifecycle import DispatchStatus, OfferStatus, OrderStatus, TaskStatus
from dispatch.model.order import OrderId
from dispatch.model.place import Place
from dispatch.model.rider import RiderId, TaskKind
from dispatch.model.state import MarketState, OrderState, RiderState

BOTH = {TaskKind.PICKUP, TaskKind.DROPOFF}
LEFT_TO_DO = {
    DispatchStatus.ASSIGNED: BOTH,
    DispatchStatus.UNDER_WAY: BOTH,
    DispatchStatus.CARRIED: {TaskKind.DROPOFF},
    DispatchStatus.RETURNING: {TaskKind.RETURN},
}
OVER = {DispatchStatus.DONE, DispatchStatus.DROPPED}
IN_KITCHEN = {OrderStatus.PLACED, OrderStatus.ACCEPTED, OrderStatus.PREPARING, OrderStatus.READY}
GOES_WITH = {
    DispatchStatus.NOT_NEEDED: IN_KITCHEN,
    DispatchStatus.OPEN: IN_KITCHEN,
    DispatchStatus.HELD: IN_KITCHEN,
    DispatchStatus.OFFERED: IN_KITCHEN,
    DispatchStatus.ASSIGNED: IN_KITCHEN,
    DispatchStatus.UNDER_WAY: IN_KITCHEN,
    DispatchStatus.CARRIED: {OrderStatus.PICKED_UP},
    DispatchStatus.RETURNING: {OrderStatus.FAILED, OrderStatus.CANCELLED},
    DispatchStatus.DONE: {OrderStatus.DELIVERED, OrderStatus.RETURNED, OrderStatus.COLLECTED, OrderStatus.LOST},
    DispatchStatus.DROPPED: {OrderStatus.CANCELLED, OrderStatus.REJECTED},
}


def check_market(state: MarketState) -> None:
    """Assert everything of this module."""
    check_tasks(state)
    check_offers(state)
    for rider in state.riders.values():
        check_rider(state, rider)
    for order in state.orders.values():
        check_order(state, order)
    shown = {order_id for order_id, order in state.orders.items() if order.dispatch not in OVER}
    assert set(state.active) == shown - {o for o in shown if state.orders[o].dispatch is DispatchStatus.NOT_NEEDED}


def check_tasks(state: MarketState) -> None:
    """Each order that a rider has is in that rider's tasks, with what is left to do, once, and in no other's."""
    has: dict[tuple[OrderId, TaskKind], list[RiderId]] = {}
    for rider_id, rider in state.riders.items():
        for task in rider.tasks:
            has.setdefault((task.order_id, task.kind), []).append(rider_id)
    should = {
        (order_id, kind): [order.rider_id]
        for order_id, order in state.orders.items()
        for kind in LEFT_TO_DO.get(order.dispatch, ())
    }
    assert has == should


def check_offers(state: MarketState) -> None:
    """An order knows the open offers that have it, each to another rider, and riders know their open offers."""
    still_open = {offer_id: offer for offer_id, offer in state.offers.items() if offer.status is OfferStatus.OPEN}
    offered: dict[OrderId, set[OfferId]] = {}
    for offer_id, offer in still_open.items():
        for order_id in offer.order_ids:
            offered.setdefault(order_id, set()).add(offer_id)
    assert {o: set(s.open_offers) for o, s in state.orders.items() if s.open_offers} == offered
    assert all(len(set(s.open_offers)) == len(s.open_offers) for s in state.orders.values())
    with_nobody = {order_id for order_id in offered if state.orders[order_id].rider_id is None}
    assert {o for o, s in state.orders.items() if s.dispatch is DispatchStatus.OFFERED} == with_nobody
    for order_id, offers in offered.items():
        asked = {still_open[offer_id].rider_id for offer_id in offers}
        assert len(asked) == len(offers)
        assert state.orders[order_id].rider_id not in asked
        assert len(offers) == 1 or state.orders[order_id].rider_id is None
        assert state.orders[order_id].picked_up_at is None
    for rider_id, rider in state.riders.items():
        assert rider.offers == {offer_id for offer_id, offer in still_open.items() if offer.rider_id == rider_id}


def check_rider(state: MarketState, rider: RiderState) -> None:
    """Pickups come before drop-offs; who is off shift has nothing; a leg goes somewhere in the end."""
    kinds: dict[OrderId, list[TaskKind]] = {}
    for task in rider.tasks:
        kinds.setdefault(task.order_id, []).append(task.kind)
    assert all(seen in ([TaskKind.PICKUP, TaskKind.DROPOFF], seen[-1:]) for seen in kinds.values())
    if rider.shift is None:
        assert (rider.tasks, rider.offers, rider.leg) == ((), frozenset(), None)
    else:
        assert rider.place is not None
    assert rider.rider.id in state.riders


def check_order(state: MarketState, order: OrderState) -> None:
    """The three machines of an order agree with each other and with where its rider is."""
    assert order.status in GOES_WITH[order.dispatch]
    begun = order.pickup_task in (TaskStatus.STARTED, TaskStatus.ARRIVED)
    assert begun == (order.dispatch is DispatchStatus.UNDER_WAY)
    assert (order.pickup_task is TaskStatus.DONE) == (order.picked_up_at is not None)
    fetched = order.status is OrderStatus.COLLECTED
    assert (order.dropoff_task is TaskStatus.DONE or fetched) == (order.delivered_at is not None)
    assert (order.return_task is TaskStatus.DONE) == (order.status is OrderStatus.RETURNED)
    assert (order.rider_id is None) == (order.dispatch not in LEFT_TO_DO and order.picked_up_at is None)
    if order.rider_id is not None:
        rider = state.riders[order.rider_id]
        check_progress(rider, order.pickup_task, order.order.pickup)
        check_progress(rider, order.dropoff_task, order.order.dropoff)
        check_progress(rider, order.return_task, order.order.pickup)


def check_progress(rider: RiderState, task: TaskStatus, place: Place | None) -> None:
    """Somebody whose task is started is on the way there; somebody who has arrived stands there."""
    if task is TaskStatus.STARTED:
        assert rider.leg is not None
        assert rider.leg.destination == place
    if task is TaskStatus.ARRIVED:
        assert rider.leg is None
        assert rider.place == place

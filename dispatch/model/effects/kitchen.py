"""Customers and merchants: placed, accepted, ready, changed, called off, fetched."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from dispatch.model.effects.etas import end_eta
from dispatch.model.effects.money import charge_changed, open_account
from dispatch.model.effects.prep import learn_prep
from dispatch.model.effects.tasks import back_to_merchant, without_order
from dispatch.model.events import (
    CustomerMessaged,
    KitchenEvent,
    MerchantReminded,
    OrderAccepted,
    OrderCancelled,
    OrderChanged,
    OrderCollected,
    OrderPlaced,
    OrderRated,
    OrderReady,
    OrderRedirected,
    OrderRejected,
    PreparationStarted,
    ReadyTimeChanged,
)
from dispatch.model.lifecycle import (
    DISPATCH_TABLE,
    ORDER_TABLE,
    TASK_TABLE,
    DispatchStatus,
    IllegalMove,
    OrderStatus,
    after,
)
from dispatch.model.order import Fulfilment
from dispatch.model.state import MarketState, OrderState
from dispatch.units import Instant

_Said = OrderAccepted | ReadyTimeChanged | OrderReady | PreparationStarted | MerchantReminded | OrderRedirected


def fold_kitchen(state: MarketState, event: KitchenEvent, at: Instant) -> None:
    """Take in one event of customer or merchant. Raises IllegalMove, NotFoundError."""
    match event:
        case OrderPlaced():
            _placed(state, event, at)
        case OrderCancelled() | OrderRejected():
            _called_off(state, event, at)
        case OrderCollected():
            _collected(state, event, at)
        case OrderChanged():
            _changed(state, event, at)
        case OrderAccepted():
            accepted = _moved(state, event)
            state.orders[event.order_id] = accepted._replace(
                ready_at=event.ready_at, accepted_at=at, promised_ready_at=event.ready_at
            )
        case ReadyTimeChanged():
            changed = _moved(state, event)
            # Food that was ready and is not any more was not ready.
            state.orders[event.order_id] = changed._replace(ready_at=event.ready_at, food_ready_at=None)
        case OrderReady():
            ready = state.orders[event.order_id] = _moved(state, event)._replace(ready_at=at, food_ready_at=at)
            learn_prep(state, ready, at)
        case PreparationStarted():
            state.orders[event.order_id] = _moved(state, event)
        case CustomerMessaged():
            order = state.order(event.order_id)
            state.orders[event.order_id] = order._replace(version=order.version + 1)
        case OrderRated():
            order = state.order(event.order_id)
            state.orders[event.order_id] = order._replace(stars=event.stars, version=order.version + 1)
        case MerchantReminded():
            state.orders[event.order_id] = _moved(state, event)._replace(reminders=event.nth)
        case OrderRedirected():
            state.orders[event.order_id] = _redirected(_moved(state, event), event)
        case _:
            assert_never(event)


def _placed(state: MarketState, event: OrderPlaced, at: Instant) -> None:
    order = event.order
    if order.id in state.orders:
        raise IllegalMove(f"Order {order.id} exists already.", "Give the new order an id of its own.")
    delivered = order.fulfilment is Fulfilment.DELIVERY
    state.orders[order.id] = OrderState(
        order=order,
        status=OrderStatus.PLACED,
        dispatch=DispatchStatus.OPEN if delivered else DispatchStatus.NOT_NEEDED,
        ready_at=order.ready_at,
        priority=order.priority,
    )
    if delivered:
        state.active[order.id] = None
    open_account(state, order, at)


def _moved(state: MarketState, event: _Said) -> OrderState:
    order = state.order(event.order_id)
    status = after(ORDER_TABLE, order.status, event, "order", event.order_id)
    return order._replace(status=status, version=order.version + 1)


def _redirected(order: OrderState, event: OrderRedirected) -> OrderState:
    task = order.dropoff_task
    if event.dropoff != order.order.dropoff:
        task = after(TASK_TABLE, task, event, "drop-off of order", event.order_id)
    customer = replace(order.order.customer, address=event.address or order.order.customer.address)
    return order._replace(order=replace(order.order, dropoff=event.dropoff, customer=customer), dropoff_task=task)


def _changed(state: MarketState, event: OrderChanged, at: Instant) -> None:
    order = state.order(event.order_id)
    status = after(ORDER_TABLE, order.status, event, "order", event.order_id)
    if event.order.id != event.order_id:
        raise IllegalMove(f"Order {event.order_id} cannot become order {event.order.id}.", "Place a new order instead.")
    old = order.order
    state.orders[event.order_id] = order._replace(
        order=event.order,
        status=status,
        # What the kitchen said meanwhile, and what a person decided, counts unless the edit itself says otherwise.
        ready_at=event.order.ready_at if event.order.ready_at != old.ready_at else order.ready_at,
        priority=event.order.priority if event.order.priority != old.priority else order.priority,
        version=order.version + 1,
    )
    charge_changed(state, event.order, at)


def _called_off(state: MarketState, event: OrderCancelled | OrderRejected, at: Instant) -> None:
    order = state.order(event.order_id)
    status = after(ORDER_TABLE, order.status, event, "order", event.order_id)
    dispatch = after(DISPATCH_TABLE, order.dispatch, event, "order", event.order_id)
    if order.offer_id is not None:
        raise IllegalMove(f"Order {event.order_id} is offered to a rider.", "Withdraw the offer first.")
    rider = state.rider(order.rider_id) if order.rider_id is not None else None
    dropoff_task = after(TASK_TABLE, order.dropoff_task, event, "drop-off of order", event.order_id)
    ended = order._replace(
        status=status,
        dispatch=dispatch,
        dropoff_task=dropoff_task,
        cancelled_at=at if isinstance(event, OrderCancelled) else None,
        version=order.version + 1,
    )
    if dispatch is DispatchStatus.DROPPED:
        pickup_task = after(TASK_TABLE, order.pickup_task, event, "pickup of order", event.order_id)
        ended = ended._replace(pickup_task=pickup_task, rider_id=None, verdict="", planned_rider_id=None)
        state.active.pop(event.order_id, None)
    if rider is not None:
        returns = dispatch is DispatchStatus.RETURNING
        left = back_to_merchant(rider, event.order_id) if returns else without_order(rider, event.order_id)
        state.riders[rider.rider.id] = left
    state.orders[event.order_id] = ended
    end_eta(state, event.order_id)


def _collected(state: MarketState, event: OrderCollected, at: Instant) -> None:
    order = state.order(event.order_id)
    state.orders[event.order_id] = order._replace(
        status=after(ORDER_TABLE, order.status, event, "order", event.order_id),
        dispatch=after(DISPATCH_TABLE, order.dispatch, event, "order", event.order_id),
        delivered_at=at,
        version=order.version + 1,
    )

"""Food in a rider's hands: picked up, delivered, not delivered, brought back, gone."""

from __future__ import annotations

from typing import assert_never

from dispatch.model.effects.etas import end_eta
from dispatch.model.effects.tasks import after_task, back_to_merchant, task_again, without_order
from dispatch.model.events import (
    CustodyEvent,
    DeliveryCorrected,
    DeliveryFailed,
    OrderDelivered,
    OrderHandedOver,
    OrderLost,
    OrderPickedUp,
    OrderReturned,
    PickupCorrected,
)
from dispatch.model.lifecycle import (
    DISPATCH_TABLE,
    ORDER_TABLE,
    TASK_TABLE,
    DispatchStatus,
    IllegalMove,
    TaskStatus,
    after,
)
from dispatch.model.place import Place
from dispatch.model.rider import TaskKind
from dispatch.model.state import MarketState, OrderState, RiderState
from dispatch.units import Instant


def fold_custody(state: MarketState, event: CustodyEvent, at: Instant) -> None:
    """Take in one event of food on board. Raises IllegalMove, NotFoundError."""
    order_id = event.order_id
    order = state.order(order_id)
    status = after(ORDER_TABLE, order.status, event, "order", order_id)
    dispatch = after(DISPATCH_TABLE, order.dispatch, event, "order", order_id)
    version = order.version + 1
    rider = _holder(state, order, event)
    if order.offer_id is not None:
        raise IllegalMove(f"Order {order_id} is offered to another rider.", "Withdraw the offer first.")
    match event:
        case OrderPickedUp():
            task = after(TASK_TABLE, order.pickup_task, event, "pickup of order", order_id)
            moved = order._replace(status=status, dispatch=dispatch, pickup_task=task, picked_up_at=at, version=version)
            rider = after_task(rider, order_id, TaskKind.PICKUP, at + order.order.pickup_handling.after_s)
        case OrderDelivered():
            task = after(TASK_TABLE, order.dropoff_task, event, "drop-off of order", order_id)
            moved = order._replace(
                status=status, dispatch=dispatch, dropoff_task=task, delivered_at=at, version=version
            )
            rider = after_task(rider, order_id, TaskKind.DROPOFF, at + order.order.dropoff_handling.after_s)
        case DeliveryFailed():
            task = after(TASK_TABLE, order.dropoff_task, event, "drop-off of order", order_id)
            moved = order._replace(status=status, dispatch=dispatch, dropoff_task=task, version=version)
            rider = back_to_merchant(rider, order_id)
        case OrderReturned():
            task = after(TASK_TABLE, order.return_task, event, "return of order", order_id)
            moved = order._replace(status=status, dispatch=dispatch, return_task=task, version=version)
            rider = after_task(rider, order_id, TaskKind.RETURN, at + order.order.pickup_handling.after_s)
        case PickupCorrected():
            task = after(TASK_TABLE, order.pickup_task, event, "pickup of order", order_id)
            moved = order._replace(
                status=status, dispatch=dispatch, pickup_task=task, picked_up_at=None, version=version
            )
            rider = task_again(rider, order_id, TaskKind.PICKUP, here=_stands_at(rider, order.order.pickup))
        case DeliveryCorrected():
            task = after(TASK_TABLE, order.dropoff_task, event, "drop-off of order", order_id)
            moved = order._replace(
                status=status, dispatch=dispatch, dropoff_task=task, delivered_at=None, stars=None, version=version
            )
            rider = task_again(rider, order_id, TaskKind.DROPOFF, here=_stands_at(rider, order.order.dropoff))
        case OrderLost():
            moved = _gone(order._replace(status=status, dispatch=dispatch, version=version), event)
            rider = without_order(rider, order_id)
        case OrderHandedOver():
            moved = _with_other(order, event)._replace(status=status, dispatch=dispatch, version=version)
            state.riders[event.to_rider_id] = _given(state, rider, event)
            rider = without_order(rider, order_id)
        case _:
            assert_never(event)
    state.orders[order_id] = moved
    # That food is gone is said of the rider, not by the rider.
    state.riders[event.rider_id] = rider if isinstance(event, OrderLost) else rider.heard(at)
    if dispatch in (DispatchStatus.DONE, DispatchStatus.RETURNING):
        end_eta(state, order_id)
    if dispatch is DispatchStatus.DONE:
        state.active.pop(order_id, None)
    elif isinstance(event, DeliveryCorrected):
        state.active[order_id] = None


def _stands_at(rider: RiderState, place: Place | None) -> bool:
    return rider.leg is None and rider.place == place


def _given(state: MarketState, rider: RiderState, event: OrderHandedOver) -> RiderState:
    """The rider who takes the food over, with what is left to do about it after everything else."""
    if event.to_rider_id == event.rider_id:
        raise IllegalMove(f"Rider {event.rider_id} has order {event.order_id} already.", "Name another rider.")
    other = state.rider(event.to_rider_id)
    left = tuple(task for task in rider.tasks if task.order_id == event.order_id)
    return other._replace(tasks=(*other.tasks, *left), version=other.version + 1)


def _with_other(order: OrderState, event: OrderHandedOver) -> OrderState:
    """The order with the other rider, who has not set out to where it goes."""
    if order.dispatch is DispatchStatus.RETURNING:
        task = after(TASK_TABLE, order.return_task, event, "return of order", event.order_id)
        return order._replace(rider_id=event.to_rider_id, return_task=task)
    task = after(TASK_TABLE, order.dropoff_task, event, "drop-off of order", event.order_id)
    return order._replace(rider_id=event.to_rider_id, dropoff_task=task)


def _gone(order: OrderState, event: OrderLost) -> OrderState:
    """The order without anything left to do about it."""
    if order.dropoff_task is TaskStatus.DROPPED:
        task = after(TASK_TABLE, order.return_task, event, "return of order", event.order_id)
        return order._replace(return_task=task)
    task = after(TASK_TABLE, order.dropoff_task, event, "drop-off of order", event.order_id)
    return order._replace(dropoff_task=task)


def _holder(state: MarketState, order: OrderState, event: CustodyEvent) -> RiderState:
    if order.rider_id != event.rider_id:
        cause = f"Order {event.order_id} is with rider {order.rider_id}, not with {event.rider_id}."
        raise IllegalMove(cause, "Reassign the order first, or name the rider who has it.")
    return state.rider(event.rider_id)

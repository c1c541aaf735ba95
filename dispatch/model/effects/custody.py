"""Food in a rider's hands: picked up, delivered, not delivered, brought back."""

from __future__ import annotations

from typing import assert_never

from dispatch.model.effects.tasks import back_to_merchant, without_task
from dispatch.model.events import CustodyEvent, DeliveryFailed, OrderDelivered, OrderPickedUp, OrderReturned
from dispatch.model.lifecycle import DISPATCH_TABLE, ORDER_TABLE, TASK_TABLE, DispatchStatus, IllegalMove, after
from dispatch.model.rider import Task, TaskKind
from dispatch.model.state import MarketState, OrderState, RiderState
from dispatch.units import Instant


def fold_custody(state: MarketState, event: CustodyEvent, at: Instant) -> None:
    """Take in one event of food on board. Raises IllegalMove, NotFoundError."""
    order = state.order(event.order_id)
    moved = order._replace(
        status=after(ORDER_TABLE, order.status, event, "order", event.order_id),
        dispatch=after(DISPATCH_TABLE, order.dispatch, event, "order", event.order_id),
        version=order.version + 1,
    )
    rider = _holder(state, order, event)
    match event:
        case OrderPickedUp():
            pickup_task = after(TASK_TABLE, order.pickup_task, event, "pickup of order", event.order_id)
            moved = moved._replace(pickup_task=pickup_task, picked_up_at=at)
            rider = _done(rider, event, TaskKind.PICKUP, at + order.order.pickup_handling.after_s)
        case OrderDelivered():
            dropoff_task = after(TASK_TABLE, order.dropoff_task, event, "drop-off of order", event.order_id)
            moved = moved._replace(dropoff_task=dropoff_task, delivered_at=at)
            rider = _done(rider, event, TaskKind.DROPOFF, at + order.order.dropoff_handling.after_s)
        case DeliveryFailed():
            dropoff_task = after(TASK_TABLE, order.dropoff_task, event, "drop-off of order", event.order_id)
            moved = moved._replace(dropoff_task=dropoff_task)
            rider = back_to_merchant(rider, event.order_id)
        case OrderReturned():
            return_task = after(TASK_TABLE, order.return_task, event, "return of order", event.order_id)
            moved = moved._replace(return_task=return_task)
            rider = _done(rider, event, TaskKind.RETURN, at + order.order.pickup_handling.after_s)
        case _:
            assert_never(event)
    state.orders[event.order_id] = moved
    state.riders[event.rider_id] = rider
    if moved.dispatch is DispatchStatus.DONE:
        state.active.pop(event.order_id, None)


def _holder(state: MarketState, order: OrderState, event: CustodyEvent) -> RiderState:
    if order.rider_id != event.rider_id:
        cause = f"Order {event.order_id} is with rider {order.rider_id}, not with {event.rider_id}."
        raise IllegalMove(cause, "Reassign the order first, or name the rider who has it.")
    return state.rider(event.rider_id)


def _done(rider: RiderState, event: CustodyEvent, kind: TaskKind, busy_until: Instant) -> RiderState:
    left = without_task(rider, Task(event.order_id, kind))
    return left._replace(busy_until=max(rider.busy_until, busy_until))

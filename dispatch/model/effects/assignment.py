"""Orders given to, taken from and kept from riders without asking them."""

from __future__ import annotations

from typing import assert_never

from dispatch.model.effects.tasks import with_orders, without_order
from dispatch.model.events import (
    AssignmentEvent,
    OrderAssigned,
    OrderHeld,
    OrderReassigned,
    OrderReleased,
    OrderUnassigned,
)
from dispatch.model.lifecycle import DISPATCH_TABLE, TASK_TABLE, DispatchStatus, IllegalMove, after
from dispatch.model.rider import RiderId
from dispatch.model.state import MarketState, OrderState, RiderState
from dispatch.units import Instant


def fold_assignment(state: MarketState, event: AssignmentEvent, at: Instant) -> None:
    """Take in one event of giving or taking. Raises IllegalMove, NotFoundError."""
    order = state.order(event.order_id)
    dispatch = after(DISPATCH_TABLE, order.dispatch, event, "order", event.order_id)
    moved = order._replace(dispatch=dispatch, verdict="", planned_rider_id=None, version=order.version + 1)
    riders: tuple[RiderState, ...] = ()
    match event:
        case OrderAssigned():
            riders = (with_orders(state.rider(event.rider_id), (event.order_id,)),)
            moved = moved._replace(rider_id=event.rider_id, assigned_at=at)
        case OrderUnassigned():
            riders = (without_order(_holder(state, order, event.rider_id), event.order_id),)
            moved = _unstarted(moved, event)._replace(rider_id=None, assigned_at=None)
            if order.offer_id is not None:
                moved = moved._replace(dispatch=DispatchStatus.OFFERED)
        case OrderReassigned():
            riders = _handed_on(state, order, event)
            moved = _unstarted(moved, event)._replace(rider_id=event.rider_id, assigned_at=at)
        case OrderHeld():
            moved = moved._replace(verdict=event.verdict, planned_rider_id=event.planned_rider_id)
        case OrderReleased():
            pass
        case _:
            assert_never(event)
    state.orders[event.order_id] = moved
    for rider in riders:
        state.riders[rider.rider.id] = rider


def _handed_on(state: MarketState, order: OrderState, event: OrderReassigned) -> tuple[RiderState, RiderState]:
    old = _holder(state, order, event.from_rider_id)
    if order.offer_id is not None and state.offer(order.offer_id).rider_id != event.rider_id:
        raise IllegalMove(f"Order {event.order_id} is offered to another rider.", "Withdraw the offer first.")
    new = state.rider(event.rider_id)
    if new is old:
        raise IllegalMove(f"Order {event.order_id} is with rider {event.rider_id} already.", "Name another rider.")
    return without_order(old, event.order_id), with_orders(new, (event.order_id,))


def _holder(state: MarketState, order: OrderState, rider_id: RiderId) -> RiderState:
    if order.rider_id != rider_id:
        cause = f"Order {order.order.id} is with rider {order.rider_id}, not with {rider_id}."
        raise IllegalMove(cause, "Name the rider who has it.")
    return state.rider(rider_id)


def _unstarted(order: OrderState, event: OrderUnassigned | OrderReassigned) -> OrderState:
    return order._replace(pickup_task=after(TASK_TABLE, order.pickup_task, event, "pickup of order", event.order_id))

"""Riders on their way: routes, legs, arrivals."""

from __future__ import annotations

from typing import assert_never

from dispatch.model.events import ArrivedAtStop, LegStarted, MovementEvent, RiderSentAhead, RoutePlanned
from dispatch.model.lifecycle import DISPATCH_TABLE, TASK_TABLE, IllegalMove, TaskStatus, after
from dispatch.model.rider import Task, TaskKind
from dispatch.model.state import Leg, MarketState, OrderState, RiderState
from dispatch.model.stops import first_stop, in_order, same_tasks, task_status
from dispatch.units import Instant, Seconds

_BEGUN = (TaskStatus.STARTED, TaskStatus.ARRIVED)
_WHAT = {
    TaskKind.PICKUP: "pickup of order",
    TaskKind.DROPOFF: "drop-off of order",
    TaskKind.RETURN: "return of order",
}


def fold_movement(state: MarketState, event: MovementEvent, at: Instant) -> None:
    """Take in one event of a rider's way. Raises IllegalMove, NotFoundError."""
    match event:
        case RoutePlanned():
            _planned(state, event, at)
        case LegStarted():
            _left(state, event, at)
        case ArrivedAtStop():
            _arrived(state, event, at)
        case RiderSentAhead():
            _sent_ahead(state, event)
        case _:
            assert_never(event)


def _planned(state: MarketState, event: RoutePlanned, at: Instant) -> None:
    rider = state.rider(event.rider_id)
    if not same_tasks(event.tasks, rider.tasks) or not in_order(event.tasks):
        cause = f"The route for rider {event.rider_id} is not an order of the tasks the rider has."
        raise IllegalMove(cause, "Plan again from the present state: all tasks once, each pickup before its drop-off.")
    before = first_stop(rider.tasks, state.orders)
    now_first = first_stop(event.tasks, state.orders)
    begun = before.tasks if before is not None else ()
    kept = now_first.tasks if now_first is not None else ()
    postponed = [
        _task_moved(state.orders[task.order_id], task, event)
        for task in begun
        if task not in kept and task_status(state.orders[task.order_id], task.kind) in _BEGUN
    ]
    state.riders[event.rider_id] = rider._replace(
        tasks=event.tasks, depart_at=event.depart_at, overdue_at=_overdue_at(rider, at), version=rider.version + 1
    )
    _write(state, postponed)


def _overdue_at(rider: RiderState, at: Instant) -> Instant | None:
    """When the rider should have left at the latest; a later time to leave does not excuse who has not left yet."""
    if rider.overdue_at is not None or rider.leg is not None or rider.depart_at is None:
        return rider.overdue_at
    due_at = max(rider.depart_at, rider.since, rider.busy_until)
    return due_at if due_at < at else None


def _left(state: MarketState, event: LegStarted, at: Instant) -> None:
    rider = state.rider(event.rider_id)
    if rider.leg is not None:
        raise IllegalMove(f"Rider {event.rider_id} is under way already.", "Report the arrival first.")
    stop = first_stop(rider.tasks, state.orders)
    concerned = stop.tasks if stop is not None and stop.place == event.destination else ()
    due_at = at if rider.depart_at is None else max(rider.depart_at, rider.since, rider.busy_until)
    orders = [_behind(_task_moved(state.orders[task.order_id], task, event), at - due_at) for task in concerned]
    state.riders[event.rider_id] = rider.heard(at)._replace(
        leg=Leg(event.origin, event.destination, at, event.arrives_at),
        place=event.origin,
        depart_at=None,
        wait_at=None,
        version=rider.version + 1,
    )
    _write(state, orders)


def _sent_ahead(state: MarketState, event: RiderSentAhead) -> None:
    rider = state.rider(event.rider_id)
    if rider.tasks or rider.leg is not None or rider.shift is None:
        raise IllegalMove(f"Rider {event.rider_id} has something else to do.", "Only send riders who stand idle.")
    state.riders[event.rider_id] = rider._replace(wait_at=event.place, version=rider.version + 1)


def _arrived(state: MarketState, event: ArrivedAtStop, at: Instant) -> None:
    rider = state.rider(event.rider_id)
    if rider.leg is None:
        raise IllegalMove(f"Rider {event.rider_id} is not under way.", "Report the start of the leg first.")
    stop = first_stop(rider.tasks, state.orders)
    concerned = stop.tasks if stop is not None and stop.place == event.place else ()
    behind_s = at - max(rider.leg.arrives_at, rider.leg.departed_at)
    orders = [_behind(_task_moved(state.orders[task.order_id], task, event), behind_s) for task in concerned]
    state.riders[event.rider_id] = rider.heard(at)._replace(
        leg=None, place=event.place, since=at, version=rider.version + 1
    )
    _write(state, orders)


def _task_moved(order: OrderState, task: Task, event: MovementEvent) -> OrderState:
    status = after(TASK_TABLE, task_status(order, task.kind), event, _WHAT[task.kind], task.order_id)
    version = order.version + 1
    if task.kind is TaskKind.DROPOFF:
        return order._replace(dropoff_task=status, version=version)
    if task.kind is TaskKind.RETURN:
        return order._replace(return_task=status, version=version)
    dispatch = after(DISPATCH_TABLE, order.dispatch, event, "order", task.order_id)
    return order._replace(pickup_task=status, dispatch=dispatch, version=version)


def _behind(order: OrderState, late_s: Seconds) -> OrderState:
    """The order with what its rider was late by on setting out, or on the way."""
    return order._replace(rider_late_s=order.rider_late_s + late_s) if late_s > 0 else order


def _write(state: MarketState, orders: list[OrderState]) -> None:
    for order in orders:
        state.orders[order.order.id] = order

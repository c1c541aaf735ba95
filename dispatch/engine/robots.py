"""How robot riders behave, in simulations and sandboxes: they do what their route says, when it says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dispatch.model.commands import (
    Arrive,
    Command,
    ConfirmDropoff,
    ConfirmPickup,
    ConfirmReturn,
    EndShift,
    StartLeg,
)
from dispatch.model.place import Place
from dispatch.model.rider import RiderId, Stop, TaskKind
from dispatch.model.state import MarketState, RiderState
from dispatch.model.stops import first_stop
from dispatch.units import Instant, Seconds

Ride = Callable[[Place, Place, RiderState, Instant], Seconds]
"""Seconds that a rider who leaves then takes from one place to another."""


class Step(NamedTuple):
    """What a rider does next, and when."""

    at: Instant
    command: Command


def next_step(state: MarketState, rider_id: RiderId, now: Instant, ride: Ride) -> Step | None:
    """The rider's next step, now or later, as things stand; None for who is not on shift."""
    rider = state.rider(rider_id)
    if rider.shift is None or rider.place is None:
        return None
    if rider.leg is not None:
        return Step(max(now, rider.leg.arrives_at), Arrive(rider_id=rider_id))
    home = Step(max(now, rider.shift.ends_at, rider.busy_until), EndShift(rider_id=rider_id))
    stop = first_stop(rider.tasks, state.orders)
    if stop is None:
        return _wait_elsewhere(rider, now, ride, home)
    step = _at_stop(state, rider, stop, now) if rider.place == stop.place else _leave(rider, stop, now, ride)
    picked_up = any(task.kind is not TaskKind.PICKUP and _aboard(rider, task.order_id) for task in rider.tasks)
    return step if picked_up or step.at <= home.at else home


def _aboard(rider: RiderState, order_id: str) -> bool:
    return not any(task.order_id == order_id and task.kind is TaskKind.PICKUP for task in rider.tasks)


def _wait_elsewhere(rider: RiderState, now: Instant, ride: Ride, home: Step) -> Step:
    """Go where the rider is asked to wait, if anywhere, and if there is time before going home."""
    at = max(now, _free_at(rider))
    if rider.wait_at is None or rider.place is None or rider.wait_at == rider.place or at >= home.at:
        return home
    arrives_at = at + ride(rider.place, rider.wait_at, rider, at)
    return Step(at, StartLeg(rider_id=rider.rider.id, arrives_at=arrives_at, destination=rider.wait_at))


def _free_at(rider: RiderState) -> Instant:
    return max(rider.since, rider.busy_until)


def _leave(rider: RiderState, stop: Stop, now: Instant, ride: Ride) -> Step:
    """Set out for the stop when free, not before the route says."""
    if rider.place is None:
        raise ValueError(f"rider {rider.rider.id} is nowhere")
    at = max(now, _free_at(rider), rider.depart_at or 0)
    return Step(at, StartLeg(rider_id=rider.rider.id, arrives_at=at + ride(rider.place, stop.place, rider, at)))


def _at_stop(state: MarketState, rider: RiderState, stop: Stop, now: Instant) -> Step:
    """Do what is to be done where the rider stands, when the food is ready and the handling before it is over."""
    rider_id, free_at = rider.rider.id, _free_at(rider)
    orders = [state.orders[task.order_id] for task in stop.tasks]
    match stop.tasks[0].kind:
        case TaskKind.PICKUP:
            could = free_at + max(order.order.pickup_handling.before_s for order in orders)
            at = max(now, could, *(order.ready_at for order in orders))
            return Step(at, ConfirmPickup(rider_id=rider_id, order_ids=tuple(task.order_id for task in stop.tasks)))
        case TaskKind.DROPOFF:
            order = orders[0].order
            at = max(now, free_at + order.dropoff_handling.before_s, order.not_before_at or 0)
            return Step(at, ConfirmDropoff(rider_id=rider_id, order_id=order.id))
        case TaskKind.RETURN:
            at = max(now, free_at + orders[0].order.pickup_handling.before_s)
            return Step(at, ConfirmReturn(rider_id=rider_id, order_id=orders[0].order.id))

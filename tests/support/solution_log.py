"""Logs of Grubhub instances written by hand or by the simplest dispatcher there is, to be judged as solutions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from dispatch.model.actor import Actor, ActorKind
from dispatch.model.events import Event, LegStarted, OrderAssigned, OrderDelivered, OrderPickedUp, Recorded, stream_of
from dispatch.model.order import Order
from dispatch.model.place import Place
from dispatch.model.rider import RiderId
from dispatch.units import Instant, Seconds
from simulations.instance import Instance

Happening = tuple[Instant, Event]


def recorded(instance: Instance, happenings: Iterable[Happening]) -> Iterator[Recorded]:
    """The happenings as a log, in the order of time."""
    for seq, (at, event) in enumerate(sorted(happenings, key=lambda happening: happening[0]), start=1):
        yield Recorded(
            seq=seq,
            market_id=instance.market_id,
            stream=stream_of(event, instance.market_id),
            version=seq,
            occurred_at=at,
            recorded_at=at,
            actor=Actor(ActorKind.SYSTEM, "test"),
            command_id=f"c{seq}",
            event=event,
        )


def leg(at: Instant, rider_id: str, origin: Place, destination: Place, arrives_at: Instant) -> Happening:
    """The rider sets out."""
    return at, LegStarted(rider_id=RiderId(rider_id), origin=origin, destination=destination, arrives_at=arrives_at)


def one_by_one(instance: Instance) -> list[Happening]:
    """Every order to the rider who can pick it up first, alone, as it is placed; what nobody can is left."""
    seconds = _seconds(instance)
    spot = {shift.rider_id: (shift.start, shift.starts_at) for shift in instance.shifts}
    off_at = {shift.rider_id: shift.ends_at for shift in instance.shifts}
    log: list[Happening] = []
    for order in instance.orders:
        best: tuple[Instant, RiderId] | None = None
        for rider_id, (place, free_at) in spot.items():
            there_at = max(free_at, order.placed_at) + seconds(place, order.pickup)
            pickup_at = max(there_at + order.pickup_handling.before_s, order.ready_at)
            if pickup_at <= off_at[rider_id] and (best is None or (pickup_at, rider_id) < best):
                best = pickup_at, rider_id
        if best:
            log += _carry(order, best, spot, seconds)
    return log


def _carry(
    order: Order,
    chosen: tuple[Instant, RiderId],
    spot: dict[RiderId, tuple[Place, Instant]],
    seconds: Callable[[Place, Place], Seconds],
) -> list[Happening]:
    pickup_at, rider_id = chosen
    place, free_at = spot[rider_id]
    assert order.dropoff is not None
    set_out_at = max(free_at, order.placed_at)
    leave_at = pickup_at + order.pickup_handling.after_s
    there_at = leave_at + seconds(order.pickup, order.dropoff)
    done_at = there_at + order.dropoff_handling.before_s
    spot[rider_id] = order.dropoff, done_at + order.dropoff_handling.after_s
    log: list[Happening] = [(order.placed_at, OrderAssigned(order_id=order.id, rider_id=rider_id, forced=False))]
    if place != order.pickup:
        log.append(leg(set_out_at, rider_id, place, order.pickup, set_out_at + seconds(place, order.pickup)))
    log.append((pickup_at, OrderPickedUp(order_id=order.id, rider_id=rider_id)))
    if order.dropoff != order.pickup:
        log.append(leg(leave_at, rider_id, order.pickup, order.dropoff, there_at))
    log.append((done_at, OrderDelivered(order_id=order.id, rider_id=rider_id)))
    return log


def _seconds(instance: Instance) -> Callable[[Place, Place], Seconds]:
    """Travel times between any two places of the instance."""
    places = {shift.start for shift in instance.shifts} | {order.pickup for order in instance.orders}
    index = {place: i for i, place in enumerate(places | {order.dropoff or order.pickup for order in instance.orders})}
    points = np.array([(place.latitude, place.longitude) for place in index])
    table = instance.travel.matrix(points, points, "motorcycle")
    return lambda origin, destination: int(table[index[origin], index[destination]])

"""The cheapest place for an order in a rider's live route.

Every pair of positions behind the frozen tasks is considered: the pickup as a stop of its own between two stops, or
joined to a stop at the same merchant; the drop-off between any two later stops. The ride before the pickup is taken
from the route as it is, and a pair is given up as soon as its cost so far, plus the least that the order still costs,
plus what the rest of the route costs already, reaches the best one found: an insertion never makes later stops earlier.
(With a weight on rider_waiting, which an insertion can lower, or with a matrix in which a detour is shorter than the
direct way, that is an estimate.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.geo.kernel import kernel, move, travel_s
from dispatch.solver.costs.click_to_door import click_to_door_cost
from dispatch.solver.costs.lateness import lateness_cost
from dispatch.solver.costs.travel import travel_cost
from dispatch.solver.problem import Ints
from dispatch.solver.view import View
from dispatch.solver.walk import (
    FINE,
    INFEASIBLE,
    Ledger,
    Ride,
    leg_s,
    load_term,
    make_ledger,
    ride_dropoff,
    ride_pickup,
    ride_stop,
    same_stop,
    start_ride,
    stop_end,
)


class Scratch(NamedTuple):
    """Work space of one search: two rows of tasks, the ride before each task of a route, and a ledger.

    before: int64 (W, 7), at the first task of each stop and behind the last: the fields of ``Ride`` but ``broken``, and
    the cost with the leg to the stop.
    """

    row: Ints
    bundle: Ints
    before: Ints
    ledger: Ledger


def make_scratch(width: int, orders: int) -> Scratch:
    """Work space for routes of up to ``width`` tasks over so many orders."""
    row = np.zeros(width + 2, np.int64)
    return Scratch(row, row.copy(), np.zeros((width + 2, 7), np.int64), make_ledger(orders))


class Slot(NamedTuple):
    """Where an order would go: cost of the whole route then, and positions of both tasks in the route without it."""

    cost: int
    pickup_at: int
    dropoff_at: int


@kernel
def copy_with(row: Ints, count: int, order: int, pickup_at: int, dropoff_at: int, out: Ints) -> None:
    """Write the route with ``order`` put in: its pickup before task ``pickup_at``, its drop-off before ``dropoff_at``.

    Both positions count in the route without the order; equal positions mean one right after the other.
    """
    to = 0
    for k in range(count + 1):
        if k == pickup_at:
            out[to] = order * 2
            to += 1
        if k == dropoff_at:
            out[to] = order * 2 + 1
            to += 1
        if k < count:
            out[to] = row[k]
            to += 1


@kernel
def _least_own(view: View, order: int, dropoff_at: int) -> int:
    """The least that the order itself costs if it is dropped off then or later."""
    orders = view.orders
    wait = click_to_door_cost(view.weights, orders.placed_at[order], dropoff_at)
    late = lateness_cost(view.weights, orders.due_at[order], dropoff_at)
    return int((1 + orders.priority[order]) * (wait + late))


@kernel
def least_cost(view: View, rider: int, order: int) -> int:
    """Lower bound of what the order adds to any route of the rider: straight to the merchant and on to the door."""
    orders, profile = view.orders, view.riders.profile[rider]
    place, free_at = view.riders.place[rider], view.riders.free_at[rider]
    pickup, dropoff = orders.pickup[order], orders.dropoff[order]
    arrive = free_at
    if place != pickup:
        arrive = max(free_at, view.now) + travel_s(view.travel, profile, place, pickup)
    event = max(arrive + orders.pickup_before_s[order], orders.ready_at[order])
    leave = event + orders.pickup_after_s[order]
    at = leave + travel_s(view.travel, profile, pickup, dropoff) + orders.dropoff_before_s[order]
    return _least_own(view, order, at)


@kernel
def cheapest_insertion(
    view: View, rider: int, row: Ints, count: int, frozen: int, order: int, limit: int, scratch: Scratch
) -> Slot:
    """The cheapest slot of the order in the route, if it costs less than ``limit``; else one that costs INFEASIBLE."""
    best = Slot(limit, -1, -1)
    if count + 2 <= view.rules.max_tasks:
        total = _ride_before(view, rider, row, count, scratch)
        # collected: the stop before is at the order's merchant, so a pickup here would join it
        first, collected = 0, False
        while first <= count:
            end = stop_end(view, row, count, first) if first < count else count + 1
            joins = first < count and row[first] & 1 == 0 and same_stop(view, order, row[first] >> 1)
            if joins and end >= frozen:
                best = _with_pickup(view, rider, row, count, first, end, order, total, best, scratch)
            if first >= frozen and not collected:
                best = _with_pickup(view, rider, row, count, first, first, order, total, best, scratch)
            first, collected = end, joins
    if best.pickup_at < 0:
        return Slot(INFEASIBLE, -1, -1)
    return best


@kernel
def _ride_before(view: View, rider: int, row: Ints, count: int, scratch: Scratch) -> int:
    """Fill ``scratch.before`` for the route as it is; answers its cost without the load term."""
    ride, first = start_ride(view, rider), 0
    while True:
        before = scratch.before[first]
        before[0], before[1], before[2], before[3] = ride.t, ride.here, ride.load, ride.aboard
        before[4], before[5], before[6] = ride.cost, ride.moved, ride.cost
        if first == count:
            return ride.cost
        order, end = row[first] >> 1, stop_end(view, row, count, first)
        there = view.orders.dropoff[order] if row[first] & 1 else view.orders.pickup[order]
        before[6] += travel_cost(view.weights, leg_s(view, rider, ride, there))
        ride = ride_stop(view, rider, ride, row, first, end, scratch.ledger)
        first = end


@kernel
def _rest(ride: Ride, total: int, before: Ints) -> int:
    """The least that the rest of the route costs: what it costs as it is, but for the leg to it from another place."""
    return int(total - (before[4] if ride.here == before[1] else before[6]))


@kernel
def _with_pickup(
    view: View,
    rider: int,
    row: Ints,
    count: int,
    stop: int,
    at: int,
    order: int,
    total: int,
    best: Slot,
    scratch: Scratch,
) -> Slot:
    """The best slot with the pickup before task ``at``, in the stop that begins at task ``stop`` (or a new one)."""
    if view.rules.max_food_age_s > 0:
        _ride_before(view, rider, row, count, scratch)  # the ledger must hold the pickups of this route as it is
    new = scratch.row
    move(row, 0, at, new, 0)
    new[at] = order * 2
    move(row, at, count - at, new, at + 1)
    b = scratch.before[stop]
    ride = Ride(b[0], b[1], b[2], b[3], b[4], b[5], FINE)
    ride = ride_pickup(view, rider, ride, new, stop, at + 1, scratch.ledger)
    load = load_term(view, rider, count + 2)
    direct = travel_s(view.travel, view.riders.profile[rider], ride.here, view.orders.dropoff[order])
    soonest = ride.t + direct + view.orders.dropoff_before_s[order]
    here = at
    while ride.broken == FINE:
        own = _least_own(view, order, max(soonest, ride.t))
        if ride.cost + own + _rest(ride, total, scratch.before[here]) + load >= best.cost:
            break
        best = _with_dropoff(view, rider, count, here, order, ride, total, load, at, best, scratch)
        if here == count or (view.rules.one_merchant_on_board and new[here + 1] & 1 == 0):
            break
        if here == at and new[here + 1] & 1 == 0 and same_stop(view, order, new[here + 1] >> 1):
            break  # without the drop-off between them both pickups are one stop: that is the joined one
        end = stop_end(view, new, count + 1, here + 1)
        ride = ride_stop(view, rider, ride, new, here + 1, end, scratch.ledger)
        here = end - 1
    return best


@kernel
def _with_dropoff(
    view: View, rider: int, count: int, here: int, order: int, ride: Ride, total: int, load: int, at: int, best: Slot,
    scratch: Scratch,
) -> Slot:  # fmt: skip
    """The slot with the drop-off before task ``here`` of the old route, if better: ride the rest, or find it equal."""
    ride = ride_dropoff(view, rider, ride, order, 1, scratch.ledger)
    first = here
    while ride.broken == FINE:
        before = scratch.before[first]
        cost = ride.cost + _rest(ride, total, before) + load
        if cost >= best.cost:
            return best
        if first == count or (ride.t == before[0] and ride.here == before[1]):
            return Slot(cost, at, here)
        end = stop_end(view, scratch.row, count + 1, first + 1)
        ride = ride_stop(view, rider, ride, scratch.row, first + 1, end, scratch.ledger)
        first = end - 1
    return best

"""Ride a route on paper: its times, its cost terms, and whether the hard rules hold.

A task is one integer, ``order * 2 + kind``; a route is the first ``count`` of an int64 row of them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import inlined_kernel, kernel, travel_s
from dispatch.solver.costs import TERMS
from dispatch.solver.costs.churn import churn_cost
from dispatch.solver.costs.click_to_door import click_to_door_cost
from dispatch.solver.costs.ending import ending_cost, ending_time_cost
from dispatch.solver.costs.food_waiting import food_waiting_cost
from dispatch.solver.costs.heading import heading_cost
from dispatch.solver.costs.lateness import lateness_cost
from dispatch.solver.costs.load import load_cost
from dispatch.solver.costs.rider_waiting import rider_waiting_cost
from dispatch.solver.costs.terms import (
    CHURN,
    CLICK_TO_DOOR,
    ENDING,
    FOOD_WAITING,
    HEADING,
    LATENESS,
    LOAD,
    RIDER_WAITING,
    TRAVEL,
)
from dispatch.solver.costs.travel import travel_cost
from dispatch.solver.problem import Ints
from dispatch.solver.view import View
from dispatch.units import UNREACHABLE_COST, UNREACHABLE_S

INFEASIBLE: Final = UNREACHABLE_COST
FINE: Final = 0
NO_CAPACITY: Final = 1
SHIFT_OVER: Final = 2
NO_WAY: Final = 3
MIXED: Final = 4
TOO_OLD: Final = 5


class Ride(NamedTuple):
    """A rider on paper: free at ``t`` in ``here``, ``load`` in ``aboard`` orders on board, ``cost`` points so far.

    moved: 0 before the first stop. broken: FINE or the hard rule that the ride has broken.
    """

    t: int
    here: int
    load: int
    aboard: int
    cost: int
    moved: int
    broken: int


class Ledger(NamedTuple):
    """Scratch that a ride writes: cost terms (K,) and the pickup time of each order (O,)."""

    terms: Ints
    picked_at: Ints


def make_ledger(orders: int) -> Ledger:
    """A ledger for a problem of so many orders."""
    return Ledger(np.zeros(len(TERMS), np.int64), np.zeros(orders, np.int64))


@inlined_kernel
def total(ledger: Ledger) -> int:
    """The sum of the ledger's terms."""
    points = 0
    for k in range(ledger.terms.shape[0]):
        points += ledger.terms[k]
    return points


@inlined_kernel
def start_ride(view: View, rider: int) -> Ride:
    """The rider before the first stop."""
    riders = view.riders
    return Ride(riders.free_at[rider], riders.place[rider], view.load[rider], view.aboard[rider], 0, 0, FINE)


@inlined_kernel
def stop_end(view: View, route: Ints, count: int, first: int) -> int:
    """Index behind the stop that begins at ``first``: pickups in a row at one merchant, or one drop-off."""
    if route[first] & 1:
        return first + 1
    order = route[first] >> 1
    end = first + 1
    while end < count and route[end] & 1 == 0 and same_stop(view, order, route[end] >> 1):
        end += 1
    return end


@inlined_kernel
def same_stop(view: View, order: int, other: int) -> bool:
    """Whether two orders are picked up at one merchant's one place."""
    orders = view.orders
    return bool(orders.pickup[order] == orders.pickup[other] and orders.merchant[order] == orders.merchant[other])


@inlined_kernel
def leg_s(view: View, rider: int, ride: Ride, there: int) -> int:
    """Seconds of the next leg; none for a rider who already stands at the first stop."""
    if ride.moved == 0 and ride.here == there:
        return 0
    return travel_s(view.travel, view.riders.profile[rider], ride.here, there)


@inlined_kernel
def earliest_arrival(view: View, ride: Ride, there: int, leg: int) -> int:
    """Arrival when leaving at once; who stands at the first stop has arrived on becoming free."""
    if ride.moved == 0 and ride.here == there:
        return ride.t
    return max(ride.t, view.now) + leg


@inlined_kernel
def pickup_times(view: View, route: Ints, first: int, end: int, arrive: int) -> tuple[int, int, int]:
    """(earliest the rider could pick up, when that happens, when the rider leaves) for the stop [first, end)."""
    orders = view.orders
    before, after, ready = 0, 0, view.now
    for k in range(first, end):
        order = route[k] >> 1
        before = max(before, orders.pickup_before_s[order])
        after = max(after, orders.pickup_after_s[order])
        ready = max(ready, orders.ready_at[order])
    could = arrive + before
    event = max(could, ready)
    return could, event, event + after


@inlined_kernel
def dropoff_times(view: View, order: int, arrive: int) -> tuple[int, int, int]:
    """(earliest the rider could drop off, when the drop-off happens, when the rider leaves)."""
    orders = view.orders
    could = arrive + orders.dropoff_before_s[order]
    event = max(could, orders.not_before_at[order], view.now)
    return could, event, event + orders.dropoff_after_s[order]


@inlined_kernel
def ride_pickup(view: View, rider: int, ride: Ride, route: Ints, first: int, end: int, ledger: Ledger) -> Ride:
    """Ride to the pickup stop [first, end) and collect its orders."""
    orders, weights, terms = view.orders, view.weights, ledger.terms
    there = orders.pickup[route[first] >> 1]
    leg = leg_s(view, rider, ride, there)
    arrive = earliest_arrival(view, ride, there, leg)
    could, event, leave = pickup_times(view, route, first, end, arrive)
    riding, waiting = travel_cost(weights, leg), rider_waiting_cost(weights, could, event)
    food, turn, change, load = 0, 0, 0, ride.load
    for k in range(first, end):
        order = route[k] >> 1
        food += food_waiting_cost(weights, orders.ready_at[order], event)
        change += churn_cost(weights, orders.rider[order], rider)
        turn += heading_cost(weights, view.travel, view.riders, rider, orders.dropoff[order])
        load += orders.size[order]
        ledger.picked_at[order] = event
    terms[TRAVEL] += riding
    terms[RIDER_WAITING] += waiting
    terms[FOOD_WAITING] += food
    terms[CHURN] += change
    terms[HEADING] += turn
    aboard = ride.aboard + end - first
    broken = _pickup_rules(view, rider, ride.aboard, event, load, aboard, leg)
    return Ride(leave, there, load, aboard, ride.cost + riding + waiting + food + change + turn, 1, broken)


@inlined_kernel
def _pickup_rules(view: View, rider: int, aboard: int, event: int, load_after: int, aboard_after: int, leg: int) -> int:
    """The hard rule that a pickup at ``event`` breaks, or FINE."""
    if leg >= UNREACHABLE_S:
        return NO_WAY
    if view.rules.one_merchant_on_board and aboard > 0:
        return MIXED
    if view.rules.last_pickup_in_shift and event > view.riders.off_at[rider]:
        return SHIFT_OVER
    if load_after > view.riders.capacity[rider] or aboard_after > view.rules.max_orders_on_board:
        return NO_CAPACITY
    return FINE


@inlined_kernel
def ride_dropoff(view: View, rider: int, ride: Ride, order: int, picked_up: int, ledger: Ledger) -> Ride:
    """Ride to the customer and hand the order over; ``picked_up`` is 1 where its pickup is part of this route."""
    orders, weights, terms = view.orders, view.weights, ledger.terms
    there = orders.dropoff[order]
    leg = leg_s(view, rider, ride, there)
    arrive = earliest_arrival(view, ride, there, leg)
    _, event, leave = dropoff_times(view, order, arrive)
    weight = 1 + orders.priority[order]
    riding = travel_cost(weights, leg)
    wait = weight * click_to_door_cost(weights, orders.placed_at[order], event)
    late = weight * lateness_cost(weights, orders.due_at[order], event)
    terms[TRAVEL] += riding
    terms[CLICK_TO_DOOR] += wait
    terms[LATENESS] += late
    broken = FINE
    if leg >= UNREACHABLE_S:
        broken = NO_WAY
    age_limit = view.rules.max_food_age_s
    if age_limit > 0 and picked_up == 1 and event - ledger.picked_at[order] > age_limit:
        broken = TOO_OLD
    return Ride(
        leave, there, ride.load - orders.size[order], ride.aboard - 1, ride.cost + riding + wait + late, 1, broken
    )


@inlined_kernel
def ride_stop(view: View, rider: int, ride: Ride, route: Ints, first: int, end: int, ledger: Ledger) -> Ride:
    """Ride the next stop, whichever kind it is."""
    if route[first] & 1:
        order = route[first] >> 1
        return ride_dropoff(view, rider, ride, order, int(view.orders.state[order] != 2), ledger)
    return ride_pickup(view, rider, ride, route, first, end, ledger)


@inlined_kernel
def load_term(view: View, rider: int, tasks: int) -> int:
    """The load term of a route with so many tasks; a carried order has one task, any other two."""
    aboard = view.aboard[rider]
    on_hand = aboard + (tasks - aboard) // 2
    return load_cost(view.weights, on_hand, view.riders.capacity[rider])


@kernel
def walk(view: View, rider: int, route: Ints, count: int, ledger: Ledger) -> int:
    """Fill ``ledger.terms`` with the route's weighted cost terms; answer FINE or the first hard rule broken."""
    ledger.terms[:] = 0
    ride = start_ride(view, rider)
    first, broken = 0, FINE
    while first < count:
        end = stop_end(view, route, count, first)
        ride = ride_stop(view, rider, ride, route, first, end, ledger)
        if broken == FINE:
            broken = ride.broken
        first = end
    ledger.terms[LOAD] += load_term(view, rider, count)
    ledger.terms[ENDING] += ending_cost(view.ending[rider], view.onward_m[ride.here])
    ledger.terms[ENDING] += ending_time_cost(view.ending_s, view.now, view.riders.off_at[rider], ride.t)
    return broken


@kernel
def price(view: View, rider: int, row: Ints, count: int, ledger: Ledger) -> int:
    """Cost of a route, INFEASIBLE where it breaks a hard rule."""
    if walk(view, rider, row, count, ledger) != FINE:
        return INFEASIBLE
    return total(ledger)

"""What lies ahead of a rider, stop by stop: the route as it is, ridden once, so that insertions need not ride it again.

A table of int64 (W + 1, FIELDS): row k belongs to the stop that begins at task k, and the row behind the last task says
where and how the ride ends. ``pass_stop`` rides a stop of it from another arrival and says what ``walk`` would say.
"""

from __future__ import annotations

from typing import Final

from dispatch.geo.kernel import inlined_kernel, kernel
from dispatch.solver.costs.churn import churn_cost
from dispatch.solver.costs.click_to_door import click_to_door_cost
from dispatch.solver.costs.food_waiting import food_waiting_cost
from dispatch.solver.costs.heading import heading_cost
from dispatch.solver.costs.lateness import lateness_cost
from dispatch.solver.costs.rider_waiting import rider_waiting_cost
from dispatch.solver.costs.travel import travel_cost
from dispatch.solver.problem import ON_BOARD, Ints
from dispatch.solver.view import View
from dispatch.solver.walk import FINE, Ride, earliest_arrival, leg_s, start_ride, stop_end

AT: Final = 0
HERE: Final = 1
LOAD: Final = 2
ABOARD: Final = 3
COST: Final = 4
"""The ride before the stop: when, where, size and number of orders on board, and points so far, load term left out."""

SERVED: Final = 5
WAITED: Final = 6
"""Before the stop: what the customers served count for, and seconds spent waiting for food or for the time to come."""

LEG: Final = 7
ARRIVE: Final = 8
BEFORE: Final = 9
UNTIL: Final = 10
AFTER: Final = 11
END: Final = 12
"""The stop: seconds to it, the arrival, from then until the rider could, not before this instant, until leaving; and
the task behind it. Its place is HERE of the row at END."""

FIXED: Final = 13
"""A pickup's points that do not depend on time."""

WEIGHT: Final = 14
PLACED: Final = 15
DUE: Final = 16
PICKED: Final = 17
"""A drop-off: what the customer counts for (0 at a pickup), two times of the order, and the task that collects it (-1
where it is on board from the start, or nobody asks)."""

EVENT: Final = 18
"""When it happens; told for every task, not only for the first of a stop."""

FIELDS: Final = 19


@kernel
def look_ahead(view: View, rider: int, row: Ints, count: int, ahead: Ints) -> None:
    """Fill ``ahead`` for a route; whether hard rules hold is not looked at."""
    ride, first, served, waited = start_ride(view, rider), 0, 0, 0
    while True:
        stop = ahead[first]
        stop[AT], stop[HERE], stop[COST], stop[SERVED], stop[WAITED] = ride.t, ride.here, ride.cost, served, waited
        stop[LOAD], stop[ABOARD] = ride.load, ride.aboard
        if first == count:
            stop[LEG], stop[ARRIVE] = 0, ride.t
            return
        order, end, load = row[first] >> 1, stop_end(view, row, count, first), ride.load
        if row[first] & 1:
            there, aboard = view.orders.dropoff[order], ride.aboard - 1
            load -= _note_dropoff(view, row, first, ahead)
        else:
            there, aboard = view.orders.pickup[order], ride.aboard + end - first
            load += _note_pickup(view, rider, row, first, end, ahead)
        leg = leg_s(view, rider, ride, there)
        arrive = earliest_arrival(view, ride, there, leg)
        stop[LEG], stop[ARRIVE], stop[END] = leg, arrive, end
        leave, event, points = pass_stop(view, row, ahead, first, arrive)
        for k in range(first, end):
            ahead[k, EVENT] = event
        served, waited = served + stop[WEIGHT], waited + event - arrive - stop[BEFORE]
        cost = ride.cost + travel_cost(view.weights, leg) + points
        ride, first = Ride(leave, there, load, aboard, cost, 1, FINE), end


@inlined_kernel
def _note_pickup(view: View, rider: int, row: Ints, first: int, end: int, ahead: Ints) -> int:
    """What a pickup stop depends on besides the arrival; answers the size that it adds."""
    orders, weights, stop = view.orders, view.weights, ahead[first]
    before, after, until, points, size = 0, 0, view.now, 0, 0
    for k in range(first, end):
        order = row[k] >> 1
        before = max(before, orders.pickup_before_s[order])
        after = max(after, orders.pickup_after_s[order])
        until = max(until, orders.ready_at[order])
        points += churn_cost(weights, orders.rider[order], rider)
        points += heading_cost(weights, view.travel, view.riders, rider, orders.dropoff[order])
        size += orders.size[order]
    stop[BEFORE], stop[AFTER], stop[UNTIL], stop[FIXED], stop[WEIGHT] = before, after, until, points, 0
    return size


@inlined_kernel
def _note_dropoff(view: View, row: Ints, first: int, ahead: Ints) -> int:
    """What a drop-off depends on besides the arrival; answers the size that it takes away."""
    orders, stop, order = view.orders, ahead[first], row[first] >> 1
    stop[BEFORE], stop[AFTER] = orders.dropoff_before_s[order], orders.dropoff_after_s[order]
    stop[UNTIL], stop[FIXED] = max(view.now, orders.not_before_at[order]), 0
    stop[WEIGHT] = 1 + orders.priority[order]
    stop[PLACED], stop[DUE], stop[PICKED] = orders.placed_at[order], orders.due_at[order], -1
    if view.rules.max_food_age_s > 0 and orders.state[order] != ON_BOARD:
        for k in range(first):
            if row[k] == order * 2:
                stop[PICKED] = k
    return int(orders.size[order])


@inlined_kernel
def pass_stop(view: View, row: Ints, ahead: Ints, first: int, arrive: int) -> tuple[int, int, int]:
    """(when the rider leaves, when it happens, points without the leg) of the stop at task ``first``."""
    stop, weights = ahead[first], view.weights
    could = arrive + stop[BEFORE]
    event = max(could, stop[UNTIL])
    points = stop[FIXED]
    if stop[WEIGHT] > 0:
        points += customer_points(view, stop[WEIGHT], stop[PLACED], stop[DUE], event)
    else:
        points += rider_waiting_cost(weights, could, event)
        if weights.food_waiting > 0:
            for k in range(first, stop[END]):
                points += food_waiting_cost(weights, view.orders.ready_at[row[k] >> 1], event)
    return event + stop[AFTER], event, points


@inlined_kernel
def customer_points(view: View, weight: int, placed_at: int, due_at: int, dropoff_at: int) -> int:
    """What a customer's waiting costs who counts for so many."""
    weights = view.weights
    wait = click_to_door_cost(weights, placed_at, dropoff_at)
    return weight * (wait + lateness_cost(weights, due_at, dropoff_at))

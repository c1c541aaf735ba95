"""The least that an order can cost with a rider, whatever else the rider does: what lower bounds are made of.

A rider does the frozen tasks first, exactly as they stand. From there no way to a place is shorter than the straight
one, and nothing that is put in between makes anything earlier; so an order costs at least what it costs a rider who
goes straight to its merchant and on to its customer. Travel is shared: with at most B orders on board the legs of a
route are at least 1/B of the sum of its orders' direct ways.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import TravelTable, distance_m, inlined_kernel, kernel
from dispatch.solver.costs.churn import churn_cost
from dispatch.solver.costs.click_to_door import click_to_door_cost
from dispatch.solver.costs.food_waiting import food_waiting_cost
from dispatch.solver.costs.heading import heading_cost
from dispatch.solver.costs.lateness import lateness_cost
from dispatch.solver.costs.load import load_cost
from dispatch.solver.costs.terms import RIDER_WAITING
from dispatch.solver.costs.travel import travel_cost
from dispatch.solver.insertion import Scratch
from dispatch.solver.problem import Ints, Problem
from dispatch.solver.view import View, may_carry
from dispatch.solver.walk import INFEASIBLE, earliest_arrival, leg_s, ride_stop, same_stop, start_ride, stop_end
from dispatch.units import NEVER, UNREACHABLE_S

_SLACK: Final = 1e-6
"""Of a step, taken off before rounding up: legs of a detour, each rounded by ``travel_s``, never undercut the rest."""

HELD: Final = 1
PICKED: Final = 2
DONE: Final = 3


class Bases(NamedTuple):
    """Where riders are when they can choose, and how far frozen tasks have brought the orders.

    at, place, moved: int64 (R,), behind the frozen tasks; moved is 0 where there is none. arrive, stop: int64 (R,), of
    a frozen last stop that collects: arrival there and one of its orders (else -1), for orders that can still join it.
    cost: int64 (R,), of the frozen tasks, without the rider's waiting.
    stage: int64 (O,), 0 where the order may go to anybody, HELD, PICKED or DONE behind the frozen tasks of its rider.
    rider: int64 (O,), the rider of an order whose stage is not 0, else the one who has it now; -1 for nobody.
    near_s: int64 (P, L), with a matrix of travel times the least into each place from any other one; else (0, 0).
    most_aboard: int64 (R,), orders on board at most.
    """

    at: Ints
    place: Ints
    moved: Ints
    arrive: Ints
    stop: Ints
    cost: Ints
    stage: Ints
    rider: Ints
    near_s: Ints
    most_aboard: Ints


def make_bases(problem: Problem, view: View, scratch: Scratch) -> Bases:
    """Ride the frozen tasks of every rider."""
    bases, routes = empty_bases(problem, view), problem.routes
    ride_frozen(view, routes.start, routes.order * 2 + routes.kind, routes.frozen, bases, scratch)
    return bases


def empty_bases(problem: Problem, view: View) -> Bases:
    """What ``ride_frozen`` starts from."""
    orders, riders = problem.orders, problem.riders
    count = problem.rider_count
    smallest = max(1, int(orders.size.min(initial=2**31)))
    return Bases(
        at=riders.free_at.copy(),
        place=riders.place.copy(),
        moved=np.zeros(count, np.int64),
        arrive=np.zeros(count, np.int64),
        stop=np.full(count, -1, np.int64),
        cost=np.zeros(count, np.int64),
        stage=np.minimum(orders.state, PICKED),  # OPEN, FIXED and ON_BOARD are 0, 1 and 2
        rider=orders.rider.copy(),
        near_s=_near_s(problem.travel),
        most_aboard=np.clip(riders.capacity // smallest, 1, view.rules.max_orders_on_board),
    )


def _near_s(travel: TravelTable) -> Ints:
    if travel.matrix.shape[0] == 0:
        return np.zeros((0, 0), np.int64)
    every = travel.matrix.astype(np.int64)
    own = np.arange(every.shape[1])
    every[:, own, own] = UNREACHABLE_S
    return np.asarray(every.min(axis=1, initial=UNREACHABLE_S))


@kernel
def ride_frozen(view: View, start: Ints, tasks: Ints, frozen: Ints, bases: Bases, scratch: Scratch) -> None:
    """Note where the frozen tasks, the first of each route, bring riders and orders."""
    for r in range(frozen.shape[0]):
        if frozen[r] == 0:
            continue
        row, count, first, ledger = tasks[start[r] : start[r + 1]], frozen[r], 0, scratch.ledger
        ride = start_ride(view, r)
        ledger.terms[:] = 0
        while first < count:
            order, end = row[first] >> 1, stop_end(view, row, count, first)
            collects = row[first] & 1 == 0
            there = view.orders.pickup[order] if collects else view.orders.dropoff[order]
            bases.arrive[r] = earliest_arrival(view, ride, there, leg_s(view, r, ride, there))
            bases.stop[r] = order if collects else -1
            ride = ride_stop(view, r, ride, row, first, end, ledger)
            for k in range(first, end):
                bases.stage[row[k] >> 1] = PICKED if collects else DONE
                bases.rider[row[k] >> 1] = r
            first = end
        bases.at[r], bases.place[r], bases.moved[r] = ride.t, ride.here, 1
        bases.cost[r] = ride.cost - ledger.terms[RIDER_WAITING]


@inlined_kernel
def least_way_s(view: View, bases: Bases, profile: int, a: int, b: int) -> int:
    """No way from ``a`` to ``b`` takes fewer seconds, by whatever other places it leads."""
    return least_over_s(view, bases, profile, a, b, straight_m(view, a, b))


@inlined_kernel
def straight_m(view: View, a: int, b: int) -> float:
    """Metres of the straight way; 0 with a matrix of travel times, which says nothing of metres."""
    return 0.0 if view.travel.matrix.shape[0] > 0 else distance_m(view.travel, a, b)


@inlined_kernel
def least_over_s(view: View, bases: Bases, profile: int, a: int, b: int, metres: float) -> int:
    """``least_way_s`` where the straight way is known."""
    table = view.travel
    if a == b:
        return 0
    if table.matrix.shape[0] > 0:
        return int(bases.near_s[profile, b])
    seconds = metres * table.pace[profile]
    if not seconds < UNREACHABLE_S:
        return UNREACHABLE_S
    steps = math.ceil(seconds / table.step_s - _SLACK)
    return int(max(0, steps) * table.step_s)


@inlined_kernel
def direct_m(view: View, order: int) -> float:
    """The straight way from the order's merchant to its door: the same for all riders, so it is measured once."""
    return straight_m(view, view.orders.pickup[order], view.orders.dropoff[order])


@inlined_kernel
def least_arrival(view: View, bases: Bases, rider: int, order: int) -> int:
    """The earliest that the rider can be at the order's merchant; UNREACHABLE_S or more after now where never."""
    pickup = view.orders.pickup[order]
    if bases.stop[rider] >= 0 and same_stop(view, order, bases.stop[rider]):
        return int(bases.arrive[rider])
    if bases.moved[rider] == 0 and bases.place[rider] == pickup:
        return int(bases.at[rider])
    way = least_way_s(view, bases, view.riders.profile[rider], bases.place[rider], pickup)
    return int(max(bases.at[rider], view.now) + way)


@inlined_kernel
def least_own(view: View, order: int, picked_at: int, way_s: int) -> int:
    """What the customer's waiting and the food's cost at least after a pickup then and a way of so many seconds."""
    orders, weights = view.orders, view.weights
    dropped = picked_at + orders.pickup_after_s[order] + way_s + orders.dropoff_before_s[order]
    food = food_waiting_cost(weights, orders.ready_at[order], picked_at)
    return least_dropped(view, order, dropped) + food


@inlined_kernel
def least_dropped(view: View, order: int, could_at: int) -> int:
    """What the customer's waiting costs at least when the drop-off comes then or later."""
    orders, weights = view.orders, view.weights
    at = max(could_at, orders.not_before_at[order], view.now)
    wait = click_to_door_cost(weights, orders.placed_at[order], at)
    late = lateness_cost(weights, orders.due_at[order], at)
    return int((1 + orders.priority[order]) * (wait + late))


@inlined_kernel
def least_added(view: View, bases: Bases, order: int, rider: int, metres: float) -> int:
    """The least that an order which may go to anybody costs with the rider; INFEASIBLE where a hard rule forbids it.

    metres: ``direct_m`` of the order.
    """
    dropped, points = least_errand(view, bases, order, rider, metres)
    return INFEASIBLE if dropped >= NEVER else least_dropped(view, order, dropped) + points


@inlined_kernel
def least_errand(view: View, bases: Bases, order: int, rider: int, metres: float) -> tuple[int, int]:
    """(earliest drop-off of such an order by the rider, NEVER where a hard rule forbids it; points beside waiting)."""
    orders, riders = view.orders, view.riders
    if not may_carry(view, order, rider):
        return NEVER, 0
    profile, pickup, dropoff = riders.profile[rider], orders.pickup[order], orders.dropoff[order]
    arrive = least_arrival(view, bases, rider, order)
    way = least_over_s(view, bases, profile, pickup, dropoff, metres)
    picked = max(arrive + orders.pickup_before_s[order], orders.ready_at[order], view.now)
    aboard = orders.pickup_after_s[order] + way + orders.dropoff_before_s[order]
    if arrive - view.now >= UNREACHABLE_S or way >= UNREACHABLE_S:
        return NEVER, 0
    if view.rules.last_pickup_in_shift and picked > riders.off_at[rider]:
        return NEVER, 0
    if view.rules.max_food_age_s > 0 and aboard > view.rules.max_food_age_s:
        return NEVER, 0
    points = food_waiting_cost(view.weights, orders.ready_at[order], picked)
    points += heading_cost(view.weights, view.travel, riders, rider, dropoff)
    points += churn_cost(view.weights, orders.rider[order], rider)
    points += travel_cost(view.weights, way) // bases.most_aboard[rider]
    points += load_cost(view.weights, 1, riders.capacity[rider])
    return int(picked + aboard), int(points)


@inlined_kernel
def least_held(view: View, bases: Bases, order: int) -> int:
    """The least that an order which stays with its rider still costs behind the frozen tasks."""
    orders, rider, stage = view.orders, bases.rider[order], bases.stage[order]
    profile, dropoff = view.riders.profile[rider], orders.dropoff[order]
    if stage == DONE:
        return 0
    if stage == PICKED:
        if bases.moved[rider] == 0 and bases.place[rider] == dropoff:
            arrive = bases.at[rider]
        else:
            way = least_way_s(view, bases, profile, bases.place[rider], dropoff)
            arrive = max(bases.at[rider], view.now) + way
        return least_dropped(view, order, arrive + orders.dropoff_before_s[order])
    arrive = least_arrival(view, bases, rider, order)
    picked = max(arrive + orders.pickup_before_s[order], orders.ready_at[order], view.now)
    way = least_way_s(view, bases, profile, orders.pickup[order], dropoff)
    turn = heading_cost(view.weights, view.travel, view.riders, rider, dropoff)
    change = churn_cost(view.weights, orders.rider[order], rider)
    return int(least_own(view, order, picked, way) + turn + change)

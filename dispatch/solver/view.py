"""A problem as compiled loops read it: arrays, weights and hard rules in one value."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.geo.kernel import TravelTable, inlined_kernel, kernel, travel_s
from dispatch.solver.costs import Weights
from dispatch.solver.costs.ending import ending_prices, time_price
from dispatch.solver.problem import (
    ANY_ORDER,
    EVERYWHERE,
    FREE_ORDERS,
    ON_BOARD,
    OPEN,
    Floats,
    Ints,
    Orders,
    Problem,
    Riders,
)
from dispatch.solver.rules import Rules


class RuleFlags(NamedTuple):
    """``Rules`` as integers."""

    one_merchant_on_board: int
    last_pickup_in_shift: int
    max_tasks: int
    max_orders_on_board: int
    max_food_age_s: int


def flags_of(rules: Rules) -> RuleFlags:
    """The rules as compiled loops read them."""
    return RuleFlags(
        one_merchant_on_board=int(rules.one_merchant_on_board),
        last_pickup_in_shift=int(rules.last_pickup_in_shift),
        max_tasks=rules.max_stops,
        max_orders_on_board=rules.max_orders_on_board,
        max_food_age_s=rules.max_food_age_s,
    )


class View(NamedTuple):
    """Everything a route's cost depends on.

    barred: sorted int64, order * R + rider. load, aboard: int64 (R,), sizes and number of orders in the bag at the
    start.
    direct_s: int64 (O, P), from each order's merchant to its door.
    onward_m: int64 (L,), from each place to where the next pickup is expected. ending: float64 (R,), points a metre of
    it. ending_s: points a second until the end of a route.
    mates_start, mates: the orders of merchant m that are not in a bag are mates[mates_start[m]:mates_start[m + 1]].
    """

    now: int
    travel: TravelTable
    orders: Orders
    riders: Riders
    barred: Ints
    load: Ints
    aboard: Ints
    mates_start: Ints
    mates: Ints
    direct_s: Ints
    onward_m: Ints
    ending: Floats
    ending_s: int
    weights: Weights
    rules: RuleFlags


def make_view(problem: Problem, rules: Rules, weights: Weights) -> View:
    """Gather what the kernels need; nothing is copied that does not have to be."""
    orders, riders = problem.orders, problem.riders
    carried = orders.state == ON_BOARD
    holder = orders.rider[carried]
    count = problem.rider_count
    waiting = np.flatnonzero(~carried)
    merchants = orders.merchant[waiting]
    ending_s = time_price(weights, orders, riders, problem.now)
    by_merchant = np.bincount(merchants, minlength=int(orders.merchant.max(initial=-1)) + 1)
    return View(
        now=problem.now,
        travel=problem.travel,
        orders=orders,
        riders=riders,
        barred=np.sort(problem.bars[:, 0] * count + problem.bars[:, 1]),
        load=np.bincount(holder, weights=orders.size[carried], minlength=count).astype(np.int64),
        aboard=np.bincount(holder, minlength=count).astype(np.int64),
        mates_start=np.concatenate([np.zeros(1, np.int64), np.cumsum(by_merchant)]),
        mates=waiting[np.argsort(merchants, kind="stable")],
        direct_s=_direct_s(problem),
        onward_m=np.zeros(len(problem.travel.points), np.int64) if problem.onward_m is None else problem.onward_m,
        ending=ending_prices(weights, riders, problem.travel.pace, problem.now, ending_s),
        ending_s=ending_s,
        weights=weights,
        rules=flags_of(rules),
    )


def _direct_s(problem: Problem) -> Ints:
    """Seconds from pickup to drop-off of each order by each profile; int64 (O, P)."""
    seconds = np.empty((problem.order_count, len(problem.travel.pace)), np.int64)
    _fill_direct(problem.travel, problem.orders.pickup, problem.orders.dropoff, seconds)
    return seconds


@kernel
def _fill_direct(travel: TravelTable, pickup: Ints, dropoff: Ints, seconds: Ints) -> None:
    for o in range(seconds.shape[0]):
        for p in range(seconds.shape[1]):
            seconds[o, p] = travel_s(travel, p, pickup[o], dropoff[o])


@inlined_kernel
def is_barred(view: View, order: int, rider: int) -> bool:
    """Whether the pair is in the bars."""
    if view.barred.shape[0] == 0:
        return False
    key = order * view.riders.place.shape[0] + rider
    at = np.searchsorted(view.barred, key)
    return bool(at < view.barred.shape[0] and view.barred[at] == key)


@inlined_kernel
def takes(accepts: int, holder: int, rider: int) -> bool:
    """Whether the rider may have an order that is with ``holder`` now, -1 for nobody."""
    return bool(holder == rider or accepts == ANY_ORDER or (accepts == FREE_ORDERS and holder < 0))


@inlined_kernel
def may_carry(view: View, order: int, rider: int) -> bool:
    """Hard rules of the pair alone: state, vehicle, zone, size, bars, and whether the rider takes new orders."""
    orders, riders = view.orders, view.riders
    if orders.state[order] != OPEN:
        return bool(orders.rider[order] == rider)
    if not takes(riders.accepts[rider], orders.rider[order], rider):
        return False
    if (orders.vehicles[order] >> riders.profile[rider]) & 1 == 0:
        return False
    if orders.zones[order] & riders.zones[rider] == 0 and orders.zones[order] != EVERYWHERE:
        return False
    if orders.size[order] > riders.capacity[rider]:
        return False
    return not is_barred(view, order, rider)

"""The riders that an order would rather have at given prices: where a route ends, and what waiting for its rider costs.

What an order costs behind the end of a route is quickly said, and is nearly always within a hundredth of the
true price of a pair. To it comes the price of the rider. Cells of a grid are searched ring by ring around the merchant,
until nobody farther out could come at less than those found; in each cell, until those behind ask too much.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dispatch.geo.kernel import inlined_kernel, kernel
from dispatch.solver.costs.churn import churn_cost
from dispatch.solver.costs.click_to_door import click_to_door_cost
from dispatch.solver.costs.food_waiting import food_waiting_cost
from dispatch.solver.costs.lateness import lateness_cost
from dispatch.solver.costs.travel import travel_cost
from dispatch.solver.grid import Grid, beyond_ring_m, cell_of, gap_m, soonest_s
from dispatch.solver.problem import Floats, Ints
from dispatch.solver.tableau import Tableau
from dispatch.solver.view import View, may_carry
from dispatch.units import NEVER, UNREACHABLE_S


class Offer(NamedTuple):
    """All riders at prices, by cell of the grid; in each the one who is free first, price and all, comes first.

    cheapest: int64 (cells,), the lowest price in each. For each rider in the sequence of the grid, (R,): price,
    free_at, dear_at (the same with the price in seconds of waiting on top), spot (R, 2) in the plane, and pace in
    seconds a metre.
    """

    grid: Grid
    cheapest: Ints
    price: Ints
    free_at: Ints
    dear_at: Ints
    spot: Floats
    pace: Floats


class Wish(NamedTuple):
    """An order that looks for a rider: what it costs with the best rider imaginable, collected at ``ready``."""

    order: int
    least: int
    ready: int


def make_offer(view: View, grid: Grid, price: Ints) -> Offer:
    """Sort the riders of each cell at these prices."""
    ends = grid.ends
    dear_at = ends.free_at + price // max(1, view.weights.click_to_door)
    cell = np.repeat(np.arange(len(grid.start) - 1), np.diff(grid.start))
    riders = grid.riders[np.lexsort((dear_at[grid.riders], cell))]
    cheapest = np.full(len(grid.start) - 1, NEVER)
    np.minimum.at(cheapest, cell, price[riders])
    spot, pace = grid.flat[ends.place[riders]], view.travel.pace[view.riders.profile[riders]]
    in_cells = grid._replace(riders=riders)
    return Offer(in_cells, cheapest, price[riders], ends.free_at[riders], dear_at[riders], spot, pace)


@kernel
def riders_below(
    view: View, table: Tableau, offer: Offer, lead: Ints, limit: Ints, known: Ints, found: Ints, comes_at: Ints,
    last: Ints,
) -> None:  # fmt: skip
    """Fill ``found`` (B, K) with the riders who come at less than ``limit`` to each order of ``lead``, the best first.

    Those in ``known`` (B, T) are left out; places that stay empty are -1. comes_at: int64 (K,), last: int64 (R,) of -1,
    scratch.
    """
    for b in range(lead.shape[0]):
        for t in range(known.shape[1]):
            if known[b, t] >= 0:
                last[known[b, t]] = b
        count = _search(view, table, offer, _wish(view, lead[b]), limit[b], b, found[b], comes_at, last)
        for k in range(count, found.shape[1]):
            found[b, k] = -1


@inlined_kernel
def _wish(view: View, order: int) -> Wish:
    """What can be said of an order before riders are looked at."""
    ready, least = max(view.orders.ready_at[order], view.now), NEVER
    for profile in range(view.direct_s.shape[1]):
        if (view.orders.vehicles[order] >> profile) & 1:
            least = min(least, _cost_behind(view, order, profile, ready, 0))
    return Wish(order, least, ready)


@inlined_kernel
def _cost_behind(view: View, order: int, profile: int, arrive: int, leg_s: int) -> int:
    """What the order costs behind the end of a route: its customer's waiting, food's, and the riding."""
    orders, weights = view.orders, view.weights
    event = max(arrive, orders.ready_at[order], view.now)
    direct_s = view.direct_s[order, profile]
    at = event + orders.pickup_after_s[order] + direct_s + orders.dropoff_before_s[order]
    at = max(at, orders.not_before_at[order])
    wait = click_to_door_cost(weights, orders.placed_at[order], at) + lateness_cost(weights, orders.due_at[order], at)
    food = food_waiting_cost(weights, orders.ready_at[order], event)
    return int((1 + orders.priority[order]) * wait + food + travel_cost(weights, leg_s + direct_s))


@inlined_kernel
def _least_from(view: View, wish: Wish, price: int, free_at: int, way_s: int) -> int:
    """What riders so far away come at, at least: of a price, or of one that is counted as seconds in ``free_at``."""
    late_s = max(0, free_at + way_s - wish.ready)
    return int(wish.least + max(price, view.weights.click_to_door * late_s) + travel_cost(view.weights, way_s))


@inlined_kernel
def _search(
    view: View, table: Tableau, offer: Offer, wish: Wish, limit: int, b: int, found: Ints, comes_at: Ints, last: Ints
) -> int:
    """Go through the rings; answers how many riders are found."""
    grid, pickup, count = offer.grid, view.orders.pickup[wish.order], 0
    east, north, ring = cell_of(grid, pickup, 0), cell_of(grid, pickup, 1), 0
    while ring < grid.side:
        way_s = _whole(soonest_s(grid, beyond_ring_m(grid, pickup, ring)))
        if _least_from(view, wish, 0, grid.soonest_at, way_s) >= _bar(limit, found, count, comes_at):
            break
        for x in range(max(0, east - ring), min(grid.side - 1, east + ring) + 1):
            step = 1 if abs(x - east) == ring or ring == 0 else 2 * ring
            count = _look_along(view, table, offer, wish, x, north, ring, step, limit, b, found, count, comes_at, last)
        ring += 1
    return count


@inlined_kernel
def _look_along(
    view: View, table: Tableau, offer: Offer, wish: Wish, x: int, north: int, ring: int, step: int, limit: int, b: int,
    found: Ints, count: int, comes_at: Ints, last: Ints,
) -> int:  # fmt: skip
    """Go through the cells of one column that are on the ring: all at its edges, else only the two ends."""
    for y in range(north - ring, north + ring + 1, step):
        if 0 <= y < offer.grid.side:
            count = _look_in(view, table, offer, wish, x, y, limit, b, found, count, comes_at, last)
    return count


@inlined_kernel
def _whole(seconds: float) -> int:
    """Whole seconds of a way, at most; nobody goes for longer than some days."""
    return int(min(max(seconds, 0.0), UNREACHABLE_S))


@inlined_kernel
def _bar(limit: int, found: Ints, count: int, comes_at: Ints) -> int:
    """What one more rider has to stay below: the limit, or the last of those found when there is no room left."""
    return int(comes_at[count - 1]) if count == found.shape[0] else limit


@inlined_kernel
def _look_in(
    view: View, table: Tableau, offer: Offer, wish: Wish, x: int, y: int, limit: int, b: int, found: Ints, count: int,
    comes_at: Ints, last: Ints,
) -> int:  # fmt: skip
    """Go through one cell; answers how many are found then."""
    grid, orders = offer.grid, view.orders
    pickup, cell = orders.pickup[wish.order], x * grid.side + y
    if grid.start[cell] == grid.start[cell + 1]:
        return count
    way_s = _whole(soonest_s(grid, max(gap_m(grid, pickup, 0, x), gap_m(grid, pickup, 1, y))))
    bar = _bar(limit, found, count, comes_at)
    if _least_from(view, wish, offer.cheapest[cell], 0, way_s) >= bar:
        return count
    for i in range(grid.start[cell], grid.start[cell + 1]):
        if _least_from(view, wish, 0, offer.dear_at[i], way_s) >= bar:
            break  # and so are all behind in this cell
        if _least_from(view, wish, offer.price[i], 0, way_s) >= bar:
            continue
        rider, leg_s = grid.riders[i], _leg_s(view, offer, i, pickup)
        if _least_at(view, wish, offer.price[i], offer.free_at[i] + leg_s, leg_s) >= bar or last[rider] == b:
            continue
        arrive = offer.free_at[i] + leg_s + orders.pickup_before_s[wish.order]
        at = offer.price[i] + _cost_behind(view, wish.order, view.riders.profile[rider], arrive, leg_s)
        at += churn_cost(view.weights, orders.rider[wish.order], rider)
        if at < bar and table.closed[rider] == 0 and may_carry(view, wish.order, rider):
            count = _sort_in(found, comes_at, count, rider, at)
            bar = _bar(limit, found, count, comes_at)
    return count


@inlined_kernel
def _leg_s(view: View, offer: Offer, i: int, pickup: int) -> int:
    """About how long a rider takes to the merchant: in the plane, or by the matrix of travel times."""
    if view.travel.matrix.shape[0] > 0:
        rider = offer.grid.riders[i]
        return int(view.travel.matrix[view.riders.profile[rider], offer.grid.ends.place[rider], pickup])
    east, north = offer.spot[i, 0] - offer.grid.flat[pickup, 0], offer.spot[i, 1] - offer.grid.flat[pickup, 1]
    return _whole(math.sqrt(east * east + north * north) * offer.pace[i])


@inlined_kernel
def _least_at(view: View, wish: Wish, price: int, arrive: int, leg_s: int) -> int:
    """What a rider of a price who arrives then comes at, at least."""
    late = view.weights.click_to_door * max(0, arrive - wish.ready)
    return int(wish.least + price + late + travel_cost(view.weights, leg_s))


@inlined_kernel
def _sort_in(found: Ints, comes_at: Ints, count: int, rider: int, at: int) -> int:
    """Put a rider where the price belongs, and drop the last where there is no room; answers how many there are."""
    slot = min(count, found.shape[0] - 1)
    while slot > 0 and comes_at[slot - 1] > at:
        comes_at[slot], found[slot] = comes_at[slot - 1], found[slot - 1]
        slot -= 1
    comes_at[slot], found[slot] = at, rider
    return int(min(count + 1, found.shape[0]))

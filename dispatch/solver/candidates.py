"""Which riders are looked at for an order: who collects at its merchant anyway, then who could be there first.

The k nearest by straight line leave orders without a rider when riders are scarce. So nearness is judged by when a
rider could be at the merchant after all that is already in the route, and whoever asks widens ``k`` for what no
candidate could take. Cells of a grid are searched ring by ring, until nobody farther out can be there before those
found; orders of one merchant that anybody may carry alike share what was found for the first of them.
"""

from __future__ import annotations

import numpy as np

from dispatch.geo.kernel import inlined_kernel, is_beyond, kernel, move, travel_s
from dispatch.solver.ahead import AT, HERE
from dispatch.solver.grid import Ends, Grid, beyond_ring_m, cell_of, gap_m, make_grid, soonest_s
from dispatch.solver.problem import OPEN, Ints
from dispatch.solver.sweep import by_place
from dispatch.solver.tableau import Tableau, ridden
from dispatch.solver.view import View, may_carry


def route_ends(view: View, table: Tableau) -> Ends:
    """The ends of all routes as they are now."""
    riders = len(table.length)
    ends = Ends(np.empty(riders, np.int64), np.empty(riders, np.int64))
    _fill_ends(view, table, ends)
    return ends


@kernel
def _fill_ends(view: View, table: Tableau, ends: Ends) -> None:
    """Ride every route to its end."""
    for r in range(ends.place.shape[0]):
        place, free_at = view.riders.place[r], view.riders.free_at[r]
        if table.length[r] > 0:
            end = table.ahead[ridden(view, table, r) + table.length[r]]
            place, free_at = end[HERE], end[AT]
        ends.place[r], ends.free_at[r] = place, max(free_at, view.now)


def nearest_riders(view: View, table: Tableau, lead: Ints, k: int) -> Ints:
    """The ``k`` riders who could be first at the pickup of each order in ``lead``; int64 (B, min(k, R)), -1 padded."""
    near = np.full((len(lead), min(k, len(table.length))), -1, np.int64)
    if near.size:
        grid = make_grid(view, route_ends(view, table))
        _fill_near(view, table, grid, lead, by_place(view, lead), near, np.zeros(near.shape[1], np.int64))
    return near


@kernel
def _fill_near(view: View, table: Tableau, grid: Grid, lead: Ints, together: Ints, near: Ints, when: Ints) -> None:
    """One row of candidates for each order, in a sequence in which orders of one merchant come ``together``."""
    before = -1
    for b in together:
        if before >= 0 and _are_alike(view, lead[before], lead[b]):
            move(near[before], 0, near.shape[1], near[b], 0)
        else:
            _first_riders(view, table, grid, lead[b], near[b], when)
        before = b


@inlined_kernel
def _are_alike(view: View, order: int, other: int) -> bool:
    """Whether whoever may carry one of the orders may carry the other, and both wait at the same merchant's place."""
    orders, riders = view.orders, view.riders.place.shape[0]
    if orders.pickup[order] != orders.pickup[other] or orders.merchant[order] != orders.merchant[other]:
        return False
    if orders.vehicles[order] != orders.vehicles[other] or orders.size[order] != orders.size[other]:
        return False
    if orders.zones[order] != orders.zones[other] or orders.rider[order] != orders.rider[other]:
        return False
    if orders.state[order] != OPEN or orders.state[other] != OPEN:
        return False
    for o in (order, other):
        at = np.searchsorted(view.barred, o * riders)
        if at < view.barred.shape[0] and view.barred[at] < (o + 1) * riders:
            return False
    return True


@kernel
def first_riders(view: View, table: Tableau, grid: Grid, order: int, near: Ints, when: Ints) -> None:
    """Fill ``near`` (k,) with the riders who could be at the order's merchant first, -1 where there are no more.

    when: int64 (k,), scratch. Of riders who could be there at the same time, the one with the lower number comes first.
    """
    _first_riders(view, table, grid, order, near, when)


@inlined_kernel
def _first_riders(view: View, table: Tableau, grid: Grid, order: int, near: Ints, when: Ints) -> None:
    k = near.shape[0]
    kept = _collecting(view, table, order, near)  # before all others: that is how bundles grow
    found, pickup, last = kept, view.orders.pickup[order], grid.side - 1
    east, north, ring = cell_of(grid, pickup, 0), cell_of(grid, pickup, 1), 0
    while kept < k and ring <= last:
        if found == k and grid.soonest_at + soonest_s(grid, beyond_ring_m(grid, pickup, ring)) > when[k - 1]:
            break
        for x in range(max(0, east - ring), min(last, east + ring) + 1):
            edge = abs(x - east) == ring
            found = _look_along(view, table, grid, order, x, north, ring, edge, kept, found, near, when)
        ring += 1
    near[found:] = -1


@inlined_kernel
def _look_along(
    view: View, table: Tableau, grid: Grid, order: int, x: int, north: int, ring: int, edge: bool, kept: int,
    found: int, near: Ints, when: Ints,
) -> int:  # fmt: skip
    """Look into the cells of one column of a ring; answers how many riders are found then."""
    # Between its edges, only the two ends of a column are on the ring.
    for y in range(north - ring, north + ring + 1, 1 if edge or ring == 0 else 2 * ring):
        if 0 <= y < grid.side:
            found = _look_in(view, table, grid, order, x, y, kept, found, near, when)
    return found


@inlined_kernel
def _look_in(
    view: View, table: Tableau, grid: Grid, order: int, x: int, y: int, kept: int, found: int, near: Ints, when: Ints
) -> int:
    """Sort the riders of a cell in behind the first ``kept`` of those found; answers how many are found then."""
    k, pickup, cell = near.shape[0], view.orders.pickup[order], x * grid.side + y
    way_s = soonest_s(grid, max(gap_m(grid, pickup, 0, x), gap_m(grid, pickup, 1, y)))
    for i in range(grid.start[cell], grid.start[cell + 1]):
        r = grid.riders[i]
        free_at, place, profile = grid.ends.free_at[r], grid.ends.place[r], view.riders.profile[r]
        if found == k:
            if free_at + way_s > when[k - 1]:
                break  # and so are all behind in this cell
            if is_beyond(view.travel, profile, place, pickup, when[k - 1] - free_at):
                continue
        # Who has no way there from the end of the route may have one from the middle of it, and comes last.
        at = free_at + travel_s(view.travel, profile, place, pickup)
        if found == k and (at > when[k - 1] or (at == when[k - 1] and r > near[k - 1])):
            continue
        if table.closed[r] == 1 or not may_carry(view, order, r) or _is_among(r, near, kept):
            continue
        slot = min(found, k - 1)
        while slot > kept and (when[slot - 1] > at or (when[slot - 1] == at and near[slot - 1] > r)):
            when[slot], near[slot] = when[slot - 1], near[slot - 1]
            slot -= 1
        when[slot], near[slot] = at, r
        found = min(found + 1, k)
    return found


@inlined_kernel
def _collecting(view: View, table: Tableau, order: int, near: Ints) -> int:
    """Put the riders who have an order of the same merchant to collect at the head of ``near``; answers how many."""
    found = 0
    merchant = view.orders.merchant[order]
    for m in range(view.mates_start[merchant], view.mates_start[merchant + 1]):
        rider = table.rider[view.mates[m]]
        if rider < 0 or found == near.shape[0] or _is_among(rider, near, found):
            continue
        if table.closed[rider] == 0 and may_carry(view, order, rider):
            near[found] = rider
            found += 1
    return found


@inlined_kernel
def _is_among(rider: int, near: Ints, count: int) -> bool:
    """Whether the rider is one of the first ``count``."""
    found = 0
    for k in range(count):
        found += int(near[k] == rider)
    return found > 0

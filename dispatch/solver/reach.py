"""Which riders could be at a merchant first, and a time before which nobody else can.

Riders lie in the cells of a flat grid (the earth is projected along its radius, which shortens ways and never lengthens
them), and cells are searched ring by ring until whoever is farther out cannot be there before those found.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import inlined_kernel, kernel, travel_s
from dispatch.solver.least import Bases, least_way_s
from dispatch.solver.problem import NO_ORDERS, Floats, Ints
from dispatch.solver.view import View
from dispatch.units import NEVER

MOST_LOOKED_AT: Final = 256
"""Riders looked at for one merchant; whoever is farther out is only bounded."""

_RIDERS_A_CELL: Final = 3
_MOST_SIDE: Final = 256
_SPARE_M: Final = 1.0
"""Metres allowed for rounding when a rider is passed over by the distance on the plane."""


class Grid(NamedTuple):
    """The riders who take new orders, by cell: those of cell c are riders[start[c]:start[c + 1]].

    Cell c = east * side + north. spot: float64 (R, 2), flat metres; ready_at: int64 (R,); pace: float64 (R,), seconds a
    metre: of each rider, in the order of ``riders``. flat: float64 (L, 2), every place. cell: int64 (R,), scratch.
    frame: float64 (9,), the axes to the east and north, the corner of cell 0, the side of a cell in metres.
    soonest: int64 (1,), the earliest that anybody can choose. least_pace: float64 (1,). side: cells along one axis.
    """

    start: Ints
    riders: Ints
    spot: Floats
    ready_at: Ints
    pace: Floats
    flat: Floats
    cell: Ints
    frame: Floats
    soonest: Ints
    least_pace: Floats
    side: int


class Reach(NamedTuple):
    """Riders to try for each distinct place of pickup.

    row: int64 (L,), row of a place, -1 where nothing is picked up. pickups: int64 (M,), the place of each row.
    riders: int64 (M, k), the first who could be there first, -1 where there are no more. beyond_at: int64 (M,): nobody
    who takes orders and is not listed can be there before; NEVER where all are listed. when: int64 (k,), scratch.
    """

    row: Ints
    pickups: Ints
    riders: Ints
    beyond_at: Ints
    when: Ints


def reach(view: View, bases: Bases, orders: Ints, k: int) -> Reach:
    """The ``k`` riders who take new orders and could be first at each place where one of ``orders`` is picked up."""
    found = empty_reach(view, len(orders), k)
    wanted = np.zeros(len(view.orders.pickup), np.int64)
    wanted[orders] = 1
    rows = find_reach(view, bases, empty_grid(view), wanted, found)
    return found._replace(pickups=found.pickups[:rows], riders=found.riders[:rows], beyond_at=found.beyond_at[:rows])


def empty_grid(view: View) -> Grid:
    """Room for all riders; with a matrix of travel times in one cell."""
    riders, places = len(view.riders.place), len(view.travel.points)
    one = view.travel.matrix.shape[0] > 0
    side = 1 if one else int(min(max(math.sqrt(riders / _RIDERS_A_CELL), 1), _MOST_SIDE))
    return Grid(
        start=np.zeros(side * side + 1, np.int64),
        riders=np.empty(riders, np.int64),
        spot=np.empty((riders, 2)),
        ready_at=np.empty(riders, np.int64),
        pace=np.empty(riders),
        flat=np.empty((places, 2)),
        cell=np.empty(riders, np.int64),
        frame=np.zeros(9),
        soonest=np.zeros(1, np.int64),
        least_pace=np.zeros(1),
        side=side,
    )


def empty_reach(view: View, orders: int, k: int) -> Reach:
    """Room for the pickups of so many orders."""
    places = len(view.travel.points)
    most = min(orders, places)
    return Reach(
        row=np.full(places, -1, np.int64),
        pickups=np.empty(most, np.int64),
        riders=np.full((most, k), -1, np.int64),
        beyond_at=np.full(most, NEVER, np.int64),
        when=np.zeros(k, np.int64),
    )


@kernel
def find_reach(view: View, bases: Bases, grid: Grid, wanted: Ints, found: Reach) -> int:
    """Fill ``found`` for the orders with a 1 in ``wanted`` (O,); answers how many rows there are."""
    rows = 0
    for order in range(wanted.shape[0]):
        pickup = view.orders.pickup[order]
        if wanted[order] == 1 and found.row[pickup] < 0:
            found.row[pickup], found.pickups[rows] = rows, pickup
            rows += 1
    willing = 0
    for r in range(view.riders.accepts.shape[0]):
        willing += int(view.riders.accepts[r] != NO_ORDERS)
    if rows > 0 and willing > 0:
        _flatten(view, grid)
        _sort_in(view, bases, grid)
        for m in range(rows):
            _look(view, bases, grid, m, willing, found)
    return rows


@kernel
def _flatten(view: View, grid: Grid) -> None:
    """Lay the places on a plane on which no two are farther apart than in truth."""
    points, frame = view.travel.points, grid.frame
    frame[0], frame[1], frame[2], frame[3], frame[4], frame[5] = 1.0, 0.0, 0.0, 0.0, 1.0, 0.0
    up_x, up_y, up_z = 0.0, 0.0, 0.0
    for place in range(points.shape[0]):
        up_x, up_y, up_z = up_x + points[place, 0], up_y + points[place, 1], up_z + points[place, 2]
    length = math.sqrt(up_x * up_x + up_y * up_y + up_z * up_z)
    if view.travel.radius_m > 0.0 and length > 1.0:
        up_x, up_y, up_z = up_x / length, up_y / length, up_z / length
        # Any axis across the one that points up will do, and the one across both.
        a, b, c = (-up_y, up_x, 0.0) if abs(up_z) < 0.9 else (0.0, -up_z, up_y)
        side = math.sqrt(a * a + b * b + c * c)
        a, b, c = a / side, b / side, c / side
        frame[0], frame[1], frame[2] = a, b, c
        frame[3], frame[4], frame[5] = up_y * c - up_z * b, up_z * a - up_x * c, up_x * b - up_y * a
    for place in range(points.shape[0]):
        for axis in range(2):
            flat = 0.0
            for k in range(3):
                flat += frame[3 * axis + k] * points[place, k]
            grid.flat[place, axis] = flat


@kernel
def _sort_in(view: View, bases: Bases, grid: Grid) -> None:
    """Sort the riders who take new orders into cells."""
    frame, accepts, side = grid.frame, view.riders.accepts, grid.side
    low_e, low_n, high_e, high_n = math.inf, math.inf, -math.inf, -math.inf
    grid.soonest[0], grid.least_pace[0] = NEVER, math.inf
    for r in range(accepts.shape[0]):
        if accepts[r] != NO_ORDERS:
            east, north = grid.flat[bases.place[r], 0], grid.flat[bases.place[r], 1]
            low_e, low_n, high_e, high_n = min(low_e, east), min(low_n, north), max(high_e, east), max(high_n, north)
            grid.soonest[0] = min(grid.soonest[0], max(view.now, bases.at[r]))
            grid.least_pace[0] = min(grid.least_pace[0], view.travel.pace[view.riders.profile[r]])
    frame[6], frame[7], frame[8] = low_e, low_n, max(1.0, max(high_e - low_e, high_n - low_n) / side)
    for r in range(accepts.shape[0]):
        if accepts[r] != NO_ORDERS:
            grid.cell[r] = _cell_along(grid, bases.place[r], 0) * side + _cell_along(grid, bases.place[r], 1)
            grid.start[grid.cell[r] + 1] += 1
    for cell in range(side * side):
        grid.start[cell + 1] += grid.start[cell]
    for r in range(accepts.shape[0] - 1, -1, -1):
        if accepts[r] != NO_ORDERS:
            # Filled from behind: the end of a cell moves down to its beginning, so the ends are restored below.
            grid.start[grid.cell[r] + 1] -= 1
            i = grid.start[grid.cell[r] + 1]
            grid.riders[i], grid.ready_at[i] = r, max(view.now, bases.at[r])
            grid.spot[i, 0], grid.spot[i, 1] = grid.flat[bases.place[r], 0], grid.flat[bases.place[r], 1]
            grid.pace[i] = view.travel.pace[view.riders.profile[r]]
    for r in range(accepts.shape[0]):
        if accepts[r] != NO_ORDERS:
            grid.start[grid.cell[r] + 1] += 1


@inlined_kernel
def _cell_along(grid: Grid, place: int, axis: int) -> int:
    """The cell of a place along one axis; the nearest there is for places outside."""
    cell = int((grid.flat[place, axis] - grid.frame[6 + axis]) / grid.frame[8])
    return min(max(cell, 0), grid.side - 1)


@kernel
def _look(view: View, bases: Bases, grid: Grid, m: int, willing: int, found: Reach) -> None:
    """Search ring by ring around a pickup."""
    pickup, k = found.pickups[m], found.when.shape[0]
    seen, ring, beyond_at = 0, 0, NEVER
    while True:
        seen = _look_in_ring(view, bases, grid, m, ring, seen, found)
        if seen == willing:
            break
        # Whoever lies outside the rings searched is at least so many cells away, and rounding takes a step at most.
        rest_at = int(grid.soonest[0] + ring * grid.frame[8] * grid.least_pace[0]) - view.travel.step_s
        if seen >= MOST_LOOKED_AT or (seen >= k and rest_at >= found.when[k - 1]):
            beyond_at = rest_at
            break
        ring += 1
    if seen > k:
        beyond_at = min(beyond_at, found.when[k - 1])
        # With a matrix of travel times a detour may be shorter than the way that riders were sorted by.
        for p in range(bases.near_s.shape[0]):
            beyond_at = min(beyond_at, grid.soonest[0] + bases.near_s[p, pickup])
    found.beyond_at[m] = beyond_at


@inlined_kernel
def _look_in_ring(view: View, bases: Bases, grid: Grid, m: int, ring: int, seen: int, found: Reach) -> int:
    """Look at the cells that are ``ring`` away from the pickup's."""
    last = grid.side - 1
    east, north = _cell_along(grid, found.pickups[m], 0), _cell_along(grid, found.pickups[m], 1)
    for x in range(max(0, east - ring), min(last, east + ring) + 1):
        edge = x == east - ring or x == east + ring
        step = 1 if edge else 2 * ring  # in between, only the two ends of a column are on the ring
        for y in range(north - ring, north + ring + 1, max(1, step)):
            if 0 <= y <= last:
                seen = _look_in(view, bases, grid, x * grid.side + y, m, seen, found)
    return seen


@inlined_kernel
def _look_in(view: View, bases: Bases, grid: Grid, cell: int, m: int, seen: int, found: Reach) -> int:
    """Sort the riders of a cell in among those found; answers how many were seen so far."""
    when, near, pickup, k = found.when, found.riders[m], found.pickups[m], found.when.shape[0]
    straight = view.travel.matrix.shape[0] == 0
    for i in range(grid.start[cell], grid.start[cell + 1]):
        seen += 1
        if seen > k and straight and _is_later(grid, i, pickup, when[k - 1]):
            continue
        r = grid.riders[i]
        at = _arrival(view, bases, r, pickup)
        if seen <= k or at < when[k - 1]:
            slot = min(seen, k) - 1
            while slot > 0 and when[slot - 1] > at:
                when[slot], near[slot] = when[slot - 1], near[slot - 1]
                slot -= 1
            when[slot], near[slot] = at, r
    return seen


@inlined_kernel
def _is_later(grid: Grid, i: int, pickup: int, at: int) -> bool:
    """Whether a rider elsewhere surely comes no sooner; a quick look, by the distance on the plane."""
    east, north = grid.spot[i, 0] - grid.flat[pickup, 0], grid.spot[i, 1] - grid.flat[pickup, 1]
    away = east * east + north * north
    reach_m = max(0.0, (at - grid.ready_at[i]) / grid.pace[i]) + _SPARE_M
    return bool(away > reach_m * reach_m)


@inlined_kernel
def _arrival(view: View, bases: Bases, rider: int, pickup: int) -> int:
    """When the rider can be at the place, going straight there."""
    if bases.place[rider] == pickup:
        return int(min(bases.arrive[rider], bases.at[rider]) if bases.stop[rider] >= 0 else bases.at[rider])
    profile = view.riders.profile[rider]
    if view.travel.matrix.shape[0] > 0:
        way = travel_s(view.travel, profile, bases.place[rider], pickup)
    else:
        way = least_way_s(view, bases, profile, bases.place[rider], pickup)
    return int(max(bases.at[rider], view.now) + way)

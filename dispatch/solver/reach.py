"""Which riders could be at a merchant first, and a time before which nobody else can.

Riders lie in the cells of a flat grid (the earth is projected along its radius, which shortens ways and never lengthens
them), and cells are searched ring by ring until whoever is farther out cannot be there before those found.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import TravelTable, inlined_kernel, is_beyond, kernel, travel_s
from dispatch.solver.least import Bases, least_way_s
from dispatch.solver.problem import NO_ORDERS, Floats, Ints
from dispatch.solver.view import View
from dispatch.units import NEVER

MOST_LOOKED_AT: Final = 256
"""Riders looked at for one merchant; whoever is farther out is only bounded."""

_RIDERS_A_CELL: Final = 3
_MOST_SIDE: Final = 256


class Grid(NamedTuple):
    """Riders by cell: those of cell c are riders[start[c]:start[c + 1]], cell c = east * side + north.

    flat: float64 (L, 2), every place in metres. low: float64 (2,), the corner of cell 0. cell_m: side of a cell.
    soonest_at, pace: the earliest that any rider can choose, and the quickest seconds a metre.
    """

    start: Ints
    riders: Ints
    flat: Floats
    low: Floats
    cell_m: float
    side: int
    soonest_at: int
    pace: float


class Reach(NamedTuple):
    """Riders to try for each distinct place of pickup.

    row: int64 (L,), row of a place, -1 where nothing is picked up. riders: int64 (M, k), who could be there first comes
    first, -1 where there are no more. beyond_at: int64 (M,), nobody who takes orders and is not listed can be there
    before; NEVER where all are listed.
    """

    row: Ints
    riders: Ints
    beyond_at: Ints


def reach(view: View, bases: Bases, orders: Ints, k: int) -> Reach:
    """The ``k`` riders who take new orders and could be first at each place where one of ``orders`` is picked up."""
    pickups = np.unique(view.orders.pickup[orders])
    row = np.full(len(view.travel.points), -1, np.int64)
    row[pickups] = np.arange(len(pickups))
    found = Reach(row, np.full((len(pickups), k), -1, np.int64), np.full(len(pickups), NEVER, np.int64))
    willing = np.flatnonzero(view.riders.accepts != NO_ORDERS)
    if len(pickups) == 0 or len(willing) == 0:
        return found
    _look(view, bases, make_grid(view, bases, willing), pickups, found, np.zeros(k, np.int64))
    return found


def make_grid(view: View, bases: Bases, riders: Ints) -> Grid:
    """Sort the riders into cells; all of them into one where travel times come from a matrix."""
    travel = view.travel
    flat = _flat(travel)
    spots = flat[bases.place[riders]]
    low, high = spots.min(axis=0), spots.max(axis=0)
    one = travel.matrix.shape[0] > 0
    side = 1 if one else int(np.clip(np.sqrt(len(riders) / _RIDERS_A_CELL), 1, _MOST_SIDE))
    cell_m = max(1.0, float((high - low).max()) / side)
    cells = np.minimum(side - 1, ((spots - low) / cell_m).astype(np.int64))
    cell = cells[:, 0] * side + cells[:, 1]
    return Grid(
        start=np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(cell, minlength=side * side))]),
        riders=riders[np.argsort(cell, kind="stable")],
        flat=flat,
        low=low,
        cell_m=cell_m,
        side=side,
        soonest_at=max(view.now, int(bases.at[riders].min())),
        pace=float(travel.pace[view.riders.profile[riders]].min()),
    )


def _flat(travel: TravelTable) -> Floats:
    """Places on a plane on which no two are farther apart than in truth; float64 (L, 2)."""
    points = travel.points
    if travel.radius_m <= 0.0 or len(points) == 0:
        return np.ascontiguousarray(points[:, :2])
    up = points.mean(axis=0)
    length = float(np.sqrt(up @ up))
    if length < 1.0:
        return np.ascontiguousarray(points[:, :2])
    up /= length
    east = np.array([-up[1], up[0], 0.0]) if abs(up[2]) < 0.9 else np.array([0.0, -up[2], up[1]])
    east /= np.sqrt(east @ east)
    return np.ascontiguousarray(points @ np.column_stack([east, np.cross(up, east)]))


@kernel
def _look(view: View, bases: Bases, grid: Grid, pickups: Ints, found: Reach, when: Ints) -> None:
    """Search ring by ring around each pickup."""
    k, every = when.shape[0], grid.riders.shape[0]
    for m in range(pickups.shape[0]):
        pickup, near = pickups[m], found.riders[m]
        seen, ring, beyond_at = 0, 0, NEVER
        while True:
            seen = _look_in_ring(view, bases, grid, pickup, ring, seen, near, when)
            if seen == every:
                break
            # Whoever lies outside the rings searched is at least so many cells away, and rounding takes a step at most.
            rest_at = int(grid.soonest_at + ring * grid.cell_m * grid.pace) - view.travel.step_s
            if seen >= MOST_LOOKED_AT or (seen >= k and rest_at >= when[k - 1]):
                beyond_at = rest_at
                break
            ring += 1
        if seen > k:
            beyond_at = min(beyond_at, when[k - 1], _soonest_by_matrix(view, bases, grid, pickup))
        found.beyond_at[m] = beyond_at


@inlined_kernel
def _soonest_by_matrix(view: View, bases: Bases, grid: Grid, pickup: int) -> int:
    """With a matrix of travel times a detour may be shorter: the soonest that anybody comes from another place."""
    if bases.near_s.shape[0] == 0:
        return NEVER
    soonest = NEVER
    for p in range(bases.near_s.shape[0]):
        soonest = min(soonest, grid.soonest_at + bases.near_s[p, pickup])
    return soonest


@inlined_kernel
def _look_in_ring(
    view: View, bases: Bases, grid: Grid, pickup: int, ring: int, seen: int, near: Ints, when: Ints
) -> int:
    """Look at the cells that are ``ring`` away from the pickup's (or the nearest there is)."""
    last = grid.side - 1
    east = min(max(int((grid.flat[pickup, 0] - grid.low[0]) / grid.cell_m), 0), last)
    north = min(max(int((grid.flat[pickup, 1] - grid.low[1]) / grid.cell_m), 0), last)
    for x in range(max(0, east - ring), min(last, east + ring) + 1):
        edge = x == east - ring or x == east + ring
        step = 1 if edge else 2 * ring  # in between, only the two ends of a column are on the ring
        for y in range(north - ring, north + ring + 1, max(1, step)):
            if 0 <= y <= last:
                seen = _look_in(view, bases, grid, x * grid.side + y, pickup, seen, near, when)
    return seen


@inlined_kernel
def _look_in(view: View, bases: Bases, grid: Grid, cell: int, pickup: int, seen: int, near: Ints, when: Ints) -> int:
    """Sort the riders of a cell in among those found; answers how many were seen so far."""
    k = when.shape[0]
    for i in range(grid.start[cell], grid.start[cell + 1]):
        r, at = grid.riders[i], NEVER
        if seen < k or not _is_later(view, bases, r, pickup, when[k - 1]):
            at = _arrival(view, bases, r, pickup)
        if seen < k or at < when[k - 1]:
            slot = min(seen, k - 1)
            while slot > 0 and when[slot - 1] > at:
                when[slot], near[slot] = when[slot - 1], near[slot - 1]
                slot -= 1
            when[slot], near[slot] = at, r
        seen += 1
    return seen


@inlined_kernel
def _is_later(view: View, bases: Bases, rider: int, pickup: int, at: int) -> bool:
    """Whether the rider surely comes later; a quick look, before anything is computed."""
    left = at - max(bases.at[rider], view.now)
    away = bases.place[rider] != pickup
    return bool(away and is_beyond(view.travel, view.riders.profile[rider], bases.place[rider], pickup, left))


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

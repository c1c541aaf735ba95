"""Riders in the cells of a flat grid, by where and when their routes end.

The earth is projected onto a plane that touches it in the middle of the places. That shortens ways and never lengthens
them, so what lies in another cell is at least as far away as that cell is in the plane.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import TravelTable, inlined_kernel
from dispatch.solver.problem import Floats, Ints
from dispatch.solver.view import View

_RIDERS_A_CELL: Final = 8.0
_MOST_SIDE: Final = 512
_SLACK: Final = 1e-3
"""Metres, and seconds: more than rounding can take away from a lower bound."""


class Ends(NamedTuple):
    """Where and when each rider would be free after the present route; int64 (R,) each."""

    place: Ints
    free_at: Ints


class Grid(NamedTuple):
    """The riders of cell c, who is free first comes first, are riders[start[c]:start[c + 1]]; c = east * side + north.

    flat: float64 (L, 2), all places in the plane, metres. low: float64 (2,), the corner of cell 0. cell_m: side of a
    cell. soonest_at, pace: when the first of all is free, and the quickest seconds a metre of all.
    With a matrix of travel times there is one cell, and nobody is far away.
    """

    start: Ints
    riders: Ints
    ends: Ends
    flat: Floats
    low: Floats
    cell_m: float
    side: int
    soonest_at: int
    pace: float


def make_grid(view: View, ends: Ends) -> Grid:
    """Sort all riders into cells."""
    travel, riders = view.travel, len(ends.place)
    flat = _flat(travel)
    spots = flat[ends.place]
    low = spots.min(axis=0) if riders else np.zeros(2)
    extent = float((spots.max(axis=0) - low).max()) if riders else 0.0
    measured = travel.matrix.shape[0] == 0
    side = int(np.clip(np.sqrt(riders / _RIDERS_A_CELL), 1, _MOST_SIDE)) if measured else 1
    cell_m = max(1.0, extent / side)
    cells = np.minimum(side - 1, ((spots - low) / cell_m).astype(np.int64))
    cell = cells[:, 0] * side + cells[:, 1]
    soonest_at = int(ends.free_at.min(initial=2**62))
    by_cell = np.argsort(cell * 2**40 + np.minimum(ends.free_at - soonest_at, 2**40 - 1), kind="stable")
    return Grid(
        start=np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(cell, minlength=side * side))]),
        riders=by_cell,
        ends=ends,
        flat=flat,
        low=low,
        cell_m=cell_m,
        side=side,
        soonest_at=soonest_at,
        pace=float(travel.pace[view.riders.profile].min(initial=np.inf)) if measured and riders else 0.0,
    )


def _flat(travel: TravelTable) -> Floats:
    """Places in a plane in which no two are farther apart than in truth; float64 (L, 2)."""
    points = travel.points
    up = points.mean(axis=0) if len(points) else np.zeros(3)
    length = float(np.sqrt(up @ up))
    if travel.radius_m <= 0.0 or length < 1.0:
        return np.ascontiguousarray(points[:, :2])
    up /= length
    east = np.array([-up[1], up[0], 0.0]) if abs(up[2]) < 0.9 else np.array([0.0, -up[2], up[1]])
    east /= np.sqrt(east @ east)
    return np.asarray(points @ np.column_stack([east, np.cross(up, east)]))


@inlined_kernel
def cell_of(grid: Grid, place: int, axis: int) -> int:
    """The cell along an axis in which a place lies, or the one at the edge that is nearest to it."""
    cell = int((grid.flat[place, axis] - grid.low[axis]) / grid.cell_m)
    return min(max(cell, 0), grid.side - 1)


@inlined_kernel
def gap_m(grid: Grid, place: int, axis: int, cell: int) -> float:
    """Metres along an axis from a place to the nearest edge of a cell; 0 inside."""
    below: float = grid.low[axis] + cell * grid.cell_m - grid.flat[place, axis]
    return max(0.0, below - _SLACK, -below - grid.cell_m - _SLACK)


@inlined_kernel
def beyond_ring_m(grid: Grid, place: int, ring: int) -> float:
    """No cell that is ``ring`` cells away from the place's own one, or farther, is nearer than this."""
    nearest: float = np.inf
    for axis in range(2):
        own = cell_of(grid, place, axis)
        if own - ring >= 0:
            nearest = min(nearest, gap_m(grid, place, axis, own - ring))
        if own + ring < grid.side:
            nearest = min(nearest, gap_m(grid, place, axis, own + ring))
    return nearest


@inlined_kernel
def soonest_s(grid: Grid, metres: float) -> float:
    """Seconds that anybody takes at least for so many metres."""
    return float(metres * grid.pace - _SLACK)

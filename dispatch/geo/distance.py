"""Straight-line distances of arrays of places: on the earth (haversine) and in a plane.

All of them come out of the kernel's ``distance_m``, so they equal what the solver measures bit for bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.kernel import TravelTable, distance_matrix, distance_pairs
from dispatch.geo.points import Points, check_pairs, check_points, no_matrix, sphere_table

Plane = NDArray[np.float64]
"""Float64 (n, 2): x, y in metres."""


def haversine_pairs_m(origins: Points, destinations: Points) -> NDArray[np.float64]:
    """Great circle metres from origins[i] to destinations[i], float64 (n,)."""
    a, b = check_pairs(origins, destinations)
    return _pairs(sphere_table(np.concatenate((a, b))), len(a))


def haversine_matrix_m(origins: Points, destinations: Points) -> NDArray[np.float64]:
    """Great circle metres from each of n origins to each of m destinations, float64 (n, m)."""
    a, b = check_points(origins, "origins"), check_points(destinations, "destinations")
    return _matrix(sphere_table(np.concatenate((a, b))), len(a), len(b))


def planar_pairs_m(origins: Plane, destinations: Plane) -> NDArray[np.float64]:
    """Euclidean metres from origins[i] to destinations[i] of a plane, float64 (n,)."""
    a, b = _check_plane(origins, "origins"), _check_plane(destinations, "destinations")
    if len(a) != len(b):
        raise ValueError(f"origins and destinations must pair up, but there are {len(a)} and {len(b)}")
    return _pairs(_plane_table(a, b), len(a))


def planar_matrix_m(origins: Plane, destinations: Plane) -> NDArray[np.float64]:
    """Euclidean metres from each of n origins to each of m destinations of a plane, float64 (n, m)."""
    a, b = _check_plane(origins, "origins"), _check_plane(destinations, "destinations")
    return _matrix(_plane_table(a, b), len(a), len(b))


def _pairs(table: TravelTable, n: int) -> NDArray[np.float64]:
    here = np.arange(n)
    return distance_pairs(table, here, here + n)


def _matrix(table: TravelTable, n: int, m: int) -> NDArray[np.float64]:
    return distance_matrix(table, np.arange(n), np.arange(n, n + m))


def _check_plane(points: Plane, what: str) -> Plane:
    array = np.ascontiguousarray(points, dtype=np.float64)
    if array.size == 0:
        return array.reshape(0, 2)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{what} must have the shape (n, 2): x, y; not {array.shape}")
    good = np.isfinite(array).all(axis=1)
    if not good.all():
        index = int(np.flatnonzero(~good)[0])
        raise ValueError(f"{what}[{index}] is not finite: x, y = {array[index].tolist()}")
    return array


def _plane_table(a: Plane, b: Plane) -> TravelTable:
    points = np.zeros((len(a) + len(b), 3))
    points[: len(a), :2], points[len(a) :, :2] = a, b
    return TravelTable(points=points, radius_m=0.0, pace=np.zeros(0), step_s=1, matrix=no_matrix())

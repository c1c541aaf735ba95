"""Places as arrays: checks, and their coordinates in the space in which the kernels measure."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.kernel import EARTH_RADIUS_M, TravelTable
from dispatch.units import UNREACHABLE_S

Points: TypeAlias = NDArray[np.float64]
"""Float64 (n, 2): latitude, longitude in degrees (WGS 84), one place a row."""


def check_points(points: Points, what: str = "points") -> Points:
    """``points`` as a contiguous float64 (n, 2) array.

    Raises ValueError, naming the first bad index, where a coordinate is not finite or not within -90..90, -180..180.
    """
    array = np.ascontiguousarray(points, dtype=np.float64)
    if array.size == 0:
        return array.reshape(0, 2)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{what} must have the shape (n, 2): latitude, longitude; not {array.shape}")
    # Written so that NaN is bad, too: a comparison with NaN is False.
    good = (np.abs(array[:, 0]) <= 90.0) & (np.abs(array[:, 1]) <= 180.0)
    if not good.all():
        index = int(np.flatnonzero(~good)[0])
        latitude, longitude = array[index].tolist()
        raise ValueError(
            f"{what}[{index}] is no place: latitude {latitude}, longitude {longitude}; "
            "expected finite degrees within -90..90 and -180..180"
        )
    return array


def check_pairs(origins: Points, destinations: Points) -> tuple[Points, Points]:
    """Both arrays checked; ValueError where their lengths differ, too."""
    a, b = check_points(origins, "origins"), check_points(destinations, "destinations")
    if a.shape[0] != b.shape[0]:
        raise ValueError(f"origins and destinations must pair up, but there are {a.shape[0]} and {b.shape[0]}")
    return a, b


def sphere_metres(points: Points) -> NDArray[np.float64]:
    """Earth-centred cartesian coordinates of checked points, float64 (n, 3), metres."""
    latitude, longitude = np.radians(points[:, 0]), np.radians(points[:, 1])
    out = np.empty((points.shape[0], 3))
    out[:, 0] = np.cos(latitude) * np.cos(longitude)
    out[:, 1] = np.cos(latitude) * np.sin(longitude)
    out[:, 2] = np.sin(latitude)
    return out * EARTH_RADIUS_M


def no_matrix() -> NDArray[np.int32]:
    """The empty matrix by which a TravelTable says that the straight line counts."""
    return np.zeros((0, 0, 0), np.int32)


def sphere_table(points: Points, pace: NDArray[np.float64] | None = None, step_s: int = 1) -> TravelTable:
    """A table of great circles between ``points``; without ``pace`` it serves distances only."""
    return TravelTable(
        points=sphere_metres(check_points(points)),
        radius_m=EARTH_RADIUS_M,
        pace=np.zeros(0) if pace is None else pace,
        step_s=step_s,
        matrix=no_matrix(),
    )


def whole_seconds(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Seconds rounded up as the kernel rounds them; infinity, and what exceeds it, becomes UNREACHABLE_S."""
    up = np.ceil(np.minimum(seconds, UNREACHABLE_S) - 1e-9)
    whole: NDArray[np.int64] = up.astype(np.int64)
    return whole


def whole_metres(metres: NDArray[np.float64]) -> NDArray[np.int64]:
    """Metres as the nearest whole number; 0 for infinity, since there is no way to measure."""
    whole: NDArray[np.int64] = np.rint(np.where(np.isinf(metres), 0.0, metres)).astype(np.int64)
    return whole

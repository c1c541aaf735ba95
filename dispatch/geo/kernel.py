"""Travel times inside compiled loops: one table of points or a matrix, one function.

Everything that needs a travel time, in this package and in the solver, gets it from ``travel_s``, so that a plan and
the world that executes it never disagree by a rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from dispatch.units import UNREACHABLE_S

P = ParamSpec("P")
T = TypeVar("T")

EARTH_RADIUS_M = 6_371_008.8
"""Mean earth radius (IUGG), metres; what haversine distances are taken with."""


def kernel(function: Callable[P, T]) -> Callable[P, T]:
    """Compile ``function`` with numba, keep the result on disk; types as written for the type checker.

    It must neither make nor answer arrays, nor copy from slice to slice (``move`` does): it is compiled without
    numba's reference counts. Values of some forty arrays are handed down through all kernels, and counting each of
    them at each call took nine tenths of the time.
    """
    return cast(Callable[P, T], _compiled(function, counts=False))


def allocating_kernel(function: Callable[P, T]) -> Callable[P, T]:
    """``kernel`` for functions that make arrays or answer slices of them; callers of the latter must be such, too."""
    return cast(Callable[P, T], _compiled(function, counts=True))


def inlined_kernel(function: Callable[P, T]) -> Callable[P, T]:
    """``kernel`` for small functions in inner loops: their code goes into whoever calls them.

    Else a value of some forty arrays is written to the stack and read again at each call.
    """
    return cast(Callable[P, T], _compiled(function, counts=False, forceinline=True))


def _compiled(function: Callable[..., Any], *, counts: bool, forceinline: bool = False) -> Callable[..., Any]:
    # Without the interpreter's lock: a service goes on answering while it plans.
    options: dict[str, Any] = {"cache": True, "error_model": "numpy", "nogil": True, "_nrt": counts}
    options["forceinline"] = forceinline
    compiled: Callable[..., Any] = numba.njit(**options)(function)
    return compiled


@inlined_kernel
def move(source: NDArray[np.int64], begin: int, count: int, target: NDArray[np.int64], at: int) -> None:
    """Copy source[begin:begin + count] to target[at:at + count]; from front to back where they overlap."""
    for k in range(count):
        target[at + k] = source[begin + k]


class TravelTable(NamedTuple):
    """Travel between L places for P profiles (vehicle kinds).

    points: float64 (L, 3), metres: earth-centred cartesian when ``radius_m`` > 0, else a plane with z = 0.
    pace: float64 (P,), seconds a metre, road factor included.
    step_s: travel times are rounded up to a multiple of this many seconds.
    matrix: int32 (P, L, L), seconds; where its length is 0 the straight line counts.
    """

    points: NDArray[np.float64]
    radius_m: float
    pace: NDArray[np.float64]
    step_s: int
    matrix: NDArray[np.int32]


@inlined_kernel
def distance_m(table: TravelTable, a: int, b: int) -> float:
    """Metres in a straight line (great circle on the earth) between places ``a`` and ``b``."""
    dx = table.points[a, 0] - table.points[b, 0]
    dy = table.points[a, 1] - table.points[b, 1]
    dz = table.points[a, 2] - table.points[b, 2]
    chord = math.sqrt(dx * dx + dy * dy + dz * dz)
    if table.radius_m <= 0.0:
        return chord
    return 2.0 * table.radius_m * math.asin(min(1.0, chord / (2.0 * table.radius_m)))


@inlined_kernel
def travel_s(table: TravelTable, profile: int, a: int, b: int) -> int:
    """Seconds from place ``a`` to place ``b``; UNREACHABLE_S where there is no way."""
    if table.matrix.shape[0] > 0:
        return int(table.matrix[profile, a, b])
    if a == b:
        return 0
    seconds = distance_m(table, a, b) * table.pace[profile]
    if not seconds < UNREACHABLE_S:
        return UNREACHABLE_S
    # The small allowance keeps a distance that is a whole number of steps from being rounded up by the last bit.
    steps: int = math.ceil(seconds / table.step_s - 1e-9)
    return steps * table.step_s


@inlined_kernel
def is_beyond(table: TravelTable, profile: int, a: int, b: int, seconds: int) -> bool:
    """Whether it surely takes longer than ``seconds`` from ``a`` to ``b``; a quick look that may say no too often."""
    if table.matrix.shape[0] > 0:
        return False
    dx = table.points[a, 0] - table.points[b, 0]
    dy = table.points[a, 1] - table.points[b, 1]
    dz = table.points[a, 2] - table.points[b, 2]
    reach_m = seconds / table.pace[profile]
    # The chord is never longer than the way along the earth; one metre allows for rounding.
    return bool(reach_m >= 0.0 and dx * dx + dy * dy + dz * dz > (reach_m + 1.0) * (reach_m + 1.0))


@allocating_kernel
def travel_pairs(table: TravelTable, profile: NDArray[Any], a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.int64]:
    """Seconds for each pair (a[i], b[i]) ridden with profile[i]; int64 (n,)."""
    out = np.empty(a.shape[0], np.int64)
    for i in range(a.shape[0]):
        out[i] = travel_s(table, profile[i], a[i], b[i])
    return out


@allocating_kernel
def travel_matrix(table: TravelTable, profile: int, a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.int64]:
    """Seconds from each place in ``a`` to each in ``b``; int64 (n, m)."""
    out = np.empty((a.shape[0], b.shape[0]), np.int64)
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            out[i, j] = travel_s(table, profile, a[i], b[j])
    return out


@allocating_kernel
def distance_pairs(table: TravelTable, a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """Metres in a straight line for each pair (a[i], b[i]); float64 (n,)."""
    out = np.empty(a.shape[0], np.float64)
    for i in range(a.shape[0]):
        out[i] = distance_m(table, a[i], b[i])
    return out


@allocating_kernel
def distance_matrix(table: TravelTable, a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """Metres in a straight line from each place in ``a`` to each in ``b``; float64 (n, m)."""
    out = np.empty((a.shape[0], b.shape[0]), np.float64)
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            out[i, j] = distance_m(table, a[i], b[j])
    return out

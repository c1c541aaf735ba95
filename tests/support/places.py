"""Places for tests: hypothesis strategies and a few known cities."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

BOGOTA = (4.60971, -74.08175)
MEDELLIN = (6.25184, -75.56359)
QUITO = (-0.22985, -78.52495)


def places(*rows: tuple[float, float]) -> NDArray[np.float64]:
    """Latitude, longitude rows as an array (n, 2)."""
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def point_arrays(min_size: int = 1, max_size: int = 12) -> st.SearchStrategy[NDArray[np.float64]]:
    """Arrays (n, 2) of places anywhere on the earth."""
    sizes = st.integers(min_size, max_size)
    return sizes.flatmap(
        lambda n: st.tuples(
            npst.arrays(np.float64, n, elements=st.floats(-90, 90)),
            npst.arrays(np.float64, n, elements=st.floats(-180, 180)),
        ).map(np.column_stack)
    )


def city_arrays(min_size: int = 1, max_size: int = 12) -> st.SearchStrategy[NDArray[np.float64]]:
    """Arrays (n, 2) of places within some 20 km of Bogota's centre, to 1e-5 degrees, with repeats."""
    near = st.tuples(st.integers(-20_000, 20_000), st.integers(-20_000, 20_000))
    return st.lists(near, min_size=min_size, max_size=max_size).map(
        lambda rows: places(*((BOGOTA[0] + north / 1e5, BOGOTA[1] + east / 1e5) for north, east in rows))
    )


def place_pairs() -> st.SearchStrategy[NDArray[np.float64]]:
    """Two places, (2, 2)."""
    return point_arrays(2, 2)

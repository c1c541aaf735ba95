"""Distances: known values, and what must hold for any places."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from dispatch.geo.distance import haversine_matrix_m, haversine_pairs_m, planar_matrix_m, planar_pairs_m
from dispatch.geo.kernel import EARTH_RADIUS_M
from tests.support.places import BOGOTA, MEDELLIN, place_pairs, places, point_arrays

QUARTER_M = math.pi / 2 * EARTH_RADIUS_M


def haversine_by_the_book(a: tuple[float, float], b: tuple[float, float]) -> float:
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    north, east = lat_b - lat_a, math.radians(b[1] - a[1])
    h = math.sin(north / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        ((0.0, 0.0), (0.0, 90.0), QUARTER_M),
        ((0.0, 0.0), (90.0, 0.0), QUARTER_M),
        ((90.0, 17.0), (-90.0, -140.0), 2 * QUARTER_M),
        ((0.0, 179.5), (0.0, -179.5), QUARTER_M / 90),
        ((0.0, 180.0), (0.0, -180.0), 0.0),
        ((90.0, 0.0), (90.0, 123.0), 0.0),
        (BOGOTA, BOGOTA, 0.0),
        # 36.12 N 86.67 W to 33.94 N 118.40 W, the usual worked example, is 2886.4 km on a sphere of 6371 km.
        ((36.12, -86.67), (33.94, -118.40), 2_886_448),
    ],
)
def test_known_great_circles(a: tuple[float, float], b: tuple[float, float], metres: float) -> None:
    assert haversine_pairs_m(places(a), places(b))[0] == pytest.approx(metres, abs=1.0)


def test_a_metre_is_a_metre() -> None:
    metre = math.degrees(1 / EARTH_RADIUS_M)
    near = places((BOGOTA[0] + metre, BOGOTA[1]))
    assert haversine_pairs_m(places(BOGOTA), near)[0] == pytest.approx(1.0, abs=1e-6)


@given(place_pairs())
def test_equals_the_haversine_formula(pair: NDArray[np.float64]) -> None:
    a, b = (tuple(row) for row in pair.tolist())
    # Near the antipode the chord says little about the arc: metres there, micrometres elsewhere.
    assert haversine_pairs_m(pair[:1], pair[1:])[0] == pytest.approx(haversine_by_the_book(a, b), rel=1e-9, abs=1.0)


@given(point_arrays())
def test_symmetry_and_zero(points: NDArray[np.float64]) -> None:
    metres = haversine_matrix_m(points, points)
    assert np.array_equal(metres, metres.T)
    assert not metres.diagonal().any()
    assert (metres >= 0).all()
    assert (metres <= 2 * QUARTER_M + 1).all()


@given(point_arrays(min_size=3, max_size=6))
def test_triangle_inequality(points: NDArray[np.float64]) -> None:
    metres = haversine_matrix_m(points, points)
    detour = metres[:, :, None] + metres[None, :, :]
    assert (metres[:, None, :] <= detour + 0.5).all()


@given(point_arrays())
def test_a_turn_of_the_earth_changes_nothing(points: NDArray[np.float64]) -> None:
    turned = points.copy()
    turned[:, 1] = (points[:, 1] + 180.0 + 77.0) % 360.0 - 180.0
    before, after = haversine_matrix_m(points, points), haversine_matrix_m(turned, turned)
    np.testing.assert_allclose(after, before, rtol=1e-6, atol=2.0)


@given(point_arrays())
def test_pairs_are_the_diagonal_of_the_matrix(points: NDArray[np.float64]) -> None:
    other = points[::-1].copy()
    assert np.array_equal(haversine_pairs_m(points, other), haversine_matrix_m(points, other).diagonal())


def test_planar_distances() -> None:
    a, b = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[3.0, 4.0], [1.0, 1.0]])
    assert planar_pairs_m(a, b).tolist() == [5.0, 0.0]
    assert planar_matrix_m(a, b).tolist() == [[5.0, math.sqrt(2)], [math.hypot(2, 3), 0.0]]


def test_shapes_of_nothing() -> None:
    none = np.empty((0, 2))
    assert haversine_pairs_m(none, none).shape == (0,)
    assert haversine_matrix_m(none, places(BOGOTA)).shape == (0, 1)
    assert planar_matrix_m(np.ones((2, 2)), none).shape == (2, 0)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.array([[1.0, 2.0], [math.nan, 2.0]]), r"origins\[1\] is no place: latitude nan"),
        (np.array([[1.0, math.inf]]), r"origins\[0\]"),
        (np.array([[95.0, 1.0]]), r"origins\[0\] is no place: latitude 95.0"),
        (np.array([[1.0, 2.0, 3.0]]), r"origins must have the shape \(n, 2\)"),
        (np.array([1.0, 2.0]), r"origins must have the shape \(n, 2\)"),
    ],
)
def test_refuses_what_is_no_place(points: NDArray[np.float64], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        haversine_matrix_m(points, places(BOGOTA))


def test_refuses_odd_pairs_and_planes() -> None:
    with pytest.raises(ValueError, match="must pair up, but there are 1 and 2"):
        haversine_pairs_m(places(BOGOTA), places(BOGOTA, MEDELLIN))
    with pytest.raises(ValueError, match="must pair up, but there are 1 and 2"):
        planar_pairs_m(np.zeros((1, 2)), np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"destinations\[0\] is not finite"):
        planar_pairs_m(np.zeros((1, 2)), np.array([[math.nan, 0.0]]))
    with pytest.raises(ValueError, match=r"origins must have the shape \(n, 2\): x, y"):
        planar_matrix_m(np.zeros((2, 3)), np.zeros((1, 2)))

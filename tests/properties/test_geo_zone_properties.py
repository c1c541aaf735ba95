"""Point in zone against exact ray casting in whole numbers, anywhere on the earth."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import Polygon

from dispatch.geo.zone_geojson import zones_from_geojson, zones_to_geojson
from dispatch.geo.zones import ZoneIndex
from tests.support.zones import zone

# Coordinates are whole numbers of 1/512 degree: exact in binary and in nine decimals, so borders can be hit exactly.
GRID = 512
TURN = 360 * GRID

Spot = tuple[int, int]
"""East, north."""


class Area(NamedTuple):
    """A star-shaped ring around (0, 0), with at most one hole, and places in and around it."""

    shell: list[Spot]
    holes: list[list[Spot]]
    spots: list[Spot]


def star(radii: list[int]) -> list[Spot]:
    step = 2 * math.pi / len(radii)
    return [(round(r * math.cos(i * step)), round(r * math.sin(i * step))) for i, r in enumerate(radii)]


@st.composite
def areas(draw: st.DrawFn) -> Area:
    radii = draw(st.lists(st.integers(8, 400), min_size=3, max_size=9))
    shell = star(radii)
    hole = star([radius // draw(st.integers(2, 4)) for radius in radii]) if draw(st.booleans()) else []
    corners = shell + hole
    near = st.tuples(st.integers(-420, 420), st.integers(-420, 420))
    spots = draw(st.lists(st.one_of(near, st.sampled_from(corners), halfway(corners)), min_size=1, max_size=20))
    area = Area(shell, [hole] if hole else [], spots)
    assume(Polygon(area.shell, area.holes).is_valid)
    return area


def halfway(corners: list[Spot]) -> st.SearchStrategy[Spot]:
    pair = st.tuples(st.sampled_from(corners), st.sampled_from(corners))
    return pair.map(lambda ab: ((ab[0][0] + ab[1][0]) // 2, (ab[0][1] + ab[1][1]) // 2))


def on_ring(spot: Spot, ring: list[Spot]) -> bool:
    x, y = spot
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
        straight = (bx - ax) * (y - ay) == (by - ay) * (x - ax)
        if straight and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return True
    return False


def rays_inside(spot: Spot, ring: list[Spot]) -> bool:
    """Whether a ray to the east crosses the ring an odd number of times."""
    x, y = spot
    odd = False
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (ay > y) == (by > y):
            continue
        # x < ax + (y - ay) * (bx - ax) / (by - ay), without the division.
        crossing = (x - ax) * (by - ay) - (y - ay) * (bx - ax)
        odd ^= crossing < 0 if by > ay else crossing > 0
    return odd


def by_ray_casting(area: Area) -> list[bool]:
    return [
        any(on_ring(spot, ring) for ring in (area.shell, *area.holes))
        or (rays_inside(spot, area.shell) and not any(rays_inside(spot, hole) for hole in area.holes))
        for spot in area.spots
    ]


def degrees(spots: list[Spot], east: int, north: int, wrap: bool) -> NDArray[np.float64]:
    """Longitude, latitude of spots moved east and north; longitudes within -180..180 where ``wrap``."""
    moved = np.array(spots, dtype=np.int64) + np.array([east, north])
    if wrap:
        moved[:, 0] = (moved[:, 0] + TURN // 2) % TURN - TURN // 2
    return np.asarray(moved / GRID, np.float64)


def answers(area: Area, east: int, north: int, wrap: bool) -> list[bool]:
    shell, *holes = [degrees(ring, east, north, wrap) for ring in (area.shell, *area.holes)]
    index = ZoneIndex([zone("area", Polygon(shell, holes))])
    points = degrees(area.spots, east, north, True)[:, ::-1].copy()
    return [bool(flag) for flag in index.contains(points)[:, 0]]


anywhere = {"east": st.integers(-TURN // 2, TURN // 2), "north": st.integers(-80 * GRID, 80 * GRID)}


@given(areas(), anywhere["east"], anywhere["north"], st.booleans())
def test_contains_equals_ray_casting_anywhere(area: Area, east: int, north: int, wrap: bool) -> None:
    assert answers(area, east, north, wrap) == by_ray_casting(area)


@given(areas(), st.integers(-500, 500), st.booleans())
def test_the_180th_meridian_changes_nothing(area: Area, east: int, wrap: bool) -> None:
    assert answers(area, TURN // 2 + east, 0, wrap) == answers(area, east, 0, wrap)


@given(areas(), anywhere["east"], anywhere["north"], st.booleans())
def test_geojson_brings_back_the_same_zone(area: Area, east: int, north: int, wrap: bool) -> None:
    shell, *holes = [degrees(ring, east, north, wrap) for ring in (area.shell, *area.holes)]
    before = zone("area", Polygon(shell, holes))
    assert zones_from_geojson(zones_to_geojson([before])) == (before,)

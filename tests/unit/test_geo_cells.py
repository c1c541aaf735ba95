"""H3 cells."""

from __future__ import annotations

import h3 as h3_text
import numpy as np
import pytest
from h3.api import basic_int as h3
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import MultiPolygon, Point, Polygon, box

from dispatch.geo.cells import (
    boundary_geojson,
    cell_from_name,
    cell_name,
    cell_of,
    cells_covering,
    cells_of,
    centres_of,
    disk,
    parent_of,
    parents_of,
    resolutions_of,
    shard_of,
    shards_of,
)
from dispatch.geo.distance import haversine_pairs_m
from tests.support.places import BOGOTA, MEDELLIN, QUITO, places, point_arrays

FIJI = (-17.0, 179.9999)
resolutions = st.integers(0, 15)


@given(point_arrays(), resolutions)
def test_cells_are_those_of_h3(points: NDArray[np.float64], resolution: int) -> None:
    cells = cells_of(points, resolution)
    assert cells.dtype == np.int64
    assert [cell_name(cell) for cell in cells.tolist()] == [
        h3_text.latlng_to_cell(lat, lng, resolution) for lat, lng in points.tolist()
    ]
    assert cell_of(points[0, 0], points[0, 1], resolution) == cells[0]
    assert (resolutions_of(cells) == resolution).all()


@given(point_arrays(), resolutions, resolutions)
def test_parents_are_those_of_h3(points: NDArray[np.float64], one: int, other: int) -> None:
    coarse, fine = sorted((one, other))
    cells = cells_of(points, fine)
    expected = [h3.cell_to_parent(cell, coarse) for cell in cells.tolist()]
    assert parents_of(cells, coarse).tolist() == expected
    assert parent_of(int(cells[0]), coarse) == expected[0]


@given(point_arrays(), resolutions)
def test_the_centre_of_a_cell_lies_in_it(points: NDArray[np.float64], resolution: int) -> None:
    cells = cells_of(points, resolution)
    assert np.array_equal(cells_of(centres_of(cells), resolution), cells)


def test_a_cell_of_resolution_9_is_a_few_hundred_metres() -> None:
    points = places(BOGOTA, MEDELLIN, QUITO)
    away = haversine_pairs_m(points, centres_of(cells_of(points, 9)))
    assert (away < 250).all()


def test_disks() -> None:
    cell = cell_of(*BOGOTA, 9)
    assert disk(cell, 0) == (cell,)
    assert len(disk(cell, 1)) == 7
    assert set(disk(cell, 2)) == set(h3.grid_disk(cell, 2))
    assert list(disk(cell, 3)) == sorted(disk(cell, 3))


def test_boundary_is_a_closed_ring_around_the_centre() -> None:
    cell = cell_of(*BOGOTA, 9)
    shape = boundary_geojson(cell)
    (ring,) = shape["coordinates"]
    polygon = Polygon(ring)
    assert shape["type"] == "Polygon"
    assert ring[0] == ring[-1]
    assert len(ring) == 7
    assert polygon.exterior.is_ccw
    latitude, longitude = centres_of(np.array([cell]))[0].tolist()
    assert polygon.contains(Point(longitude, latitude))


def test_boundary_goes_on_beyond_the_180th_meridian() -> None:
    (ring,) = boundary_geojson(cell_of(*FIJI, 4))["coordinates"]
    longitudes = [lng for lng, _ in ring]
    assert max(longitudes) > 180
    assert max(longitudes) - min(longitudes) < 2
    assert Polygon(ring).is_valid


def cell_shape(cell: int) -> Polygon:
    return Polygon(boundary_geojson(cell)["coordinates"][0])


def overlapping(area: Polygon, resolution: int, around: tuple[float, float], rings: int) -> set[int]:
    near = h3.grid_disk(h3.latlng_to_cell(*around, resolution), rings)
    turns = [area, Polygon([(lng - 360, lat) for lng, lat in area.exterior.coords])]
    return {cell for cell in near if any(cell_shape(cell).intersects(turn) for turn in turns)}


def test_cells_covering_an_area_are_all_that_overlap_it() -> None:
    area = Polygon([(-74.10, 4.60), (-74.05, 4.60), (-74.07, 4.64)])
    covering = cells_covering(area, 8)
    assert set(covering.tolist()) == overlapping(area, 8, (4.61, -74.07), 12)
    assert covering.tolist() == sorted(covering.tolist())


@pytest.mark.parametrize("ring", [(179.9, 180.1), (179.9, -179.9)])
def test_cells_covering_an_area_across_the_180th_meridian(ring: tuple[float, float]) -> None:
    west, east = ring
    area = Polygon([(west, -17.1), (east, -17.1), (east, -16.9), (west, -16.9)])
    plain = box(179.9, -17.1, 180.1, -16.9)
    assert set(cells_covering(area, 6).tolist()) == overlapping(plain, 6, (-17.0, 180.0), 12)


def test_cells_covering_holes_parts_and_small_areas() -> None:
    block = box(-74.10, 4.60, -74.00, 4.70)
    hollow = Polygon(block.exterior, [box(-74.09, 4.61, -74.01, 4.69).exterior])
    whole, rim = set(cells_covering(block, 8).tolist()), set(cells_covering(hollow, 8).tolist())
    assert rim < whole
    assert cell_of(4.65, -74.05, 8) in whole - rim
    speck = box(-70.0, 1.0, -69.9999, 1.0001)
    assert cells_covering(speck, 7).tolist() == [cell_of(1.00005, -69.99995, 7)]
    both = cells_covering(MultiPolygon([block, speck]), 8)
    assert set(both.tolist()) == whole | set(cells_covering(speck, 8).tolist())


@settings(max_examples=30)
@given(point_arrays(), st.integers(1, 1000))
def test_shards_are_within_range_and_of_the_cell_alone(points: NDArray[np.float64], shards: int) -> None:
    cells = cells_of(points, 7)
    found = shards_of(cells, shards)
    assert ((found >= 0) & (found < shards)).all()
    assert shards_of(cells[::-1], shards).tolist() == found[::-1].tolist()
    assert shard_of(int(cells[0]), shards) == found[0]


def test_shards_never_change_and_are_even() -> None:
    # Written down once: another number here would move every market's data.
    assert [shard_of(cell_of(*city, 7), 16) for city in (BOGOTA, MEDELLIN, QUITO)] == [4, 12, 4]
    many = np.array(disk(cell_of(*BOGOTA, 9), 60))
    counts = np.bincount(shards_of(many, 16), minlength=16)
    assert counts.min() > 0.8 * counts.mean()
    assert counts.max() < 1.2 * counts.mean()


def test_names() -> None:
    cell = cell_of(*BOGOTA, 9)
    assert cell_from_name(cell_name(cell)) == cell
    for name in ("", "zz", "0", "fff", "8928308280fffff0"):
        with pytest.raises(ValueError, match="is no H3 cell"):
            cell_from_name(name)


def test_nothing() -> None:
    none = np.empty(0, np.int64)
    assert cells_of(np.empty((0, 2)), 9).shape == (0,)
    assert centres_of(none).shape == (0, 2)
    assert parents_of(none, 3).shape == (0,)
    assert shards_of(none, 3).shape == (0,)


def test_misuse() -> None:
    cell = cell_of(*BOGOTA, 9)
    with pytest.raises(ValueError, match=r"an H3 resolution is within 0\.\.15, not 16"):
        cell_of(*BOGOTA, 16)
    with pytest.raises(ValueError, match=r"cells\[1\] is coarser than resolution 9"):
        parents_of(np.array([cell, parent_of(cell, 5)]), 9)
    with pytest.raises(ValueError, match=r"cells\[1\] is no H3 cell: 7"):
        shards_of(np.array([cell, 7]), 4)
    with pytest.raises(ValueError, match=r"cells\[0\] is no H3 cell: -1"):
        centres_of(np.array([-1]))
    with pytest.raises(ValueError, match="0 or more rings, not -1"):
        disk(cell, -1)
    with pytest.raises(ValueError, match="7 is no H3 cell"):
        boundary_geojson(7)
    with pytest.raises(ValueError, match="at least 1 shard, not 0"):
        shard_of(cell, 0)

"""H3 cells: hexagons that cover the earth, for zones, analytics, caches and sharding.

A cell is its 64-bit number (an int, in arrays int64: the highest bit is never set); ``cell_name`` is the usual text.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias, cast

import numpy as np
from h3.api import basic_int as h3
from numpy.typing import NDArray
from shapely import LinearRing, MultiPolygon, Polygon, get_coordinates

from dispatch.geo.points import Points, check_points
from dispatch.geo.rings import in_one_turn

Cells: TypeAlias = NDArray[np.int64]
"""Int64 (n,), H3 cells."""

FINEST: Final = 15
"""The finest resolution of H3; 0 is the coarsest. At 9, a cell is some 200 m from its centre to a corner."""

DIGIT_BITS: Final = 3
RESOLUTION_SHIFT: Final = 52


def cell_of(latitude: float, longitude: float, resolution: int) -> int:
    """The cell that holds a place. Raises ValueError on a resolution outside 0..15 and on what is no place."""
    return int(cells_of(np.array([[latitude, longitude]]), resolution)[0])


def cells_of(points: Points, resolution: int) -> Cells:
    """The cell of each of n places, int64 (n,). Raises ValueError like ``cell_of``."""
    _check_resolution(resolution)
    places = check_points(points).tolist()
    return np.fromiter((h3.latlng_to_cell(lat, lng, resolution) for lat, lng in places), np.int64, len(places))


def centres_of(cells: Cells) -> Points:
    """Centre of each cell, float64 (n, 2)."""
    centres = [h3.cell_to_latlng(cell) for cell in _checked(cells).tolist()]
    return np.array(centres, dtype=np.float64).reshape(-1, 2)


def disk(cell: int, rings: int) -> tuple[int, ...]:
    """The cells at most ``rings`` steps away, itself included, ascending."""
    if rings < 0:
        raise ValueError(f"a disk has 0 or more rings, not {rings}")
    return tuple(sorted(h3.grid_disk(_checked_one(cell), rings)))


def parent_of(cell: int, resolution: int) -> int:
    """The cell of a coarser (or the same) resolution in whose hierarchy ``cell`` lies; ValueError where it is finer."""
    return int(parents_of(np.array([cell]), resolution)[0])


def parents_of(cells: Cells, resolution: int) -> Cells:
    """The ancestor of each cell at ``resolution``, int64 (n,). Raises ValueError where a cell is coarser than that."""
    _check_resolution(resolution)
    numbers = _checked(cells)
    too_coarse = np.flatnonzero(resolutions_of(numbers) < resolution)
    if len(too_coarse):
        raise ValueError(f"cells[{too_coarse[0]}] is coarser than resolution {resolution}: it has no ancestor there")
    # In the number, a cell's resolution stands in 4 bits, and each finer digit is 7 where the cell has none.
    unused = (1 << (DIGIT_BITS * (FINEST - resolution))) - 1
    cleared = numbers & ~np.int64(FINEST << RESOLUTION_SHIFT)
    return cast(Cells, cleared | np.int64(resolution << RESOLUTION_SHIFT) | np.int64(unused))


def resolutions_of(cells: Cells) -> NDArray[np.int64]:
    """Resolution of each cell, int64 (n,)."""
    return cast(Cells, (cells >> RESOLUTION_SHIFT) & FINEST)


def shards_of(cells: Cells, shards: int) -> NDArray[np.int64]:
    """A shard 0..shards-1 for each cell, int64 (n,): evenly spread, the same in every process and release."""
    if shards < 1:
        raise ValueError(f"there must be at least 1 shard, not {shards}")
    # The finaliser of SplitMix64 (Steele, Lea, Flood 2014): neighbouring numbers land far apart.
    mixed = _checked(cells).astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return cast(Cells, (mixed % np.uint64(shards)).astype(np.int64))


def shard_of(cell: int, shards: int) -> int:
    """The shard 0..shards-1 of one cell."""
    return int(shards_of(np.array([cell]), shards)[0])


def boundary_geojson(cell: int) -> dict[str, Any]:
    """The cell as a GeoJSON Polygon: counterclockwise, closed; longitudes go on beyond 180 where it crosses there."""
    corners = [(lng, lat) for lat, lng in h3.cell_to_boundary(_checked_one(cell))]
    ring = [[lng, lat] for lng, lat in in_one_turn(np.array(corners)).tolist()]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def cells_covering(area: Polygon | MultiPolygon, resolution: int) -> Cells:
    """Every cell that overlaps the area (longitude, latitude, as in ``Zone.polygons``), int64, ascending."""
    _check_resolution(resolution)
    polygons = list(area.geoms) if isinstance(area, MultiPolygon) else [area]
    found: set[int] = set()
    for polygon in polygons:
        shape = h3.LatLngPoly(_loop(polygon.exterior), *(_loop(hole) for hole in polygon.interiors))
        found.update(h3.h3shape_to_cells_experimental(shape, resolution, "overlap"))
    return np.array(sorted(found), dtype=np.int64)


def cell_name(cell: int) -> str:
    """The usual text form of a cell, such as '8966e09544fffff'."""
    return str(h3.int_to_str(_checked_one(cell)))


def cell_from_name(name: str) -> int:
    """The cell of a text form; ValueError where it is none."""
    try:
        cell = h3.str_to_int(name)
    except ValueError as error:
        raise ValueError(f"{name!r} is no H3 cell") from error
    return _checked_one(cell)


def _loop(ring: LinearRing) -> list[tuple[float, float]]:
    return [(lat, (lng + 180.0) % 360.0 - 180.0) for lng, lat in get_coordinates(ring).tolist()]


def _check_resolution(resolution: int) -> None:
    if not 0 <= resolution <= FINEST:
        raise ValueError(f"an H3 resolution is within 0..{FINEST}, not {resolution}")


def _checked(cells: Cells) -> Cells:
    numbers = np.asarray(cells, dtype=np.int64)
    for index, cell in enumerate(numbers.tolist()):
        if not (cell >= 0 and h3.is_valid_cell(cell)):
            raise ValueError(f"cells[{index}] is no H3 cell: {cell}")
    return numbers


def _checked_one(cell: int) -> int:
    if not (0 <= cell < 1 << 63 and h3.is_valid_cell(cell)):
        raise ValueError(f"{cell} is no H3 cell")
    return cell

"""Rings and polygons across the 180th meridian: their longitudes made continuous, so that plane geometry holds.

An edge always goes the short way round the earth: from 179 to -179 it is 2 degrees long. Coordinates are (longitude,
latitude) here, as in GeoJSON and shapely, taken to 1e-9 degrees (a tenth of a millimetre), so that a turn of 360
degrees and back gives the same number.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon, orient_polygons

Ring: TypeAlias = NDArray[np.float64]
"""Float64 (n, 2): longitude, latitude."""


def in_one_turn(ring: Ring) -> Ring:
    """The ring with continuous longitudes, the smallest within -180..180 (180 excluded).

    Raises ValueError where the ring goes round a pole, since no plane shows that area.
    """
    steps = -np.rint(np.diff(ring[:, 0], append=ring[0, 0]) / 360.0)
    if steps.sum() != 0:
        raise ValueError("the ring goes round a pole")
    turns = np.concatenate(([0.0], steps[:-1].cumsum()))
    turns -= np.floor(((ring[:, 0] + 360.0 * turns).min() + 180.0) / 360.0)
    return turned(ring, turns)


def turned(ring: Ring, turns: NDArray[np.float64] | float) -> Ring:
    """The ring moved east by whole turns, coordinates rounded."""
    return to_grid(np.column_stack((ring[:, 0] + 360.0 * turns, ring[:, 1])))


def to_grid(coordinates: Ring) -> Ring:
    """Coordinates in degrees, each rounded to the nearest 1e-9."""
    return coordinates.round(9)


def polygon_in_one_turn(polygon: Polygon) -> Polygon:
    """The polygon with continuous longitudes, its holes moved to where the shell is; shell counterclockwise.

    Raises ValueError where it goes round a pole.
    """
    shell = in_one_turn(np.asarray(polygon.exterior.coords)[:, :2])
    west = shell[:, 0].min()
    holes = []
    for interior in polygon.interiors:
        hole = in_one_turn(np.asarray(interior.coords)[:, :2])
        holes.append(turned(hole, float(np.ceil((west - hole[:, 0].min()) / 360.0))))
    return orient_polygons(Polygon(shell, holes))


def polygon_turned(polygon: Polygon, turns: float) -> Polygon:
    """The polygon moved east by whole turns."""
    shell = turned(np.asarray(polygon.exterior.coords), turns)
    return Polygon(shell, [turned(np.asarray(hole.coords), turns) for hole in polygon.interiors])

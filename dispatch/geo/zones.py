"""Named areas of a market, and which of them a place lies in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from dispatch.geo.points import Points, check_points
from dispatch.geo.rings import polygon_in_one_turn, polygon_turned, to_grid

MASK_BITS: Final = 62
"""Zones that fit into a bit mask (``dispatch.solver.problem.EVERYWHERE`` has as many bits)."""


class ZoneKind(StrEnum):
    """What a zone is for."""

    DELIVERY = "delivery"
    """Orders are brought to places in it."""
    NO_GO = "no_go"
    """Nobody is sent there."""


@dataclass(frozen=True)
class Zone:
    """A named area: polygons in (longitude, latitude), with holes; they may cross the 180th meridian.

    Longitudes are made continuous (see ``dispatch.geo.rings``): rings may jump from 179 to -179 or go on to 181.
    Raises ValueError on an empty id, no polygon, and a polygon that is not valid (crosses itself, has no area, ...).
    """

    id: str
    kind: ZoneKind
    name: str
    polygons: tuple[Polygon, ...]

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("a zone needs an id")
        if not self.polygons:
            raise ValueError(f"zone {self.id} has no polygon")
        for index, polygon in enumerate(self.polygons):
            flaw = polygon_flaw(polygon)
            if flaw:
                raise ValueError(f"polygon {index} of zone {self.id} is not valid: {flaw}")
        object.__setattr__(self, "polygons", tuple(polygon_in_one_turn(polygon) for polygon in self.polygons))


def polygon_flaw(polygon: Polygon) -> str:
    """What is wrong with the polygon as an area on the earth; '' where it is fine."""
    if polygon.is_empty:
        return "it is empty"
    if not np.isfinite(shapely.get_coordinates(polygon)).all():
        return "it has a coordinate that is not finite"
    try:
        plane = polygon_in_one_turn(polygon)
    except ValueError as error:
        return str(error)
    west, south, east, north = plane.bounds
    if south < -90 or north > 90:
        return "it has a latitude outside -90..90"
    if east - west > 360:
        return "it is more than 360 degrees wide"
    if not plane.is_valid:
        return str(shapely.is_valid_reason(plane))
    return "" if plane.area > 0 else "it has no area"


class _Piece(NamedTuple):
    """A polygon of zone number ``zone``, placed where points between -180 and 180 degrees can lie in it."""

    zone: int
    polygon: Polygon
    bounds: tuple[float, float, float, float]


class ZoneIndex:
    """Answers for many places at once in which zones they lie; a place exactly on a border lies inside.

    Zones keep their order; raises ValueError where two have the same id.
    """

    def __init__(self, zones: Sequence[Zone]) -> None:
        self.zones = tuple(zones)
        self.ids = tuple(zone.id for zone in zones)
        twice = sorted({zone_id for zone_id in self.ids if self.ids.count(zone_id) > 1})
        if twice:
            raise ValueError(f"zone ids must differ, but there are several of {', '.join(twice)}")
        self._pieces = tuple(
            _Piece(number, piece, piece.bounds)
            for number, zone in enumerate(self.zones)
            for polygon in zone.polygons
            for piece in _where_points_are(polygon)
        )
        for piece in self._pieces:
            shapely.prepare(piece.polygon)

    def contains(self, points: Points) -> NDArray[np.bool_]:
        """Whether each of n places lies in each of the Z zones, bool (n, Z)."""
        places = to_grid(check_points(points))
        y, x = places[:, 0], places[:, 1]
        out = np.zeros((len(places), len(self.zones)), np.bool_)
        for zone, polygon, (west, south, east, north) in self._pieces:
            near = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
            if len(near):
                out[near, zone] |= shapely.intersects_xy(polygon, x[near], y[near])
        return out

    def zone_mask(self, points: Points) -> NDArray[np.int64]:
        """Bit z set where the place lies in zone z, int64 (n,). Raises ValueError with more than 62 zones."""
        if len(self.zones) > MASK_BITS:
            raise ValueError(f"a mask holds {MASK_BITS} zones, but there are {len(self.zones)}")
        bits = np.int64(1) << np.arange(len(self.zones), dtype=np.int64)
        mask: NDArray[np.int64] = self.contains(points) @ bits
        return mask

    def outside_delivery(self, points: Points) -> NDArray[np.bool_]:
        """Whether each place lies in no delivery zone, bool (n,). Without any delivery zone, nothing is outside."""
        delivery = self._of_kind(ZoneKind.DELIVERY)
        if not delivery.any():
            return np.zeros(len(check_points(points)), np.bool_)
        return ~_any_of(self.contains(points)[:, delivery])

    def in_no_go(self, points: Points) -> NDArray[np.bool_]:
        """Whether each place lies in a no-go zone, bool (n,)."""
        return _any_of(self.contains(points)[:, self._of_kind(ZoneKind.NO_GO)])

    def _of_kind(self, kind: ZoneKind) -> NDArray[np.bool_]:
        return np.array([zone.kind is kind for zone in self.zones], np.bool_)


def _any_of(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a row has any flag set, bool (n,)."""
    return np.asarray(flags.any(axis=1), np.bool_)


def _where_points_are(polygon: Polygon) -> list[Polygon]:
    """The polygon, and its copies a turn away that reach into -180..180 degrees (or touch its ends)."""
    west, _, east, _ = polygon.bounds
    copies = [polygon]
    if east >= 180.0:
        copies.append(polygon_turned(polygon, -1))
    if west <= -180.0:
        copies.append(polygon_turned(polygon, 1))
    return copies

"""Zones for tests."""

from __future__ import annotations

from shapely import Polygon

from dispatch.geo.zones import Zone, ZoneKind

LngLat = tuple[float, float]


def square(west: float, south: float, side: float = 1.0) -> list[LngLat]:
    """A closed ring, counterclockwise."""
    east, north = west + side, south + side
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def zone(zone_id: str = "z", *polygons: Polygon, kind: ZoneKind = ZoneKind.DELIVERY) -> Zone:
    """A zone of the polygons; the square from 0 to 1 where none is given."""
    return Zone(zone_id, kind, zone_id.upper(), polygons or (Polygon(square(0, 0)),))

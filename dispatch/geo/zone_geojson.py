"""Zones as a GeoJSON FeatureCollection (RFC 7946), read strictly and written back.

A feature is a Polygon or MultiPolygon with an ``id`` (of the feature or among its properties) and the properties
``kind`` ("delivery" or "no_go") and ``name`` (the id where it is missing). Positions are [longitude, latitude] and may
carry an altitude, which is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from shapely import Polygon, get_coordinates

from dispatch.errors import InvalidInputError, Issue
from dispatch.geo.zones import Zone, ZoneKind, polygon_flaw

ORDER = "Write positions as [longitude, latitude] in degrees."


def zones_from_geojson(document: object, source: str = "") -> tuple[Zone, ...]:
    """The zones of a FeatureCollection (as json.loads gives it), in its order; ``source`` names it in messages.

    Raises InvalidInputError that lists everything wrong, each with the feature's index.
    """
    reader = _Reader(source)
    zones = reader.collection(document)
    if reader.issues:
        raise InvalidInputError("zones", reader.issues)
    return zones


def zones_to_geojson(zones: Iterable[Zone]) -> dict[str, Any]:
    """A FeatureCollection that ``zones_from_geojson`` reads back to the same zones."""
    return {"type": "FeatureCollection", "features": [_feature(zone) for zone in zones]}


def _feature(zone: Zone) -> dict[str, Any]:
    polygons = [_coordinates(polygon) for polygon in zone.polygons]
    geometry: dict[str, Any] = {"type": "MultiPolygon", "coordinates": polygons}
    if len(polygons) == 1:
        geometry = {"type": "Polygon", "coordinates": polygons[0]}
    properties = {"kind": zone.kind.value, "name": zone.name}
    return {"type": "Feature", "id": zone.id, "properties": properties, "geometry": geometry}


def _coordinates(polygon: Polygon) -> list[list[list[float]]]:
    return [get_coordinates(ring).tolist() for ring in (polygon.exterior, *polygon.interiors)]


class _Reader:
    """Reads one document and gathers what is wrong with it; a method answers None where its part is unusable."""

    def __init__(self, source: str) -> None:
        self.issues: list[Issue] = []
        self._source = source
        self._seen: dict[str, int] = {}

    def collection(self, document: object) -> tuple[Zone, ...]:
        if not isinstance(document, Mapping) or document.get("type") != "FeatureCollection":
            self._issue("zone_type", "", "this is no FeatureCollection", "Give a GeoJSON object of that type.")
            return ()
        features = _list(document.get("features"))
        if features is None:
            self._issue("zone_type", "features", "there is no list of features", "Give a list, even an empty one.")
            return ()
        zones = [self._zone(index, feature) for index, feature in enumerate(features)]
        return tuple(zone for zone in zones if zone is not None)

    def _zone(self, index: int, feature: object) -> Zone | None:
        where = f"features[{index}]"
        if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
            self._issue("zone_type", where, "this is no Feature", "Give a GeoJSON object of that type.")
            return None
        properties = feature.get("properties")
        if not isinstance(properties, Mapping):
            self._issue("zone_type", f"{where}.properties", "there are no properties", "Give at least the kind.")
            properties = {}
        zone_id = self._id(index, feature, properties)
        kind = self._kind(where, properties)
        name = self._name(where, properties)
        polygons = self._geometry(f"{where}.geometry", feature.get("geometry"))
        if zone_id is None or kind is None or name is None or polygons is None:
            return None
        return Zone(zone_id, kind, name or zone_id, polygons)

    def _id(self, index: int, feature: Mapping[str, object], properties: Mapping[str, object]) -> str | None:
        where = f"features[{index}].id"
        given = feature.get("id", properties.get("id"))
        if isinstance(given, bool) or not isinstance(given, str | int) or given == "":
            self._issue("zone_id", where, f"the id is {given!r}", "Give each zone a text that is unique.")
            return None
        first = self._seen.setdefault(str(given), index)
        if first != index:
            self._issue(
                "zone_duplicate_id", where, f"the id {given!r} is also that of features[{first}]", "Give another id."
            )
            return None
        return str(given)

    def _kind(self, where: str, properties: Mapping[str, object]) -> ZoneKind | None:
        given = properties.get("kind")
        for kind in ZoneKind:
            if given == kind.value:
                return kind
        known = " or ".join(repr(kind.value) for kind in ZoneKind)
        self._issue("zone_kind", f"{where}.properties.kind", f"the kind is {given!r}", f"Set it to {known}.")
        return None

    def _name(self, where: str, properties: Mapping[str, object]) -> str | None:
        given = properties.get("name", "")
        if isinstance(given, str):
            return given
        self._issue("zone_name", f"{where}.properties.name", f"the name is {given!r}", "Give a text or leave it out.")
        return None

    def _geometry(self, where: str, geometry: object) -> tuple[Polygon, ...] | None:
        kind = geometry.get("type") if isinstance(geometry, Mapping) else None
        if not isinstance(geometry, Mapping) or kind not in ("Polygon", "MultiPolygon"):
            cause = f"the geometry is of type {kind!r}"
            self._issue("zone_geometry", where, cause, "Draw the zone as a Polygon or MultiPolygon.")
            return None
        where = f"{where}.coordinates"
        if kind == "Polygon":
            polygon = self._polygon(where, geometry.get("coordinates"))
            return None if polygon is None else (polygon,)
        parts = _list(geometry.get("coordinates"))
        if not parts:
            self._issue("zone_geometry", where, "there is no polygon", "Give a list of polygons.")
            return None
        polygons = [self._polygon(f"{where}[{index}]", part) for index, part in enumerate(parts)]
        good = tuple(polygon for polygon in polygons if polygon is not None)
        return good if len(good) == len(polygons) else None

    def _polygon(self, where: str, coordinates: object) -> Polygon | None:
        parts = _list(coordinates)
        if not parts:
            self._issue("zone_geometry", where, "there is no ring", "Give the outer ring, then the holes.")
            return None
        rings = [self._ring(f"{where}[{index}]", part) for index, part in enumerate(parts)]
        good = [ring for ring in rings if ring is not None]
        if len(good) < len(rings):
            return None
        polygon = Polygon(good[0], good[1:])
        flaw = polygon_flaw(polygon)
        if flaw:
            action = "Draw rings that do not cross or touch themselves or each other, holes inside, no pole within."
            self._issue("zone_shape", where, flaw[0].lower() + flaw[1:], action)
            return None
        return polygon

    def _ring(self, where: str, coordinates: object) -> list[tuple[float, float]] | None:
        parts = _list(coordinates)
        if parts is None or len(parts) < 4:
            cause = "there is no ring" if parts is None else f"the ring has only {len(parts)} positions"
            self._issue("zone_ring", where, cause, "A ring has 4 or more positions, the last like the first.")
            return None
        places = [self._position(f"{where}[{index}]", part) for index, part in enumerate(parts)]
        good = [place for place in places if place is not None]
        if len(good) < len(places):
            return None
        if good[0] != good[-1]:
            cause = f"the ring is not closed: it ends at {list(good[-1])}, not where it begins, {list(good[0])}"
            self._issue("zone_ring", where, cause, "Repeat the first position at the end.")
            return None
        return good

    def _position(self, where: str, position: object) -> tuple[float, float] | None:
        parts = _list(position)
        if parts is None or len(parts) not in {2, 3} or not all(_is_number(part) for part in parts):
            self._issue("zone_position", where, f"{position!r} is no position", ORDER)
            return None
        longitude, latitude = float(parts[0]), float(parts[1])
        if not (math.isfinite(longitude) and math.isfinite(latitude)):
            self._issue("zone_position", where, f"{position!r} is not finite", ORDER)
            return None
        if abs(latitude) > 90.0:
            swapped = "; latitude and longitude look swapped" if abs(longitude) <= 90.0 else ""
            self._issue("zone_position", where, f"latitude {latitude} is outside -90..90{swapped}", ORDER)
            return None
        if abs(longitude) > 360.0:
            self._issue("zone_position", where, f"longitude {longitude} is outside -360..360", ORDER)
            return None
        return longitude, latitude

    def _issue(self, code: str, where: str, cause: str, action: str) -> None:
        self.issues.append(Issue(code, cause, action, source=self._source, field=where))


def _list(value: object) -> Sequence[Any] | None:
    return value if isinstance(value, list | tuple) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.floating) and not isinstance(value, bool)

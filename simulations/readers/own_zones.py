"""Zones of the own format: named areas, and which of them the places of an order lie in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from dispatch.model.order import Order, ZoneId
from dispatch.model.place import Place
from simulations.readers.own_files import Feature, read_features
from simulations.readers.row import Row
from simulations.readers.validation import Report, Where

ZONES: Final = "zones.geojson"
OUTSIDE: Final = ZoneId("outside")
"""The zone of an order that lies in none: no rider works in it, so only riders bound to no zone can take the order."""

_SHAPES: Final = ("Polygon", "MultiPolygon")


@dataclass(frozen=True, slots=True)
class Zones:
    """The areas by id; a border belongs to its zone."""

    ids: tuple[ZoneId, ...]
    tree: shapely.STRtree

    def of(self, places: Sequence[Place]) -> list[frozenset[ZoneId]]:
        """The zones each place lies in."""
        degrees = np.array([(place.longitude, place.latitude) for place in places], float).reshape(-1, 2)
        points = shapely.points(degrees)
        found: list[set[ZoneId]] = [set() for _ in places]
        for place, zone in self.tree.query(points, predicate="intersects").T.tolist():
            found[place].add(self.ids[zone])
        return [frozenset(zones) for zones in found]


def read_zones(folder: Path, report: Report) -> Zones | None:
    """Read zones.geojson; None where there is none, or where it is not good."""
    path = folder / ZONES
    features = read_features(path, report) if path.exists() else None
    if features is None:
        return None
    ids: list[ZoneId] = []
    shapes: list[Polygon | MultiPolygon | None] = []
    for feature in features:
        row = Row(feature.properties, feature.where._replace(field=f"{feature.where.field}.properties."), report)
        zone_id, shape = ZoneId(row.text("zone_id")), _shape(feature, report)
        if zone_id in ids or zone_id == OUTSIDE:
            row.note("duplicate_id", "zone_id", f"zone_id {zone_id} is taken")
        ids.append(zone_id)
        shapes.append(shape)
    return Zones(tuple(ids), shapely.STRtree(np.array(shapes, dtype=object)))


def bind_orders(orders: Sequence[Order], rows: Sequence[Row], zones: Zones) -> list[Order]:
    """Orders whose row names no zones get those their pickup lies in; what lies outside all zones is noted.

    ``rows`` has the row of each order.
    """
    pickups = zones.of([order.pickup for order in orders])
    dropoffs = zones.of([order.dropoff or order.pickup for order in orders])
    bound = []
    for order, row, pickup, dropoff in zip(orders, rows, pickups, dropoffs, strict=True):
        if row.has("zones"):
            check_known(row, order.zones, zones)
            bound.append(order)
            continue
        if not pickup or not dropoff:
            which = "pickup" if not pickup else "drop-off"
            row.note("outside_zones", "zones", f"the {which} of order {order.id} lies outside all zones")
        bound.append(replace(order, zones=pickup if pickup and dropoff else frozenset({OUTSIDE})))
    return bound


def check_known(row: Row, named: frozenset[ZoneId], zones: Zones) -> None:
    """Note every zone that zones.geojson does not have."""
    for zone_id in sorted(named - {*zones.ids, OUTSIDE}):
        row.note("unknown_zone", "zones", f"zone {zone_id} is not in {ZONES}")


def _shape(feature: Feature, report: Report) -> Polygon | MultiPolygon | None:
    """The polygon of a feature; None, and an issue, where it is none."""
    where: Where = feature.where._replace(field=f"{feature.where.field}.geometry")
    if feature.geometry is None or feature.geometry.get("type") not in _SHAPES:
        report.add("not_a_shape", f"the geometry is none of {', '.join(_SHAPES)}", where)
        return None
    try:
        shape = shapely.from_geojson(json.dumps(feature.geometry))
    except (shapely.errors.ShapelyError, ValueError) as error:
        report.add("not_a_shape", f"the geometry cannot be read: {error}", where)
        return None
    if not isinstance(shape, Polygon | MultiPolygon) or not shape.is_valid or shape.is_empty:
        report.add("not_a_shape", f"the geometry is not valid: {shapely.is_valid_reason(shape)}", where)
        return None
    west, south, east, north = shape.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        report.add("not_a_place", "the geometry leaves -180..180 and -90..90 degrees", where)
    return shape

"""Zones of the own format: which delivery zones the places of an order lie in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from shapely import MultiPolygon

from dispatch.errors import InvalidInputError, Issue
from dispatch.geo.points import Points
from dispatch.geo.zone_geojson import zones_from_geojson
from dispatch.geo.zones import ZoneIndex, ZoneKind
from dispatch.model.order import Order, ZoneId
from dispatch.model.place import Place
from simulations.readers.geography import Places
from simulations.readers.json_files import read_json
from simulations.readers.row import Row
from simulations.readers.validation import Report, Where

ZONES: Final = "zones.geojson"
_FEATURE: Final = re.compile(r"features\[(\d+)\]")
OUTSIDE: Final = ZoneId("outside")
"""The zone of an order that lies in none: no rider works in it, so only riders bound to no zone can take the order."""


class Zones(NamedTuple):
    """The zones of an instance, and the line of the file on which each begins."""

    areas: ZoneIndex
    lines: tuple[int, ...]


def read_zones(folder: Path, report: Report) -> Zones | None:
    """Read zones.geojson; None where there is none, or where it is not good."""
    path = folder / ZONES
    document = read_json(path, report) if path.exists() else None
    if document is None:
        return None
    lines = document.feature_lines()
    try:
        zones = ZoneIndex(zones_from_geojson(document.content, ZONES))
    except InvalidInputError as error:
        report.errors.extend(replace(issue, line=_line(issue, lines)) for issue in error.issues)
        return None
    return Zones(zones, tuple(lines))


def _line(issue: Issue, lines: Sequence[int]) -> int | None:
    """The line of the feature that an issue is about, if it is about one."""
    number = _FEATURE.match(issue.field)
    return lines[int(number[1])] if number else None


def zone_middles(zones: Zones, places: Sequence[Places]) -> Places:
    """The middles of the zones in which none of the ``places`` lies: each is in the right city, or is misplaced."""
    points = np.concatenate([np.column_stack((some.latitude, some.longitude)) for some in places])
    known = points[(np.abs(points[:, 0]) <= 90) & (np.abs(points[:, 1]) <= 180)]
    empty = np.flatnonzero(~zones.areas.contains(known).any(axis=0)).tolist()
    boxes = [MultiPolygon(zones.areas.zones[zone].polygons).bounds for zone in empty]
    latitude = np.array([(south + north) / 2 for _, south, _, north in boxes], np.float64)
    longitude = np.array([(west + east) / 2 for west, _, east, _ in boxes], np.float64)
    where = [Where(ZONES, zones.lines[zone], f"features[{zone}].geometry") for zone in empty]
    return Places(latitude, (longitude + 180) % 360 - 180, where.__getitem__)


def bind_orders(orders: Sequence[Order], rows: Sequence[Row], zones: ZoneIndex) -> list[Order]:
    """Orders whose row names no zones get the delivery zones their pickup lies in; ``rows`` has the row of each order.

    An order that leaves all delivery zones, or enters a no-go zone, is noted and bound to OUTSIDE.
    """
    pickups = _points([order.pickup for order in orders])
    dropoffs = _points([order.dropoff or order.pickup for order in orders])
    served = zones.contains(pickups) & np.array([zone.kind is ZoneKind.DELIVERY for zone in zones.zones], np.bool_)
    outside = {"pickup": zones.outside_delivery(pickups), "drop-off": zones.outside_delivery(dropoffs)}
    no_go = {"pickup": zones.in_no_go(pickups), "drop-off": zones.in_no_go(dropoffs)}
    bound = []
    for i, (order, row) in enumerate(zip(orders, rows, strict=True)):
        if row.has("zones"):
            check_known(row, order.zones, zones)
            bound.append(order)
            continue
        out = [f"its {end} lies outside all delivery zones" for end in outside if outside[end][i]]
        out += [f"its {end} lies in a no-go zone" for end in no_go if no_go[end][i]]
        if out:
            row.note("outside_zones", "zones", f"order {order.id} cannot be served: {', '.join(out)}")
        inside = frozenset(ZoneId(zones.ids[zone]) for zone in np.flatnonzero(served[i]))
        bound.append(replace(order, zones=frozenset({OUTSIDE}) if out else inside))
    return bound


def check_known(row: Row, named: frozenset[ZoneId], zones: ZoneIndex) -> None:
    """Note every zone that zones.geojson does not have."""
    for zone_id in sorted(named - {*zones.ids, OUTSIDE}):
        row.note("unknown_zone", "zones", f"zone {zone_id} is not in {ZONES}")


def _points(places: Sequence[Place]) -> Points:
    return np.array([(place.latitude, place.longitude) for place in places], np.float64).reshape(-1, 2)

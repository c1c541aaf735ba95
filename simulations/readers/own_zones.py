"""Zones of the own format: which delivery zones the places of an order lie in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from dispatch.errors import InvalidInputError
from dispatch.geo.points import Points
from dispatch.geo.zone_geojson import zones_from_geojson
from dispatch.geo.zones import ZoneIndex, ZoneKind
from dispatch.model.order import Order, ZoneId
from dispatch.model.place import Place
from simulations.readers.own_files import read_json
from simulations.readers.row import Row
from simulations.readers.validation import Report

ZONES: Final = "zones.geojson"
OUTSIDE: Final = ZoneId("outside")
"""The zone of an order that lies in none: no rider works in it, so only riders bound to no zone can take the order."""


def read_zones(folder: Path, report: Report) -> ZoneIndex | None:
    """Read zones.geojson; None where there is none, or where it is not good."""
    path = folder / ZONES
    content = read_json(path, report) if path.exists() else None
    if content is None:
        return None
    try:
        return ZoneIndex(zones_from_geojson(content, ZONES))
    except InvalidInputError as error:
        report.errors.extend(error.issues)
        return None


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

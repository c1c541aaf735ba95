"""Zones in and out of GeoJSON."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from shapely import Polygon

from dispatch.errors import InvalidInputError
from dispatch.geo.zone_geojson import zones_from_geojson, zones_to_geojson
from dispatch.geo.zones import ZoneKind
from tests.support.zones import square, zone


def ring(west: float = 0.0, south: float = 0.0, side: float = 1.0) -> list[list[float]]:
    return [list(corner) for corner in square(west, south, side)]


def feature(coordinates: object = None, **changes: object) -> dict[str, Any]:
    """A good feature; ``changes`` replace members, a change to None removes one."""
    geometry = {"type": "Polygon", "coordinates": [ring()] if coordinates is None else coordinates}
    good = {
        "type": "Feature",
        "id": "centre",
        "properties": {"kind": "delivery", "name": "Old town"},
        "geometry": geometry,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def collection(*features: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def issues(document: object) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidInputError) as caught:
        zones_from_geojson(document, source="zones.json")
    assert all(issue.source == "zones.json" and issue.action for issue in caught.value.issues)
    return [(issue.code, issue.field, issue.cause) for issue in caught.value.issues]


def test_reads_a_polygon() -> None:
    (read,) = zones_from_geojson(collection(feature()))
    assert (read.id, read.kind, read.name) == ("centre", ZoneKind.DELIVERY, "Old town")
    assert read.polygons == (Polygon(square(0, 0)),)


def test_reads_holes_several_polygons_altitudes_and_ids_of_either_place() -> None:
    with_hole = feature([[[*place, 2600.0] for place in ring(0, 0, 4)], ring(1, 1, 2)], properties={"kind": "no_go"})
    two = feature(
        id=None,
        properties={"id": 7, "kind": "delivery"},
        geometry={"type": "MultiPolygon", "coordinates": [[ring()], [ring(5, 5)]]},
    )
    hole, parts = zones_from_geojson(collection(with_hole, two))
    assert (hole.kind, hole.name) == (ZoneKind.NO_GO, "centre")
    assert hole.polygons[0].area == 12.0
    assert (parts.id, parts.name) == ("7", "7")
    assert [polygon.bounds for polygon in parts.polygons] == [(0, 0, 1, 1), (5, 5, 6, 6)]


def test_no_features_are_no_zones() -> None:
    assert zones_from_geojson(collection()) == ()


def test_what_is_written_reads_back_the_same() -> None:
    zones = (
        zone("a", Polygon(square(0, 0, 4), [square(1, 1, 2)])),
        zone("b", Polygon(square(0, 0)), Polygon(square(5, 5)), kind=ZoneKind.NO_GO),
        zone("fiji", Polygon([(179, 0), (-179, 0), (-179, 1), (179, 1)])),
    )
    written = zones_to_geojson(zones)
    assert zones_from_geojson(json.loads(json.dumps(written))) == zones
    assert written["features"][0]["geometry"]["type"] == "Polygon"
    assert written["features"][1]["geometry"]["type"] == "MultiPolygon"
    assert written["features"][2]["geometry"]["coordinates"][0][0][0] in {179.0, 181.0}


@pytest.mark.parametrize(
    ("document", "code", "field"),
    [
        ([], "zone_type", ""),
        (None, "zone_type", ""),
        (feature(), "zone_type", ""),
        ({"type": "FeatureCollection"}, "zone_type", "features"),
        ({"type": "FeatureCollection", "features": {}}, "zone_type", "features"),
        (collection("text"), "zone_type", "features[0]"),
        (collection(feature(type="Polygon")), "zone_type", "features[0]"),
        (collection(feature(id=None)), "zone_id", "features[0].id"),
        (collection(feature(id="")), "zone_id", "features[0].id"),
        (collection(feature(id=True)), "zone_id", "features[0].id"),
        (collection(feature(), feature()), "zone_duplicate_id", "features[1].id"),
        (collection(feature(properties={})), "zone_kind", "features[0].properties.kind"),
        (collection(feature(properties={"kind": "park"})), "zone_kind", "features[0].properties.kind"),
        (collection(feature(properties={"kind": "no_go", "name": 5})), "zone_name", "features[0].properties.name"),
        (collection(feature(geometry=None)), "zone_geometry", "features[0].geometry"),
        (collection(feature(geometry={"type": ["Polygon"]})), "zone_geometry", "features[0].geometry"),
        (
            collection(feature(geometry={"type": "Point", "coordinates": [1, 2]})),
            "zone_geometry",
            "features[0].geometry",
        ),
        (collection(feature([])), "zone_geometry", "features[0].geometry.coordinates"),
        (collection(feature(geometry={"type": "Polygon"})), "zone_geometry", "features[0].geometry.coordinates"),
        (collection(feature([ring()[:3]])), "zone_ring", "features[0].geometry.coordinates[0]"),
        (collection(feature([5])), "zone_ring", "features[0].geometry.coordinates[0]"),
        (collection(feature([ring(), ring()[:4]])), "zone_ring", "features[0].geometry.coordinates[1]"),
        (
            collection(feature([[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]])),
            "zone_shape",
            "features[0].geometry.coordinates",
        ),
        (collection(feature([ring(), ring(5, 5)])), "zone_shape", "features[0].geometry.coordinates"),
        (
            collection(feature([[[0, 80], [120, 80], [-120, 80], [0, 80]]])),
            "zone_shape",
            "features[0].geometry.coordinates",
        ),
    ],
)
def test_each_flaw_is_found_where_it_is(document: object, code: str, field: str) -> None:
    assert [(found, where) for found, where, _ in issues(document)] == [(code, field)]


@pytest.mark.parametrize(
    ("position", "cause"),
    [
        ([math.nan, 1.0], "is not finite"),
        ([1.0, math.inf], "is not finite"),
        ([10.77, 106.7], r"latitude 106.7 is outside -90..90; latitude and longitude look swapped"),
        ([100.0, 91.0], "latitude 91.0 is outside -90..90"),
        ([361.0, 1.0], "longitude 361.0 is outside -360..360"),
        (["1", 2], "is no position"),
        ([1.0], "is no position"),
        ([1.0, None], "is no position"),
        ([True, False], "is no position"),
        ({"lat": 1, "lng": 2}, "is no position"),
    ],
)
def test_each_bad_position_is_found(position: object, cause: str) -> None:
    corners: list[object] = list(ring())
    corners[2] = position
    ((code, field, found),) = issues(collection(feature([corners])))
    assert (code, field) == ("zone_position", "features[0].geometry.coordinates[0][2]")
    assert found.endswith(cause)


def test_everything_wrong_is_listed_at_once() -> None:
    document = collection(
        feature(id="a", properties={"kind": "?"}, geometry={"type": "Point"}),
        feature(id="b"),
        feature([[*ring()[:-1], [9.0, 9.0]], [[95.0, 95.0], [0.0, 95.0], [0.0, 0.0], [0.0, 0.0]]], id="c"),
        feature(
            id="b",
            properties=None,
            geometry={"type": "MultiPolygon", "coordinates": [[ring()], [[[0, 0], [1, 1], [2, 2], [0, 0]]], 3]},
        ),
    )
    assert [(code, field) for code, field, _ in issues(document)] == [
        ("zone_kind", "features[0].properties.kind"),
        ("zone_geometry", "features[0].geometry"),
        ("zone_ring", "features[2].geometry.coordinates[0]"),
        ("zone_position", "features[2].geometry.coordinates[1][0]"),
        ("zone_position", "features[2].geometry.coordinates[1][1]"),
        ("zone_type", "features[3].properties"),
        ("zone_duplicate_id", "features[3].id"),
        ("zone_kind", "features[3].properties.kind"),
        ("zone_shape", "features[3].geometry.coordinates[1]"),
        ("zone_geometry", "features[3].geometry.coordinates[2]"),
    ]


def test_the_ring_that_is_open_says_so() -> None:
    ((_, _, cause),) = issues(collection(feature([[*ring()[:-1], [9.0, 9.0]]])))
    assert cause == "the ring is not closed: it ends at [9.0, 9.0], not where it begins, [0.0, 0.0]"

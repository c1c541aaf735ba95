"""Zones on the wire: features of GeoJSON (RFC 7946)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from dispatch.api.schemas.base import Schema, when
from dispatch.model.codec import Json
from dispatch.store.zones import KeptZone


class ZoneIn(Schema):
    """A Polygon or MultiPolygon; `properties` has `kind` ("delivery" or "no_go") and `name`."""

    type: Literal["Feature"] = "Feature"
    id: str | None = None
    properties: dict[str, Any]
    geometry: dict[str, Any]


class ZoneOut(Schema):
    """A zone. `properties` has also its `version`, and when and by whom it was changed."""

    type: Literal["Feature"] = "Feature"
    id: str
    properties: dict[str, Any]
    geometry: dict[str, Any]

    @classmethod
    def of(cls, zone: KeptZone) -> ZoneOut:
        """For the wire."""
        feature: dict[str, Json] = zone.feature if isinstance(zone.feature, dict) else {}
        told = feature["properties"]
        changed_at: datetime = when(zone.changed_at)
        more = {"version": zone.version, "changed_at": changed_at.isoformat(), "changed_by": zone.changed_by}
        properties = (told if isinstance(told, dict) else {}) | more
        return cls.model_construct(id=zone.id, properties=properties, geometry=feature["geometry"])


class ZonesOut(Schema):
    """The zones of a market."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[ZoneOut]

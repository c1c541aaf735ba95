"""The tables of the product's own format: columns and their types, the same in Parquet and GeoJSON."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import polars as pl

Schema: TypeAlias = Mapping[str, pl.DataType | type[pl.DataType]]

SCHEMA_VERSION: Final = 1
"""Of the whole format; raised when what is written can no longer be read by the release before."""

_TEXTS: Final = pl.List(pl.String)
_ITEM: Final = pl.Struct(
    {"name": pl.String, "quantity": pl.Int64, "sku": pl.String, "price_minor": pl.Int64, "price_currency": pl.String}
)
_ATTRIBUTE: Final = pl.Struct({"key": pl.String, "value": pl.String})

MERCHANT: Final[Schema] = MappingProxyType(
    {"merchant_id": pl.String, "lat": pl.Float64, "lng": pl.Float64, "name": pl.String}
)
RIDER: Final[Schema] = MappingProxyType(
    {"rider_id": pl.String, "vehicle": pl.String, "capacity": pl.Int64, "zones": _TEXTS, "name": pl.String}
)
SHIFT: Final[Schema] = MappingProxyType(
    {
        "shift_id": pl.String,
        "rider_id": pl.String,
        "starts_at": pl.Int64,
        "ends_at": pl.Int64,
        "start_lat": pl.Float64,
        "start_lng": pl.Float64,
    }
)
ORDER: Final[Schema] = MappingProxyType(
    {
        "order_id": pl.String,
        "merchant_id": pl.String,
        "pickup_lat": pl.Float64,
        "pickup_lng": pl.Float64,
        "dropoff_lat": pl.Float64,
        "dropoff_lng": pl.Float64,
        "placed_at": pl.Int64,
        "ready_at": pl.Int64,
        "promised_at": pl.Int64,
        "not_before_at": pl.Int64,
        "channel": pl.String,
        "platform": pl.String,
        "external_id": pl.String,
        "fulfilment": pl.String,
        "size": pl.Int64,
        "vehicles": _TEXTS,
        "zones": _TEXTS,
        "pickup_before_s": pl.Int64,
        "pickup_after_s": pl.Int64,
        "dropoff_before_s": pl.Int64,
        "dropoff_after_s": pl.Int64,
        "priority": pl.Int64,
        "items": pl.List(_ITEM),
        "total_minor": pl.Int64,
        "total_currency": pl.String,
        "customer_name": pl.String,
        "customer_phone": pl.String,
        "customer_address": pl.String,
        "customer_language": pl.String,
        "notes": pl.String,
        "linked_to": pl.String,
        "attributes": pl.List(_ATTRIBUTE),
    }
)
DEFAULT_CAPACITY: Final = 3
INSTANTS: Final = frozenset({"placed_at", "ready_at", "promised_at", "not_before_at", "starts_at", "ends_at"})
"""Columns that are instants: epoch seconds in Parquet, RFC 3339 in GeoJSON."""

REQUIRED: Final = MappingProxyType(
    {
        "merchants": ("merchant_id", "lat", "lng"),
        "riders": ("rider_id", "vehicle"),
        "shifts": ("shift_id", "rider_id", "starts_at", "ends_at", "start_lat", "start_lng"),
        "orders": ("order_id", "merchant_id", "dropoff_lat", "dropoff_lng", "placed_at", "ready_at", "promised_at"),
    }
)
"""Columns a table must have; every other one has a default."""

SCHEMAS: Final[Mapping[str, Schema]] = MappingProxyType(
    {"merchants": MERCHANT, "riders": RIDER, "shifts": SHIFT, "orders": ORDER}
)

POINTS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = MappingProxyType(
    {
        "merchants": (("lat", "lng"),),
        "riders": (),
        "shifts": (("start_lat", "start_lng"),),
        "orders": (("pickup_lat", "pickup_lng"), ("dropoff_lat", "dropoff_lng")),
    }
)
"""The columns that the geometry of a GeoJSON feature stands for, in the order of its points."""

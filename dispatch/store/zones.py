"""Named areas of a market, kept as features of GeoJSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from dispatch.errors import ConflictError, NotFoundError
from dispatch.model.codec import Json
from dispatch.model.order import MarketId
from dispatch.store.chain import canonical
from dispatch.store.databases import put
from dispatch.store.tables import ZONES
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptZone:
    """One zone; ``version`` counts its changes."""

    market_id: MarketId
    id: str
    version: int
    feature: Json
    changed_at: Instant
    changed_by: str


def zones(connection: Connection, market_id: MarketId) -> list[KeptZone]:
    """The zones of a market, by id."""
    rows = connection.execute(select(ZONES).where(ZONES.c.market_id == market_id).order_by(ZONES.c.id))
    return [_zone(row) for row in rows]


def zone(connection: Connection, market_id: MarketId, zone_id: str) -> KeptZone:
    """One zone. Raises NotFoundError."""
    row = connection.execute(select(ZONES).where(*_mine(market_id, zone_id))).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no zone {zone_id!r} in this market.", "Check the zone's id and the market.")
    return _zone(row)


def version_of_zone(connection: Connection, market_id: MarketId, zone_id: str) -> int:
    """The version of a zone; 0 where there is none."""
    return connection.execute(select(ZONES.c.version).where(*_mine(market_id, zone_id))).scalar() or 0


def put_zone(connection: Connection, kept: KeptZone, most: int) -> None:
    """Keep a zone, or change it. Raises ConflictError (code "zones_full") where the market has ``most`` others."""
    count = select(func.count()).select_from(ZONES).where(ZONES.c.market_id == kept.market_id, ZONES.c.id != kept.id)
    if connection.execute(count).scalar_one() >= most:
        raise ConflictError(f"The market has {most} zones.", "Delete or join some.", code="zones_full")
    values = {name: getattr(kept, name) for name in KeptZone.__slots__}
    put(connection, ZONES, [values | {"feature": canonical(kept.feature)}])


def delete_zone(connection: Connection, market_id: MarketId, zone_id: str) -> None:
    """Delete a zone, if it is there."""
    connection.execute(delete(ZONES).where(*_mine(market_id, zone_id)))


def _mine(market_id: MarketId, zone_id: str) -> tuple[Any, Any]:
    return ZONES.c.market_id == market_id, ZONES.c.id == zone_id


def _zone(row: Row[Any]) -> KeptZone:
    return KeptZone(**dict(row._mapping) | {"feature": json.loads(row.feature)})

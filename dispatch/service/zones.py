"""Zones of markets: named areas that bind orders to the riders who work there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import numpy as np
from sqlalchemy import Connection

from dispatch.engine.clock import Clock
from dispatch.errors import NotFoundError, StaleError
from dispatch.geo.zone_geojson import zones_from_geojson, zones_to_geojson
from dispatch.geo.zones import ZoneIndex, ZoneKind
from dispatch.model.codec import Json
from dispatch.model.order import MarketId, ZoneId
from dispatch.model.place import Place
from dispatch.store import zones as rows
from dispatch.store.store import Store
from dispatch.store.zones import KeptZone

T = TypeVar("T")
MOST: Final = 62
"""Zones of a market: as many as a plan can tell apart."""


class Zones:
    """The zones of all markets."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._indexes: dict[MarketId, tuple[tuple[tuple[str, int], ...], ZoneIndex]] = {}

    async def all(self, market_id: MarketId) -> list[KeptZone]:
        """The zones of a market, by id."""
        return await self._read(lambda c: rows.zones(c, market_id))

    async def one(self, market_id: MarketId, zone_id: str) -> KeptZone:
        """One zone. Raises NotFoundError."""
        return await self._read(lambda c: rows.zone(c, market_id, zone_id))

    async def put(
        self, market_id: MarketId, zone_id: str, feature: Mapping[str, Any], *, by: str, expected: int | None = None
    ) -> KeptZone:
        """Make a zone known, or change it.

        Raises InvalidInputError with all that is wrong with the feature, StaleError where it is at another version than
        ``expected``, ConflictError (code "zones_full").
        """
        collection = {"type": "FeatureCollection", "features": [{**feature, "id": zone_id}]}
        shape = zones_to_geojson(await asyncio.to_thread(zones_from_geojson, collection))["features"][0]
        now = self._clock.now()

        def work(connection: Connection) -> KeptZone:
            version = rows.version_of_zone(connection, market_id, zone_id)
            _check(zone_id, version, expected)
            kept = KeptZone(
                market_id=market_id,
                id=zone_id,
                version=version + 1,
                feature=shape,
                changed_at=now,
                changed_by=by,
            )
            rows.put_zone(connection, kept, MOST)
            return kept

        return await self._write(work)

    async def remove(self, market_id: MarketId, zone_id: str, expected: int | None = None) -> None:
        """Delete a zone; orders and riders that name it keep the name. Raises NotFoundError, StaleError."""

        def work(connection: Connection) -> None:
            version = rows.version_of_zone(connection, market_id, zone_id)
            if version == 0:
                raise NotFoundError(f"There is no zone {zone_id!r} in this market.", "Check the zone's id.")
            _check(zone_id, version, expected)
            rows.delete_zone(connection, market_id, zone_id)

        await self._write(work)

    async def at(self, market_id: MarketId, place: Place) -> frozenset[ZoneId]:
        """The delivery zones that a place lies in; none where the market has none."""
        kept = await self.all(market_id)
        if not kept:
            return frozenset()
        index = self._index(market_id, kept)
        inside = index.contains(np.array([[place.latitude, place.longitude]]))[0]
        pairs = zip(index.zones, inside.tolist(), strict=True)
        return frozenset(ZoneId(zone.id) for zone, is_in in pairs if is_in and zone.kind is ZoneKind.DELIVERY)

    def _index(self, market_id: MarketId, kept: list[KeptZone]) -> ZoneIndex:
        state = tuple((one.id, one.version) for one in kept)
        known = self._indexes.get(market_id)
        if known is not None and known[0] == state:
            return known[1]
        features: list[Json] = [one.feature for one in kept]
        index = ZoneIndex(zones_from_geojson({"type": "FeatureCollection", "features": features}))
        self._indexes[market_id] = (state, index)
        return index

    async def _read(self, query: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self._store.reading() as connection:
                return query(connection)

        return await asyncio.to_thread(run)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._store.run(work))


def _check(zone_id: str, version: int, expected: int | None) -> None:
    if expected is not None and version != expected:
        raise StaleError(f"Zone {zone_id} is at version {version}, not at {expected}.", "Look at it again.")

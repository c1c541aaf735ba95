"""Zones: named areas of a market. An order is bound to the delivery zones in which its drop-off lies."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from dispatch.api.auth import InMarket, Who, may
from dispatch.api.etag import show_version, version_in
from dispatch.api.schemas.base import Name
from dispatch.api.schemas.zones import ZoneIn, ZoneOut, ZonesOut
from dispatch.api.state import Api
from dispatch.service.principals import Right

router = APIRouter(prefix="/v1/zones", tags=["operations"])

IfMatch = Annotated[str | None, Header(description='The ETag last seen, such as "7".')]


@router.get("", dependencies=[Depends(may(Right.SEE_ZONES))])
async def list_zones(api: Api, market_id: InMarket) -> ZonesOut:
    """The zones of the market, as GeoJSON."""
    return ZonesOut.model_construct(features=[ZoneOut.of(one) for one in await api.zones.all(market_id)])


@router.get("/{zone_id}", dependencies=[Depends(may(Right.SEE_ZONES))])
async def get_zone(zone_id: Name, api: Api, market_id: InMarket, response: Response) -> ZoneOut:
    """One zone."""
    found = await api.zones.one(market_id, zone_id)
    show_version(response, found.version)
    return ZoneOut.of(found)


@router.put("/{zone_id}", dependencies=[Depends(may(Right.MANAGE_ZONES))])
async def put_zone(
    zone_id: Name,
    body: ZoneIn,
    api: Api,
    who: Who,
    market_id: InMarket,
    response: Response,
    if_match: IfMatch = None,
) -> ZoneOut:
    """Make a zone known, or change it. Orders that are placed from now on are bound by it."""
    feature = body.model_dump()
    kept = await api.zones.put(market_id, zone_id, feature, by=who.id, expected=version_in(if_match))
    show_version(response, kept.version)
    response.status_code = 201 if kept.version == 1 else 200
    return ZoneOut.of(kept)


@router.delete("/{zone_id}", status_code=204, dependencies=[Depends(may(Right.MANAGE_ZONES))])
async def delete_zone(zone_id: Name, api: Api, market_id: InMarket, if_match: IfMatch = None) -> None:
    """Delete a zone. Orders and riders that name it keep the name."""
    await api.zones.remove(market_id, zone_id, version_in(if_match))

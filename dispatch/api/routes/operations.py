"""Operations: the markets, and how they do."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends

from dispatch.api.auth import Who, may
from dispatch.api.schemas.markets import ChangeMarket, MarketOut, NewMarket
from dispatch.api.state import Api
from dispatch.model.order import MarketId
from dispatch.service.markets import MarketSettings
from dispatch.service.principals import ForbiddenError, Principal, Right
from dispatch.service.service import Services
from dispatch.service.setup import keep_market

router = APIRouter(prefix="/v1/markets", tags=["operations"])


@router.get("", dependencies=[Depends(may(Right.SEE_MARKETS))])
async def list_markets(api: Api, who: Who) -> list[MarketOut]:
    """The caller's markets."""
    return [MarketOut.of(m, api) for name, m in api.markets.all.items() if not who.markets or name in who.markets]


@router.get("/{market_id}", dependencies=[Depends(may(Right.SEE_MARKETS))])
async def get_market(market_id: str, api: Api, who: Who) -> MarketOut:
    """One market."""
    return MarketOut.of(api.markets.get(who.market(MarketId(market_id), frozenset(api.markets.all))), api)


@router.post("", status_code=201, dependencies=[Depends(may(Right.MANAGE_MARKETS))])
async def add_market(body: NewMarket, api: Api, who: Who) -> MarketOut:
    """Set a market up; every process of the service takes it in within seconds."""
    if who.markets:
        cause = f"{who.role.value} {who.id} is bounded to markets, and cannot set up another one."
        raise ForbiddenError(cause, "Ask somebody who answers for all of them.")
    settings = body.to_settings(MarketSettings(id=MarketId(body.id)))
    return await _keep(api, who, settings, new=True)


@router.patch("/{market_id}", dependencies=[Depends(may(Right.MANAGE_MARKETS))])
async def change_market(market_id: str, body: ChangeMarket, api: Api, who: Who) -> MarketOut:
    """Change what a market is. Another pace or road factor makes its planning begin anew, in a second or two."""
    known = api.markets.get(who.market(MarketId(market_id), frozenset(api.markets.all)))
    return await _keep(api, who, body.to_settings(known.settings))


async def _keep(api: Services, who: Principal, settings: MarketSettings, *, new: bool = False) -> MarketOut:
    await asyncio.to_thread(keep_market, api.store, settings, api.clock.now(), who.id, new=new)
    if api.watch is not None:
        await api.watch.look()
    return MarketOut.of(api.markets.get(settings.id), api)

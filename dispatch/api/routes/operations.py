"""Operations: the markets, and how they do."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from dispatch.api.auth import Who, may
from dispatch.api.etag import show_version, version_in
from dispatch.api.once import Makes
from dispatch.api.schemas.markets import ChangeMarket, MarketOut, NewMarket
from dispatch.api.state import Api
from dispatch.model.order import MarketId
from dispatch.service.markets import Market, MarketSettings
from dispatch.service.principals import ForbiddenError, Principal, Right
from dispatch.service.service import Services
from dispatch.service.setup import keep_market, market_version

router = APIRouter(prefix="/v1/markets", tags=["operations"])

IfMatch = Annotated[str | None, Header(description='The ETag last seen, such as "7".')]


@router.get("", dependencies=[Depends(may(Right.SEE_MARKETS))])
async def list_markets(api: Api, who: Who) -> list[MarketOut]:
    """The caller's markets."""
    return [MarketOut.of(m, api) for name, m in api.markets.all.items() if not who.markets or name in who.markets]


@router.get("/{market_id}", dependencies=[Depends(may(Right.SEE_MARKETS))])
async def get_market(market_id: str, api: Api, who: Who, response: Response) -> MarketOut:
    """One market. Its ETag is of what was set up, not of what happens in it."""
    market = await _fresh(api, who, market_id)
    show_version(response, await asyncio.to_thread(market_version, api.store, market.settings.id))
    return MarketOut.of(market, api)


@router.post("", status_code=201, dependencies=[Depends(may(Right.MANAGE_MARKETS))])
async def add_market(body: NewMarket, api: Api, who: Who, makes: Makes, response: Response) -> MarketOut:
    """Set a market up; every process of the service takes it in within seconds."""
    if who.markets:
        cause = f"{who.role.value} {who.id} is bounded to markets, and cannot set up another one."
        raise ForbiddenError(cause, "Ask somebody who answers for all of them.")
    settings = body.to_settings(MarketSettings(id=MarketId(body.id)))

    async def make() -> MarketOut:
        return (await _keep(api, who, settings, new=True))[0]

    show_version(response, 1)
    return await makes.once(MarketOut, make)


@router.patch("/{market_id}", dependencies=[Depends(may(Right.MANAGE_MARKETS))])
async def change_market(
    market_id: str, body: ChangeMarket, api: Api, who: Who, response: Response, if_match: IfMatch = None
) -> MarketOut:
    """Change what a market is. Another pace or road factor makes its planning begin anew, in a second or two."""
    known = await _fresh(api, who, market_id)
    shown, version = await _keep(api, who, body.to_settings(known.settings), expected=version_in(if_match))
    show_version(response, version)
    return shown


async def _fresh(api: Services, who: Principal, market_id: str) -> Market:
    """One market of the caller, as it is kept by now: another process may have changed it a moment ago."""
    found = who.market(MarketId(market_id), frozenset(api.markets.all))
    if api.watch is not None:
        await api.watch.look()
    return api.markets.get(found)


async def _keep(
    api: Services, who: Principal, settings: MarketSettings, *, new: bool = False, expected: int | None = None
) -> tuple[MarketOut, int]:
    keep = partial(keep_market, new=new, expected=expected)
    version = await asyncio.to_thread(keep, api.store, settings, api.clock.now(), who.id)
    if api.watch is not None:
        await api.watch.look()
    return MarketOut.of(api.markets.get(settings.id), api), version

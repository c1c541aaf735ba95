"""Operations: the markets, and how they do."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from dispatch.api.auth import Who, may
from dispatch.api.schemas.markets import MarketOut
from dispatch.api.state import Api
from dispatch.model.order import MarketId
from dispatch.service.principals import Right

router = APIRouter(prefix="/v1/markets", tags=["operations"])


@router.get("", dependencies=[Depends(may(Right.SEE_MARKETS))])
async def list_markets(api: Api, who: Who) -> list[MarketOut]:
    """The caller's markets."""
    return [MarketOut.of(m, api) for name, m in api.markets.all.items() if not who.markets or name in who.markets]


@router.get("/{market_id}", dependencies=[Depends(may(Right.SEE_MARKETS))])
async def get_market(market_id: str, api: Api, who: Who) -> MarketOut:
    """One market."""
    return MarketOut.of(api.markets.get(who.market(MarketId(market_id), frozenset(api.markets.all))), api)

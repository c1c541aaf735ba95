"""Merchants, and what they say about their orders."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from dispatch.api.asking import Asks
from dispatch.api.auth import InMarket, Who, may
from dispatch.api.cursors import Pages
from dispatch.api.schemas.base import Name, PageOf
from dispatch.api.schemas.merchants import MerchantOut, NewMerchant
from dispatch.api.schemas.preps import HOURS, PrepEstimatesOut
from dispatch.api.state import Api
from dispatch.model.commands import RegisterMerchant
from dispatch.model.order import MerchantId
from dispatch.model.prep import SizeClass, names_of
from dispatch.service.asks import Ref
from dispatch.service.principals import Right
from dispatch.store import queries
from dispatch.store.preps import prep_times

router = APIRouter(prefix="/v1/merchants", tags=["merchants"])


@router.post("", status_code=201, dependencies=[Depends(may(Right.MANAGE_MERCHANTS))])
async def register_merchant(body: NewMerchant, asks: Asks) -> MerchantOut:
    """Make a merchant known, or change what is known."""
    merchant = body.to_model(MerchantId(body.id or asks.api.new_id("mer")), asks.market_id)
    await asks.do(RegisterMerchant(merchant=merchant), Ref("merchants", merchant.id))
    return MerchantOut.of(merchant)


@router.get("", dependencies=[Depends(may(Right.SEE_MERCHANTS))])
async def list_merchants(api: Api, market_id: InMarket, pages: Pages) -> PageOf[MerchantOut]:
    """All merchants, the newest first."""
    page = await api.reads.run(lambda c: queries.merchants(c, market_id, pages.cut))
    return PageOf(items=[MerchantOut.of(found.value) for found in page.items], next=pages.next(page.after))


@router.get("/{merchant_id}", dependencies=[Depends(may(Right.SEE_MERCHANTS))])
async def get_merchant(merchant_id: Name, api: Api, market_id: InMarket) -> MerchantOut:
    """One merchant."""
    return MerchantOut.of(await api.reads.merchant(market_id, MerchantId(merchant_id)))


@router.get("/{merchant_id}/prep-estimates", dependencies=[Depends(may(Right.SEE_PREP_TIMES))])
async def get_prep_estimates(merchant_id: Name, api: Api, who: Who, market_id: InMarket) -> PrepEstimatesOut:
    """How long the merchant takes by hour and size, learned from its orders, and how good such estimates were."""
    merchant = who.own_merchant(await api.reads.merchant(market_id, MerchantId(merchant_id)))
    names = {name for hour in HOURS for size in SizeClass for name in names_of(merchant.id, hour, size)}
    preps = await api.reads.run(lambda c: prep_times(c, market_id, names))
    return PrepEstimatesOut.of(preps, merchant.id, api.clock.now(), api.markets.get(market_id).settings.time_zone)

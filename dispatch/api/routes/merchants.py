"""Merchants, and what they say about their orders."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from dispatch.api.asking import Asks
from dispatch.api.auth import InMarket, may
from dispatch.api.cursors import Pages
from dispatch.api.schemas.base import Name, PageOf
from dispatch.api.schemas.merchants import MerchantOut, NewMerchant
from dispatch.api.state import Api
from dispatch.model.commands import RegisterMerchant
from dispatch.model.order import MerchantId
from dispatch.service.asks import Ref
from dispatch.service.principals import Right
from dispatch.store import queries

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

"""Links by which customers follow their orders: made and ended by who looks after the order."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from dispatch.api.asking import Asking, Asks
from dispatch.api.auth import may
from dispatch.api.schemas.base import Name
from dispatch.api.schemas.track import LinkOut
from dispatch.model.order import OrderId
from dispatch.service.principals import Right

router = APIRouter(prefix="/v1/orders", tags=["customers"], dependencies=[Depends(may(Right.SEE_ORDERS))])


@router.post("/{order_id}/link")
async def make_link(order_id: Name, asks: Asks) -> LinkOut:
    """The link by which the customer follows the order. Asking again gives the same one."""
    await _own(asks, order_id)
    token = await asks.api.links.make(asks.market_id, OrderId(order_id), asks.who.id)
    return LinkOut(order_id=order_id, token=token, url=asks.api.links.url(token))


@router.delete("/{order_id}/link", status_code=204)
async def end_link(order_id: Name, asks: Asks) -> None:
    """Let the link count no more, because somebody else has it; the next one is another."""
    await _own(asks, order_id)
    await asks.api.links.end(asks.market_id, OrderId(order_id))


async def _own(asks: Asking, order_id: str) -> None:
    asks.who.own_order(await asks.api.reads.order(asks.market_id, OrderId(order_id)))

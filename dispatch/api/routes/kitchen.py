"""Merchants: orders are accepted, cooked, delayed, ready, refused, or fetched at the store."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from dispatch.api.asking import Asking, Asks
from dispatch.api.auth import may
from dispatch.api.etag import show_version
from dispatch.api.schemas.base import Name, instant
from dispatch.api.schemas.kitchen import Acceptance, NewReadyTime, Rejection
from dispatch.api.schemas.orders import OrderOut
from dispatch.model.commands import (
    AcceptOrder,
    ChangeReadyTime,
    CollectOrder,
    Command,
    MarkReady,
    RejectOrder,
    StartPreparation,
)
from dispatch.model.order import OrderId
from dispatch.model.state import OrderState
from dispatch.service.asks import Ref
from dispatch.service.principals import Right

router = APIRouter(prefix="/v1/orders", tags=["merchants"], dependencies=[Depends(may(Right.COOK_ORDERS))])


@router.post("/{order_id}/accept")
async def accept_order(order_id: Name, body: Acceptance, asks: Asks, response: Response) -> OrderOut:
    """Take the order, and say when it is ready; without a time, as soon as is usual for the merchant."""
    state = await _own(asks, order_id)
    ready_at = None if body.ready_at is None else instant(body.ready_at)
    return await _say(asks, response, AcceptOrder(order_id=state.order.id, ready_at=ready_at))


@router.post("/{order_id}/preparing")
async def start_preparation(order_id: Name, asks: Asks, response: Response) -> OrderOut:
    """The kitchen begins."""
    state = await _own(asks, order_id)
    return await _say(asks, response, StartPreparation(order_id=state.order.id))


@router.post("/{order_id}/ready-time")
async def change_ready_time(order_id: Name, body: NewReadyTime, asks: Asks, response: Response) -> OrderOut:
    """The food is ready earlier or later than was said; riders are planned by it from the next tick on."""
    state = await _own(asks, order_id)
    command = ChangeReadyTime(order_id=state.order.id, ready_at=instant(body.ready_at), reason=body.reason)
    return await _say(asks, response, command)


@router.post("/{order_id}/ready")
async def mark_ready(order_id: Name, asks: Asks, response: Response) -> OrderOut:
    """The food waits."""
    state = await _own(asks, order_id)
    return await _say(asks, response, MarkReady(order_id=state.order.id))


@router.post("/{order_id}/reject")
async def reject_order(order_id: Name, body: Rejection, asks: Asks, response: Response) -> OrderOut:
    """The merchant cannot do it."""
    state = await _own(asks, order_id)
    return await _say(asks, response, RejectOrder(order_id=state.order.id, reason=body.reason))


@router.post("/{order_id}/collected")
async def collect_order(order_id: Name, asks: Asks, response: Response) -> OrderOut:
    """The customer has fetched the order at the store."""
    state = await _own(asks, order_id)
    return await _say(asks, response, CollectOrder(order_id=state.order.id))


async def _own(asks: Asking, order_id: str) -> OrderState:
    return asks.who.own_order(await asks.api.reads.order(asks.market_id, OrderId(order_id)))


async def _say(asks: Asking, response: Response, command: Command) -> OrderOut:
    order_id = getattr(command, "order_id", "")
    done = await asks.do(command, Ref("orders", order_id))
    if not isinstance(done.entity, OrderState):
        raise TypeError("an order was asked about, and something else came back")
    show_version(response, done.entity.version)
    return OrderOut.of(asks.who.without_secrets(done.entity, asks.now))

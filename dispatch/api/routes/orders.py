"""Orders, for everybody who places, looks at or cancels them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from dispatch.api.asking import Asks
from dispatch.api.auth import InMarket, Who, may
from dispatch.api.cursors import Pages
from dispatch.api.etag import show_version
from dispatch.api.schemas.base import Line, Name, PageOf, When, instant
from dispatch.api.schemas.orders import CancelOrder, ChangeOrder, NewOrder, OrderOut
from dispatch.api.state import Api
from dispatch.errors import ConflictError
from dispatch.model.commands import AskCancellation, PlaceOrder
from dispatch.model.commands import CancelOrder as Cancel
from dispatch.model.commands import ChangeOrder as Change
from dispatch.model.lifecycle import DispatchStatus, OrderStatus
from dispatch.model.order import Channel, MarketId, MerchantId, Order, OrderId
from dispatch.model.rider import RiderId
from dispatch.model.state import OrderState
from dispatch.service.asks import Done, Ref
from dispatch.service.principals import Right, Role
from dispatch.service.service import Services
from dispatch.store.queries import OrderFilter

router = APIRouter(prefix="/v1/orders", tags=["orders"])


@router.post("", status_code=201, dependencies=[Depends(may(Right.PLACE_ORDERS))])
async def place_order(body: NewOrder, asks: Asks, response: Response) -> OrderOut:
    """Place an order. The same `external_id` of a channel and platform again gives the order that there is."""
    merchant = await asks.api.reads.merchant(asks.market_id, MerchantId(body.merchant_id))
    order = body.to_model(OrderId(body.id or asks.api.new_id("ord")), merchant, asks.now)
    if not order.zones and order.dropoff is not None:
        order = replace(order, zones=await asks.api.zones.at(asks.market_id, order.dropoff))
    state = await _known(asks.api, asks.market_id, order)
    if state is None:
        done = await _place(asks, order)
        state = done if isinstance(done, OrderState) else _order(done)
    if state.order.id != order.id:
        response.status_code = 200
    response.headers["Location"] = f"/v1/orders/{state.order.id}"
    show_version(response, state.version)
    return OrderOut.of(state)


async def _place(asks: Asks, order: Order) -> Done | OrderState:
    try:
        return await asks.do(PlaceOrder(order=order), Ref("orders", order.id))
    except ConflictError as error:
        # Somebody else was a moment quicker with the same external id.
        known = await _known(asks.api, asks.market_id, order) if error.code == "external_id_taken" else None
        if known is None:
            raise
        return known


async def _known(api: Services, market_id: MarketId, order: Order) -> OrderState | None:
    if not order.external_id:
        return None
    return await api.reads.order_named(market_id, order.channel, order.platform, order.external_id)


def _order(done: Done) -> OrderState:
    if not isinstance(done.entity, OrderState):
        raise TypeError("an order was asked about, and something else came back")
    return done.entity


@router.get("/{order_id}", dependencies=[Depends(may(Right.SEE_ORDERS))])
async def get_order(order_id: Name, api: Api, who: Who, market_id: InMarket, response: Response) -> OrderOut:
    """One order as it is now."""
    state = who.own_order(await api.reads.order(market_id, OrderId(order_id)))
    show_version(response, state.version)
    return OrderOut.of(who.without_secrets(state, api.clock.now()))


@router.get("", dependencies=[Depends(may(Right.SEE_ORDERS))])
async def list_orders(
    api: Api,
    who: Who,
    market_id: InMarket,
    pages: Pages,
    status: Annotated[list[OrderStatus] | None, Query()] = None,
    dispatch: Annotated[list[DispatchStatus] | None, Query()] = None,
    merchant_id: Name | None = None,
    rider_id: Name | None = None,
    channel: Channel | None = None,
    external_id: Line | None = None,
    placed_from: When | None = None,
    placed_before: When | None = None,
) -> PageOf[OrderOut]:
    """Orders that fit, the newest first."""
    wanted = OrderFilter(
        statuses=status or (),
        dispatches=dispatch or (),
        merchant_id=None if merchant_id is None else MerchantId(merchant_id),
        rider_id=None if rider_id is None else RiderId(rider_id),
        channel=channel,
        external_id=external_id,
        placed_from=None if placed_from is None else instant(placed_from),
        placed_before=None if placed_before is None else instant(placed_before),
    )
    page = await api.reads.orders(market_id, who.own_orders(wanted), pages.cut)
    now = api.clock.now()
    items = [OrderOut.of(who.without_secrets(found.value, now)) for found in page.items]
    return PageOf(items=items, next=pages.next(page.after))


@router.patch("/{order_id}", dependencies=[Depends(may(Right.PLACE_ORDERS))])
async def change_order(order_id: Name, body: ChangeOrder, asks: Asks, response: Response) -> OrderOut:
    """Change an order before its pickup."""
    state = asks.who.own_order(await asks.api.reads.order(asks.market_id, OrderId(order_id)))
    changed = _order(await asks.do(Change(order=body.to_model(state.order)), Ref("orders", order_id)))
    show_version(response, changed.version)
    return OrderOut.of(asks.who.without_secrets(changed, asks.now))


@router.post("/{order_id}/cancel", dependencies=[Depends(may(Right.CANCEL_ORDERS))])
async def cancel_order(order_id: Name, body: CancelOrder, asks: Asks, response: Response) -> OrderOut:
    """Call an order off. Food that is on board goes back to its merchant.

    All that was paid goes back; what customers ask for themselves goes by the policy, as `cancellation` does.
    """
    asks.who.own_order(await asks.api.reads.order(asks.market_id, OrderId(order_id)))
    command: Cancel | AskCancellation = Cancel(
        order_id=OrderId(order_id), by=asks.who.actor.kind, reason=body.reason, text=body.text
    )
    if asks.who.role is Role.CUSTOMER:
        command = AskCancellation(order_id=OrderId(order_id), reason=body.reason, text=body.text)
    state = _order(await asks.do(command, Ref("orders", order_id)))
    show_version(response, state.version)
    return OrderOut.of(state)

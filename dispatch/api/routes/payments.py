"""Money of orders: what is paid, checked by hand, given back. What gateways say is in ``callbacks``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from dispatch.api.asking import Asking, Asks
from dispatch.api.auth import InMarket, Who, may
from dispatch.api.cursors import Pages
from dispatch.api.etag import show_version
from dispatch.api.schemas.base import Name, PageOf
from dispatch.api.schemas.payments import Checkout, PaymentOut, Settlement, Transfer, TransferCheck
from dispatch.api.state import Api
from dispatch.errors import ConflictError
from dispatch.model.commands import CheckTransfer, ClaimTransfer, MoneyCommand, SettleRefund
from dispatch.model.order import OrderId, PaymentMethod
from dispatch.model.payment import AccountState, PaymentStatus
from dispatch.service.asks import Ref
from dispatch.service.principals import Right
from dispatch.store import queries_money, rows

router = APIRouter(prefix="/v1", tags=["payments"])
_SEES = [Depends(may(Right.SEE_MONEY))]
_HANDLES = [Depends(may(Right.HANDLE_MONEY))]
_PLACES = [Depends(may(Right.PLACE_ORDERS))]


@router.get("/payments", dependencies=_HANDLES)
async def list_payments(
    api: Api,
    market_id: InMarket,
    pages: Pages,
    status: Annotated[list[PaymentStatus] | None, Query()] = None,
    method: PaymentMethod | None = None,
    refunds_open: Annotated[bool | None, Query(description="Something has still to be sent back, or nothing.")] = None,
) -> PageOf[PaymentOut]:
    """The money of orders that fit, the newest order first: `status=claimed` are transfers to be checked."""
    page = await api.reads.run(
        lambda c: queries_money.accounts(
            c, market_id, pages.cut, statuses=status or (), method=method, refunds_open=refunds_open
        )
    )
    return PageOf(items=[PaymentOut.of(found.value) for found in page.items], next=pages.next(page.after))


@router.get("/orders/{order_id}/payment", dependencies=_SEES)
async def get_payment(order_id: Name, api: Api, who: Who, market_id: InMarket, response: Response) -> PaymentOut:
    """The money of an order. 404 where it has no price."""
    who.own_order(await api.reads.order(market_id, OrderId(order_id)))
    account = await api.reads.one(rows.ACCOUNTS, market_id, order_id)
    show_version(response, account.version)
    return PaymentOut.of(account)


@router.post("/orders/{order_id}/payment/checkout", dependencies=_PLACES)
async def check_out(order_id: Name, asks: Asks) -> Checkout:
    """A page of the gateway where the customer pays. Asking again gives the same page as long as it counts."""
    asks.who.own_order(await asks.api.reads.order(asks.market_id, OrderId(order_id)))
    found = await asks.api.payments.checkout(asks.market_id, OrderId(order_id))
    return Checkout(url=found.url, reference=found.reference)


@router.post("/orders/{order_id}/payment/transfer", dependencies=_PLACES)
async def claim_transfer(order_id: Name, body: Transfer, asks: Asks, response: Response) -> PaymentOut:
    """The customer says that the money was sent. Somebody checks it."""
    return await say_money(asks, response, ClaimTransfer(order_id=OrderId(order_id), picture=body.picture))


@router.post("/orders/{order_id}/payment/transfer/check", dependencies=_HANDLES)
async def check_transfer(order_id: Name, body: TransferCheck, asks: Asks, response: Response) -> PaymentOut:
    """Say whether the money was found. Who said so, and when, stands in the log."""
    command = CheckTransfer(order_id=OrderId(order_id), found=body.found, text=body.text)
    return await say_money(asks, response, command)


@router.post("/orders/{order_id}/payment/refunds/{refund_id}/settle", dependencies=_HANDLES)
async def settle_refund(
    order_id: Name, refund_id: Name, body: Settlement, asks: Asks, response: Response
) -> PaymentOut:
    """A refund was sent by hand. Those that a gateway sends are settled by it, unless it could not."""
    account = await asks.api.reads.one(rows.ACCOUNTS, asks.market_id, order_id)
    if any(one.id == refund_id and not one.by_hand and not one.reference for one in PaymentOut.of(account).refunds):
        cause = f"Refund {refund_id} is being sent by the gateway."
        raise ConflictError(cause, "Wait until it is sent, or has failed.", code="refund_under_way")
    command = SettleRefund(order_id=OrderId(order_id), refund_id=refund_id, reference=body.reference)
    return await say_money(asks, response, command)


async def say_money(asks: Asking, response: Response, command: MoneyCommand) -> PaymentOut:
    """Carry out a command about an order's money; the account afterwards. Raises what ``Asking.do`` raises."""
    asks.who.own_order(await asks.api.reads.order(asks.market_id, command.order_id))
    done = await asks.do(command, Ref("accounts", command.order_id))
    if not isinstance(done.entity, AccountState):
        raise TypeError("an account was asked about, and something else came back")
    show_version(response, done.entity.version)
    return PaymentOut.of(done.entity)

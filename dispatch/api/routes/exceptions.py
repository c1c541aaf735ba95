"""What customers want when something is not as it should be; staff and channels say it for them."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from dispatch.api.asking import Asking, Asks
from dispatch.api.auth import may
from dispatch.api.etag import show_version
from dispatch.api.routes.cases import opened_or_open
from dispatch.api.schemas.base import Name
from dispatch.api.schemas.cases import Asked, AskToCancel, CaseOut, Complaint, Handover
from dispatch.api.schemas.orders import OrderOut
from dispatch.model.commands import AskCancellation, Complain, HandOver
from dispatch.model.lifecycle import OrderStatus
from dispatch.model.order import OrderId
from dispatch.model.reasons import CaseKind
from dispatch.model.rider import RiderId
from dispatch.model.state import OrderState
from dispatch.service.asks import Done, Ref
from dispatch.service.case_file import case_file
from dispatch.service.principals import Right

router = APIRouter(prefix="/v1/orders", tags=["customer service"])


@router.post("/{order_id}/cancellation", dependencies=[Depends(may(Right.CANCEL_ORDERS))])
async def ask_cancellation(order_id: Name, body: AskToCancel, asks: Asks, response: Response) -> Asked:
    """The customer does not want the order. Before the merchant accepts it is off at once; later it is a case."""
    state = await _own(asks, order_id)
    command = AskCancellation(order_id=state.order.id, reason=body.reason, text=body.text)
    done = await asks.do(command, Ref("orders", order_id))
    if _order(done).status is OrderStatus.CANCELLED:
        return await _asked(asks, done, None, response)
    return await _asked(asks, done, CaseKind.CANCELLATION, response)


@router.post("/{order_id}/complaint", dependencies=[Depends(may(Right.COMPLAIN))])
async def complain(order_id: Name, body: Complaint, asks: Asks, response: Response) -> Asked:
    """The customer got the order, and it was not as it should be: a case, which the merchant answers first."""
    state = await _own(asks, order_id)
    done = await asks.do(Complain(order_id=state.order.id, text=body.text), Ref("orders", order_id))
    return await _asked(asks, done, CaseKind.QUALITY, response)


@router.post("/{order_id}/hand-over", dependencies=[Depends(may(Right.HANDLE_CASES))])
async def hand_over(order_id: Name, body: Handover, asks: Asks, response: Response) -> OrderOut:
    """Another rider has met the one who had the food, and has it now. Both must be near, as far as is known."""
    command = HandOver(order_id=OrderId(order_id), to_rider_id=RiderId(body.to_rider_id))
    order = _order(await asks.do(command, Ref("orders", order_id)))
    show_version(response, order.version)
    return OrderOut.of(asks.who.without_secrets(order, asks.now))


async def _own(asks: Asking, order_id: str) -> OrderState:
    return asks.who.own_order(await asks.api.reads.order(asks.market_id, OrderId(order_id)))


async def _asked(asks: Asking, done: Done, kind: CaseKind | None, response: Response) -> Asked:
    order = _order(done)
    show_version(response, order.version)
    shown = OrderOut.of(asks.who.without_secrets(order, asks.now))
    if kind is None:
        return Asked.model_construct(order=shown, case=None)
    case_id = await opened_or_open(asks, done, kind, order.order.id)
    case = (await case_file(asks.api.store, asks.market_id, case_id)).case
    return Asked.model_construct(order=shown, case=CaseOut.of(case, order.order.merchant_id, asks.now))


def _order(done: Done) -> OrderState:
    if not isinstance(done.entity, OrderState):
        raise TypeError("an order was asked about, and something else came back")
    return done.entity

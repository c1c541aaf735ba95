"""Customers, merchants and staff: orders placed, cooked, changed, called off."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.offers import take_back_offer
from dispatch.errors import ConflictError
from dispatch.model.commands import (
    AcceptOrder,
    CancelOrder,
    ChangeOrder,
    ChangeReadyTime,
    CollectOrder,
    MarkReady,
    OrderCommand,
    PlaceOrder,
    RegisterMerchant,
    RejectOrder,
    StartPreparation,
)
from dispatch.model.events import (
    MerchantRegistered,
    OrderAccepted,
    OrderCancelled,
    OrderChanged,
    OrderCollected,
    OrderPlaced,
    OrderReady,
    OrderRejected,
    PreparationStarted,
    ReadyTimeChanged,
)
from dispatch.model.order import MarketId
from dispatch.model.reasons import UnassignReason


def handle_order(draft: Draft, command: OrderCommand) -> None:
    """Decide what is said about an order outside its delivery."""
    match command:
        case PlaceOrder():
            _place(draft, command)
        case ChangeOrder():
            _change(draft, command)
        case AcceptOrder():
            draft.add(OrderAccepted(order_id=command.order_id, ready_at=command.ready_at))
        case StartPreparation():
            draft.add(PreparationStarted(order_id=command.order_id))
        case ChangeReadyTime():
            draft.add(
                ReadyTimeChanged(order_id=command.order_id, ready_at=command.ready_at, reason=command.reason),
            )
        case MarkReady():
            draft.add(OrderReady(order_id=command.order_id))
        case RejectOrder():
            take_back_offer(draft, command.order_id, UnassignReason.ORDER_GONE)
            draft.add(OrderRejected(order_id=command.order_id, reason=command.reason))
        case CancelOrder():
            take_back_offer(draft, command.order_id, UnassignReason.ORDER_GONE)
            draft.add(
                OrderCancelled(order_id=command.order_id, by=command.by, reason=command.reason, text=command.text),
            )
        case CollectOrder():
            draft.add(OrderCollected(order_id=command.order_id))
        case RegisterMerchant():
            check_market(draft, command.merchant.market_id, f"Merchant {command.merchant.id}")
            if draft.state.merchants.get(command.merchant.id) != command.merchant:
                draft.add(MerchantRegistered(merchant=command.merchant))
        case _:
            assert_never(command)


def check_market(draft: Draft, market_id: MarketId, what: str) -> None:
    """Refuse what belongs to another market. Raises ConflictError."""
    if market_id != draft.state.market_id:
        cause = f"{what} belongs to market {market_id}, not to {draft.state.market_id}."
        raise ConflictError(cause, "Send it to its own market.", code="wrong_market")


def _place(draft: Draft, command: PlaceOrder) -> None:
    order = command.order
    check_market(draft, order.market_id, f"Order {order.id}")
    known = draft.state.orders.get(order.id)
    if known is None:
        draft.add(OrderPlaced(order=order))
    elif known.order != order:
        cause = f"There is another order {order.id} already."
        raise ConflictError(cause, "Give this one an id of its own, or change the order there is.", code="order_exists")


def _change(draft: Draft, command: ChangeOrder) -> None:
    order = command.order
    old = draft.state.order(order.id).order
    if order == old:
        return
    fixed = ("market_id", "merchant_id", "pickup", "placed_at", "fulfilment")
    changed = [name for name in fixed if getattr(order, name) != getattr(old, name)]
    if changed:
        cause = f"Order {order.id} cannot get another {', '.join(changed)}."
        raise ConflictError(cause, "Cancel it and place a new order.", code="field_fixed")
    draft.add(OrderChanged(order_id=order.id, order=order))

"""Customers, merchants and staff: orders placed, cooked, changed, called off."""

from __future__ import annotations

from typing import Final, assert_never

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.acceptance import press_merchant, usual_ready_at
from dispatch.engine.handlers.cancelling import call_off
from dispatch.engine.handlers.offers import take_back_offer
from dispatch.errors import ConflictError, InvalidInputError, Issue
from dispatch.model.commands import (
    AcceptOrder,
    CancelOrder,
    ChangeOrder,
    ChangeReadyTime,
    CollectOrder,
    MarkReady,
    OrderCommand,
    PlaceOrder,
    PressMerchant,
    RateOrder,
    RegisterMerchant,
    RejectOrder,
    StartPreparation,
    WriteMessage,
)
from dispatch.model.events import (
    CustomerMessaged,
    MerchantRegistered,
    OrderAccepted,
    OrderChanged,
    OrderCollected,
    OrderPlaced,
    OrderRated,
    OrderReady,
    OrderRejected,
    PreparationStarted,
    ReadyTimeChanged,
)
from dispatch.model.lifecycle import OrderStatus
from dispatch.model.order import MarketId, OrderId
from dispatch.model.reasons import UnassignReason

_MOST_STARS: Final = 5


def handle_order(draft: Draft, command: OrderCommand) -> None:
    """Decide what is said about an order outside its delivery."""
    match command:
        case PlaceOrder():
            _place(draft, command)
        case ChangeOrder():
            _change(draft, command)
        case AcceptOrder():
            _check_paid(draft, command.order_id)
            ready_at = usual_ready_at(draft, command.order_id) if command.ready_at is None else command.ready_at
            draft.add(OrderAccepted(order_id=command.order_id, ready_at=ready_at))
        case StartPreparation():
            _check_paid(draft, command.order_id)
            draft.add(PreparationStarted(order_id=command.order_id))
        case ChangeReadyTime():
            draft.add(
                ReadyTimeChanged(order_id=command.order_id, ready_at=command.ready_at, reason=command.reason),
            )
        case MarkReady():
            _check_paid(draft, command.order_id)
            draft.add(OrderReady(order_id=command.order_id))
        case RejectOrder():
            take_back_offer(draft, command.order_id, UnassignReason.ORDER_GONE)
            draft.add(OrderRejected(order_id=command.order_id, reason=command.reason))
        case CancelOrder():
            call_off(draft, command.order_id, command.by, command.reason, command.text)
        case CollectOrder():
            _check_paid(draft, command.order_id)
            draft.add(OrderCollected(order_id=command.order_id))
        case RegisterMerchant():
            check_market(draft, command.merchant.market_id, f"Merchant {command.merchant.id}")
            if draft.state.merchants.get(command.merchant.id) != command.merchant:
                draft.add(MerchantRegistered(merchant=command.merchant))
        case PressMerchant():
            press_merchant(draft, command.order_id)
        case WriteMessage():
            draft.add(CustomerMessaged(order_id=command.order_id, text=command.text))
        case RateOrder():
            _rate(draft, command)
        case _:
            assert_never(command)


def _rate(draft: Draft, command: RateOrder) -> None:
    order = draft.state.order(command.order_id)
    if order.status not in (OrderStatus.DELIVERED, OrderStatus.COLLECTED):
        cause = f"Order {command.order_id} is {order.status.value}."
        raise ConflictError(cause, "Rate it when it is there.", code="too_early")
    if order.stars is not None:
        cause = f"Order {command.order_id} was given {order.stars} of {_MOST_STARS} stars already."
        raise ConflictError(cause, "Write a message to say more.", code="rated")
    if not 1 <= command.stars <= _MOST_STARS:
        issue = Issue("out_of_range", f"{command.stars} stars", f"Give 1 to {_MOST_STARS}.", field="stars")
        raise InvalidInputError("rating", [issue])
    draft.add(OrderRated(order_id=command.order_id, stars=command.stars, text=command.text))


def _check_paid(draft: Draft, order_id: OrderId) -> None:
    if draft.state.unpaid(order_id):
        raise ConflictError(f"Order {order_id} is not paid.", "Wait until it is.", code="unpaid")


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

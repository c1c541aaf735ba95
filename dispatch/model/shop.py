"""What a shop and its customer see of an order: the few words of a shop, which follow from its states by themselves."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from dispatch.model.lifecycle import OrderStatus
from dispatch.model.payment import OWED
from dispatch.model.state import OrderState


class ShopStatus(StrEnum):
    """How far an order is, in the words of a shop."""

    PENDING = "pending"
    """Not paid: either the money has to come first, or it comes with the goods."""
    PAID = "paid"
    READY = "ready"
    SHIPPED = "shipped"
    """Out for delivery; an order that its customer fetches never is."""
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """It reached nobody: it went back to the store, or is gone."""


_BY_STATUS: Final = {
    OrderStatus.READY: ShopStatus.READY,
    OrderStatus.PICKED_UP: ShopStatus.SHIPPED,
    OrderStatus.DELIVERED: ShopStatus.COMPLETED,
    OrderStatus.COLLECTED: ShopStatus.COMPLETED,
    OrderStatus.REJECTED: ShopStatus.CANCELLED,
    OrderStatus.CANCELLED: ShopStatus.CANCELLED,
    OrderStatus.FAILED: ShopStatus.FAILED,
    OrderStatus.RETURNED: ShopStatus.FAILED,
    OrderStatus.LOST: ShopStatus.FAILED,
}


def shop_status(order: OrderState) -> ShopStatus:
    """Where an order stands for its shop."""
    if order.cancelled_at is not None:
        return ShopStatus.CANCELLED
    known = _BY_STATUS.get(order.status)
    if known is not None:
        return known
    return ShopStatus.PENDING if order.payment in OWED else ShopStatus.PAID

"""What overrides do at once to who has an order: each step leaves out what is so already."""

from __future__ import annotations

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.offers import take_back_offer, withdraw
from dispatch.model.events import OrderAssigned, OrderHeld, OrderReassigned, OrderUnassigned
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import MerchantId, OrderId
from dispatch.model.reasons import HELD_BY_PERSON, UnassignReason
from dispatch.model.rider import RiderId
from dispatch.model.state import OrderState
from dispatch.units import Instant

_GIVEN = (DispatchStatus.ASSIGNED, DispatchStatus.UNDER_WAY)


def hold(draft: Draft, order_id: OrderId, until: Instant | None) -> None:
    """Nobody goes for the order before ``until``."""
    take(draft, order_id)
    help_ = "Release the order, or assign it."
    draft.add(OrderHeld(order_id=order_id, verdict=HELD_BY_PERSON, until=until, help=help_))


def give(draft: Draft, order_id: OrderId, rider_id: RiderId | None) -> None:
    """The rider gets the order, whoever had it."""
    order = _without_offer(draft, order_id)
    if rider_id is None or order.rider_id == rider_id:
        return
    if order.rider_id is None:
        draft.add(OrderAssigned(order_id=order_id, rider_id=rider_id, forced=True))
    else:
        draft.add(
            OrderReassigned(
                order_id=order_id,
                from_rider_id=order.rider_id,
                rider_id=rider_id,
                reason=UnassignReason.OVERRIDE,
            )
        )


def take(draft: Draft, order_id: OrderId) -> None:
    """Nobody has the order any more, and nobody is asked."""
    order = _without_offer(draft, order_id)
    if order.dispatch in _GIVEN and order.rider_id is not None:
        draft.add(
            OrderUnassigned(order_id=order_id, rider_id=order.rider_id, reason=UnassignReason.OVERRIDE),
        )


def take_from(draft: Draft, order_id: OrderId, rider_id: RiderId | None) -> None:
    """The order is this rider's no more, if it was."""
    order = draft.state.order(order_id)
    asked = [offer_id for offer_id in order.open_offers if draft.state.offer(offer_id).rider_id == rider_id]
    if asked:
        withdraw(draft, asked[0], UnassignReason.OVERRIDE)
    elif rider_id is not None and order.rider_id == rider_id:
        take(draft, order_id)


def take_back_offer_to_others(draft: Draft, order_id: OrderId, rider_id: RiderId | None) -> None:
    """Ask nobody but this rider."""
    for offer_id in draft.state.order(order_id).open_offers:
        if draft.state.offer(offer_id).rider_id != rider_id:
            withdraw(draft, offer_id, UnassignReason.OVERRIDE)


def take_all_of_merchant(draft: Draft, rider_id: RiderId, merchant_id: MerchantId) -> None:
    """Nothing of a merchant is this rider's any more."""
    rider = draft.state.rider(rider_id)
    offered = (order_id for offer_id in sorted(rider.offers) for order_id in draft.state.offer(offer_id).order_ids)
    for order_id in dict.fromkeys((*(task.order_id for task in rider.tasks), *offered)):
        order = draft.state.order(order_id)
        if order.order.merchant_id == merchant_id:
            take_from(draft, order_id, rider_id)


def _without_offer(draft: Draft, order_id: OrderId) -> OrderState:
    take_back_offer(draft, order_id, UnassignReason.OVERRIDE)
    return draft.state.order(order_id)

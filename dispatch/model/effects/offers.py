"""Offers and the orders in them."""

from __future__ import annotations

from typing import assert_never

from dispatch.model.effects.tasks import with_orders
from dispatch.model.events import (
    OfferAccepted,
    OfferDeclined,
    OfferEvent,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
)
from dispatch.model.lifecycle import DISPATCH_TABLE, OFFER_TABLE, DispatchStatus, IllegalMove, after
from dispatch.model.state import MarketState, OfferState, OrderState
from dispatch.units import Instant


def fold_offer(state: MarketState, event: OfferEvent, at: Instant) -> None:
    """Take in one event of an offer. Raises IllegalMove, NotFoundError."""
    match event:
        case OfferMade():
            _made(state, event, at)
        case OfferAccepted():
            _accepted(state, event, at)
        case OfferDeclined() | OfferExpired() | OfferWithdrawn():
            _not_taken(state, event, at)
        case _:
            assert_never(event)


def _made(state: MarketState, event: OfferMade, at: Instant) -> None:
    if event.offer_id in state.offers:
        raise IllegalMove(f"Offer {event.offer_id} exists already.", "Give the new offer an id of its own.")
    rider = state.rider(event.rider_id)
    before = [state.order(order_id) for order_id in event.order_ids]
    for order in before:
        _check_free(state, order, event)
    orders = [
        order._replace(
            dispatch=_moved(order, event),
            offer_id=order.offer_id or event.offer_id,
            beside=order.beside if event.beside is None else (*order.beside, event.offer_id),
            verdict="",
            planned_rider_id=None,
            version=order.version + 1,
        )
        for order in before
    ]
    state.offers[event.offer_id] = OfferState(
        offer_id=event.offer_id,
        rider_id=event.rider_id,
        order_ids=event.order_ids,
        tasks=event.tasks,
        depart_at=event.depart_at,
        made_at=at,
        expires_at=event.expires_at,
    )
    state.riders[event.rider_id] = rider._replace(offers=rider.offers | {event.offer_id}, version=rider.version + 1)
    _write(state, orders)


def _check_free(state: MarketState, order: OrderState, event: OfferMade) -> None:
    if order.offer_id != event.beside or order.rider_id == event.rider_id:
        cause = f"Order {order.order.id} is offered already, or the rider's."
        raise IllegalMove(cause, "Withdraw the offer first, or name another rider.")
    if event.beside is None:
        return
    asked = [state.offer(offer_id).rider_id for offer_id in order.open_offers]
    same = state.offer(event.beside).order_ids == event.order_ids
    if not same or order.rider_id is not None or event.rider_id in asked:
        cause = f"Order {order.order.id} cannot be put to rider {event.rider_id} beside offer {event.beside}."
        raise IllegalMove(cause, "Offer the same orders, which nobody has, to riders who have not been asked.")


def _accepted(state: MarketState, event: OfferAccepted, at: Instant) -> None:
    offer = _answered(state, event)
    rider = state.rider(event.rider_id)
    before = [state.order(order_id) for order_id in event.order_ids]
    for order in before:
        if order.beside:
            cause = f"Order {order.order.id} is put to other riders, too."
            raise IllegalMove(cause, "Withdraw their offers first.")
        if order.rider_id not in (None, event.rider_id):
            cause = f"Order {order.order.id} is with rider {order.rider_id}."
            raise IllegalMove(cause, "Hand it on to the rider who accepts first.")
    orders = [
        order._replace(
            dispatch=_moved(order, event),
            offer_id=None,
            rider_id=event.rider_id,
            assigned_at=at,
            version=order.version + 1,
        )
        for order in before
    ]
    new = [order.order.id for order in before if order.rider_id is None]
    state.offers[event.offer_id] = offer
    state.riders[event.rider_id] = with_orders(rider.heard(at), new)._replace(offers=rider.offers - {event.offer_id})
    _write(state, orders)


def _not_taken(state: MarketState, event: OfferDeclined | OfferExpired | OfferWithdrawn, at: Instant) -> None:
    offer = _answered(state, event)
    rider = state.rider(event.rider_id)
    orders = [
        order.without_offer(event.offer_id)._replace(
            dispatch=order.dispatch if order.beside else _moved(order, event), version=order.version + 1
        )
        for order in map(state.order, event.order_ids)
    ]
    if isinstance(event, OfferDeclined):
        orders = [order._replace(declined_by=order.declined_by | {event.rider_id}) for order in orders]
        rider = rider.heard(at)
    if isinstance(event, OfferExpired):
        rider = rider._replace(unanswered=rider.unanswered + 1)
    state.offers[event.offer_id] = offer
    state.riders[event.rider_id] = rider._replace(offers=rider.offers - {event.offer_id}, version=rider.version + 1)
    _write(state, orders)


def _answered(state: MarketState, event: OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn) -> OfferState:
    offer = state.offer(event.offer_id)
    status = after(OFFER_TABLE, offer.status, event, "offer", event.offer_id)
    if offer.rider_id != event.rider_id or offer.order_ids != event.order_ids:
        raise IllegalMove(f"Offer {event.offer_id} was made to another rider, or of other orders.", "Name it as it is.")
    return offer._replace(status=status)


def _moved(order: OrderState, event: OfferEvent) -> DispatchStatus:
    return after(DISPATCH_TABLE, order.dispatch, event, "order", order.order.id)


def _write(state: MarketState, orders: list[OrderState]) -> None:
    for order in orders:
        state.orders[order.order.id] = order

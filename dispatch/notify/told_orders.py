"""What is told of orders and riders: from each event of the log to its occasion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from dispatch.model.events import (
    CustomerMessaged,
    DeliveryFailed,
    EtaChanged,
    Event,
    LegStarted,
    MerchantReminded,
    OfferMade,
    OrderAccepted,
    OrderAssigned,
    OrderCancelled,
    OrderCollected,
    OrderDelivered,
    OrderLost,
    OrderPickedUp,
    OrderPlaced,
    OrderReady,
    OrderReassigned,
    OrderRejected,
    OrderUnassigned,
    PaymentReceived,
    ReadyTimeChanged,
    Recorded,
)
from dispatch.model.order import Fulfilment, OrderId
from dispatch.model.payment import OWED
from dispatch.model.reasons import FailureReason, UnassignReason
from dispatch.model.rider import TaskKind
from dispatch.notify.matrix import Occasion
from dispatch.notify.telling import Look, Telling, at, of_order, only, text, word
from dispatch.units import MINUTE_S

_NEAR_S: Final = 3 * MINUTE_S
"""So long before the arrival a customer is told that it is near."""
_OTHERS: Final = (UnassignReason.OVERRIDE, UnassignReason.RIDER_PAUSED, UnassignReason.SHIFT_ENDED)
"""Losses that the rider knows of: a person's decision has a message of its own, the others were the rider's doing."""

ORDER_EVENTS: Final[tuple[type[Event], ...]] = (
    OrderPlaced, OrderAccepted, ReadyTimeChanged, OrderReady, OrderRejected, OrderCancelled, OrderCollected,
    OrderPickedUp, OrderDelivered, DeliveryFailed, OrderLost, MerchantReminded, CustomerMessaged,
    OrderAssigned, OrderReassigned, OrderUnassigned, OfferMade, LegStarted, EtaChanged, PaymentReceived,
)  # fmt: skip


def told_of_orders(look: Look, entry: Recorded) -> Iterator[Telling]:
    """What an event gives to tell about an order or to its rider."""
    match entry.event:
        case OrderPlaced(order=order):
            yield from _placed(look, order.id)
        case PaymentReceived(order_id=order_id):
            yield from _to_merchant(look, order_id)
        case OfferMade() | OrderAssigned() | OrderReassigned() | OrderUnassigned():
            yield from _to_riders(look, entry.event)
        case LegStarted():
            yield from _near(look, entry.event)
        case OrderAccepted() | ReadyTimeChanged() | OrderReady() | MerchantReminded():
            yield from _in_the_kitchen(look, entry.event)
        case OrderRejected() | OrderCancelled() | DeliveryFailed() | OrderLost():
            yield from _gone_wrong(look, entry.event)
        case OrderCollected() | OrderPickedUp() | OrderDelivered() | EtaChanged() | CustomerMessaged():
            yield from _on_the_way(look, entry.event)


def _placed(look: Look, order_id: OrderId) -> Iterator[Telling]:
    state, _, values = of_order(look, order_id)
    if state is None:
        return
    values |= {"when": at(state.order.promised_at)}
    yield Telling(
        occasion=Occasion.ORDER_PLACED, values=values, order=state, customer=True, staff=True, once=state.order.id
    )
    yield from _to_merchant(look, order_id)


def _to_merchant(look: Look, order_id: OrderId) -> Iterator[Telling]:
    """A merchant hears of an order once, and only when nobody waits for its money any more."""
    state, merchant, values = of_order(look, order_id)
    account = look.account(order_id)
    if state is None or (account is not None and account.method.first and account.status in OWED):
        return
    values |= {"when": at(state.order.promised_at)}
    yield Telling(occasion=Occasion.ORDER_PLACED, values=values, order=state, merchant=merchant, once=state.order.id)


def _in_the_kitchen(
    look: Look, event: OrderAccepted | ReadyTimeChanged | OrderReady | MerchantReminded
) -> Iterator[Telling]:
    state, merchant, values = of_order(look, event.order_id)
    if state is None:
        return
    told = Telling(occasion=Occasion.ORDER_ACCEPTED, values=values, order=state)
    match event:
        case OrderAccepted():
            yield replace(told, values=values | {"when": at(event.ready_at)}, customer=True)
        case ReadyTimeChanged():
            promised = state.promised_ready_at or state.order.ready_at
            if event.ready_at > promised:
                values |= {"when": at(event.ready_at)}
                told = replace(told, occasion=Occasion.ORDER_DELAYED, values=values, customer=True)
                yield replace(told, riders=only(state.rider_id))
        case OrderReady():
            fetched = state.order.fulfilment is Fulfilment.STORE_PICKUP
            told = replace(told, occasion=Occasion.ORDER_READY, customer=fetched, staff=True)
            yield replace(told, riders=only(state.rider_id))
        case MerchantReminded():
            yield Telling(
                occasion=Occasion.MERCHANT_REMINDED,
                values={"order": values["order"], "nth": event.nth},
                order=state,
                merchant=merchant,
            )


def _gone_wrong(look: Look, event: OrderRejected | OrderCancelled | DeliveryFailed | OrderLost) -> Iterator[Telling]:
    state, merchant, values = of_order(look, event.order_id)
    if state is None:
        return
    match event:
        case OrderRejected():
            occasion, reason = Occasion.ORDER_REJECTED, word("reject_reason", event.reason.value)
        case OrderCancelled():
            occasion, reason = Occasion.ORDER_CANCELLED, word("cancel_reason", event.reason.value)
        case DeliveryFailed():
            occasion, reason = Occasion.DELIVERY_FAILED, word("failure_reason", event.reason.value)
        case OrderLost():
            occasion, reason = Occasion.DELIVERY_FAILED, word("failure_reason", FailureReason.OTHER.value)
    yield Telling(
        occasion=occasion,
        values=values | {"reason": reason},
        order=state,
        merchant=merchant,
        customer=True,
        riders=only(state.rider_id),
        staff=True,
    )


def _on_the_way(
    look: Look, event: OrderCollected | OrderPickedUp | OrderDelivered | EtaChanged | CustomerMessaged
) -> Iterator[Telling]:
    state, _, values = of_order(look, event.order_id)
    if state is None:
        return
    told = Telling(occasion=Occasion.ORDER_DELIVERED, values=values, order=state, staff=True)
    match event:
        case OrderCollected():
            yield told
        case OrderDelivered():
            yield replace(told, customer=True)
        case OrderPickedUp():
            values |= {"when": at(look.expected_at(state))}
            yield replace(told, occasion=Occasion.ORDER_PICKED_UP, values=values, customer=True)
        case EtaChanged() if look.said_before(event.order_id):
            values |= {"when": at(event.dropoff_at)}
            yield replace(told, occasion=Occasion.ETA_CHANGED, values=values, customer=True)
        case CustomerMessaged():
            yield replace(told, occasion=Occasion.CUSTOMER_MESSAGED, values=values | {"text": text(event.text)})


def _to_riders(look: Look, event: OfferMade | OrderAssigned | OrderReassigned | OrderUnassigned) -> Iterator[Telling]:
    if isinstance(event, OfferMade):
        _, _, values = of_order(look, event.order_ids[0])
        values |= {"count": len(event.order_ids), "until": at(event.expires_at, "%H:%M:%S")}
        yield Telling(
            occasion=Occasion.OFFER_MADE,
            values=values,
            riders=(event.rider_id,),
            about={"offer": event.offer_id},
            until_at=event.expires_at,
        )
        return
    state, _, values = of_order(look, event.order_id)
    if state is None or (isinstance(event, OrderAssigned) and event.forced):
        return
    values |= {"when": at(state.ready_at)}
    told = Telling(occasion=Occasion.ORDER_ASSIGNED, values=values, order=state)
    match event:
        case OrderAssigned():
            yield replace(told, riders=(event.rider_id,))
        case OrderReassigned() if event.reason is not UnassignReason.OVERRIDE:
            yield replace(told, riders=(event.rider_id,))
            yield replace(told, occasion=Occasion.ORDER_UNASSIGNED, riders=(event.from_rider_id,))
        case OrderUnassigned() if event.reason not in _OTHERS:
            yield replace(told, occasion=Occasion.ORDER_UNASSIGNED, riders=(event.rider_id,))


def _near(look: Look, event: LegStarted) -> Iterator[Telling]:
    """The leg to a customer's door has begun."""
    rider = look.rider(event.rider_id)
    for task in () if rider is None else rider.tasks:
        state = look.order(task.order_id) if task.kind is TaskKind.DROPOFF else None
        if state is None or state.order.dropoff != event.destination:
            return
        yield Telling(
            occasion=Occasion.ORDER_NEAR,
            values=of_order(look, task.order_id)[2] | {"when": at(event.arrives_at)},
            order=state,
            customer=True,
            once=task.order_id,
            due_at=event.arrives_at - _NEAR_S,
            until_at=event.arrives_at + _NEAR_S,
        )

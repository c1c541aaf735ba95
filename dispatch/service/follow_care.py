"""Timers of what goes on beside the delivery: merchants, payments, cases, lateness."""

from __future__ import annotations

from typing import Final

from dispatch.model.care import CareRules
from dispatch.model.events import (
    CaseClosed,
    CaseEscalated,
    CaseOpened,
    CaseStepTaken,
    DeliveryCorrected,
    DeliveryFailed,
    Event,
    MerchantReminded,
    OrderAccepted,
    OrderCancelled,
    OrderChanged,
    OrderCollected,
    OrderDelivered,
    OrderLost,
    OrderPickedUp,
    OrderPlaced,
    OrderReady,
    OrderRejected,
    OrderReturned,
    PaymentReceived,
    PreparationStarted,
)
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import Order, OrderId
from dispatch.model.reasons import CaseKind
from dispatch.model.state import MarketState
from dispatch.service.following import Follow, FollowUps
from dispatch.store.writes import Timer
from dispatch.units import HOUR_S, Instant, Seconds

MERCHANT_WAITS: Final = "merchant_waits"
PAYMENT_DUE: Final = "payment_due"
CASE_DUE: Final = "case_due"
ORDER_LATE: Final = "order_late"

BACK_S: Final[Seconds] = HOUR_S
"""Within which time food that goes back has to be with its merchant again."""


def merchant_timers(found: FollowUps, event: Event, state: MarketState, now: Instant) -> None:
    """A merchant who does not answer is reminded, until somebody else decides."""
    match event:
        case OrderPlaced(order=order) if not state.unpaid(order.id):
            _wait_for_merchant(found, order.id, state, now)
        case PaymentReceived() if not state.unpaid(event.order_id):
            _wait_for_merchant(found, event.order_id, state, now)
        case MerchantReminded():
            last = event.nth >= state.care.reminders
            wait_s = state.care.last_word_s if last else state.care.remind_every_s
            _merchant_timer(found, event.order_id, now + wait_s)
        case CaseOpened(kind=CaseKind.MERCHANT_SILENT, order_id=str(order_id)):
            _merchant_timer(found, OrderId(order_id), now + state.care.last_word_s)
        case OrderAccepted() | PreparationStarted() | OrderReady() | OrderPickedUp():
            found.cancelled.append(f"merchant:{event.order_id}")
        case OrderRejected() | OrderCancelled() | OrderCollected():
            found.cancelled.append(f"merchant:{event.order_id}")


def _wait_for_merchant(found: FollowUps, order_id: OrderId, state: MarketState, now: Instant) -> None:
    order = state.orders[order_id].order
    merchant = state.merchants.get(order.merchant_id)
    own = None if merchant is None else merchant.confirm_s
    confirm_s = state.care.confirm_s if own is None else own
    if confirm_s and state.orders[order_id].accepted_at is None:
        _merchant_timer(found, order_id, max(now, _asked_at(order, state.care)) + confirm_s)


def _asked_at(order: Order, rules: CareRules) -> Instant:
    """From when on an answer is expected: at once, but for what is wanted much later."""
    return order.placed_at if order.not_before_at is None else order.ready_at - rules.ahead_s


def _merchant_timer(found: FollowUps, order_id: OrderId, due_at: Instant) -> None:
    found.timers.append(Timer(name=f"merchant:{order_id}", kind=MERCHANT_WAITS, due_at=due_at))


def payment_timers(found: FollowUps, event: Event, state: MarketState, now: Instant) -> None:
    """An order that has to be paid first does not wait for ever."""
    match event:
        case OrderPlaced(order=order) if state.unpaid(order.id) and state.care.pay_s:
            found.timers.append(Timer(name=f"pay:{order.id}", kind=PAYMENT_DUE, due_at=now + state.care.pay_s))
        case PaymentReceived() | OrderCancelled() | OrderRejected() if event.order_id in state.accounts:
            found.cancelled.append(f"pay:{event.order_id}")


def case_timers(found: FollowUps, event: Event, _: MarketState, __: Instant) -> None:
    """A case that nobody takes on goes to somebody else."""
    match event:
        case CaseOpened() | CaseStepTaken() | CaseEscalated() if event.due_at is not None:
            found.timers.append(Timer(name=f"case:{event.case_id}", kind=CASE_DUE, due_at=event.due_at))
        case CaseClosed():
            found.cancelled.append(f"case:{event.case_id}")


def late_timers(found: FollowUps, event: Event, state: MarketState, now: Instant) -> None:
    """An order that is late becomes a case by itself, again and again until it is over; so does food that is not
    brought back."""
    if not state.care.late_s:
        return
    match event:
        case OrderPlaced(order=order) | OrderChanged(order=order):
            _late_timer(found, order.id, state, 0)
        case DeliveryCorrected() | OrderCancelled() | DeliveryFailed():
            _late_timer(found, event.order_id, state, now)
        case CaseClosed() if state.cases[event.case_id].order_id is not None:
            _late_timer(found, OrderId(state.cases[event.case_id].order_id or ""), state, now)
        case OrderDelivered() | OrderCollected() | OrderRejected() | OrderReturned() | OrderLost():
            found.cancelled.append(f"late:{event.order_id}")


def _late_timer(found: FollowUps, order_id: OrderId, state: MarketState, now: Instant) -> None:
    """Look at the order when it is late by what was promised, but not before some time from ``now`` is over."""
    order = state.orders[order_id]
    name = f"late:{order_id}"
    if order.over:
        found.cancelled.append(name)
        return
    back = order.dispatch is DispatchStatus.RETURNING
    due_at = now + BACK_S if back else max(order.order.promised_at, now) + state.care.late_s
    found.timers.append(Timer(name=name, kind=ORDER_LATE, due_at=due_at))


CARE_FOLLOW: Final[tuple[Follow, ...]] = (merchant_timers, payment_timers, case_timers, late_timers)
"""All of these, in this order."""

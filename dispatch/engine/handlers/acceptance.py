"""Merchants who do not answer: reminded, taken over by customer service, and in the end decided without."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.cancelling import call_off
from dispatch.engine.handlers.opening import open_case
from dispatch.model.actor import ActorKind
from dispatch.model.care import LastWord
from dispatch.model.events import MerchantReminded, OrderAccepted
from dispatch.model.lifecycle import OrderStatus
from dispatch.model.order import OrderId
from dispatch.model.prep import estimate, hour_of, is_scheduled, size_class
from dispatch.model.reasons import CancelReason, CaseKind
from dispatch.units import Instant


def press_merchant(draft: Draft, order_id: OrderId) -> None:
    """Do what is next about an order that its merchant has not answered; nothing where there is an answer."""
    order = draft.state.order(order_id)
    if order.status is not OrderStatus.PLACED or draft.state.unpaid(order_id):
        return
    rules = draft.state.care
    silent = any(case.kind is CaseKind.MERCHANT_SILENT for case in draft.state.open_cases(order_id))
    if order.reminders < rules.reminders:
        draft.add(MerchantReminded(order_id=order_id, nth=order.reminders + 1))
        if order.reminders + 1 < rules.reminders:
            return
    elif silent:
        _decide_alone(draft, order_id)
        return
    open_case(draft, CaseKind.MERCHANT_SILENT, order_id, None, f"reminded {rules.reminders} times without an answer")


def usual_ready_at(draft: Draft, order_id: OrderId) -> Instant:
    """When the order is ready that a merchant takes now without saying; as it was wanted where nothing is known."""
    order = draft.state.order(order_id)
    wanted = order.order
    if is_scheduled(wanted) or order.ready_at != wanted.ready_at:
        return order.ready_at
    known = estimate(draft.state.preps, wanted.merchant_id, hour_of(draft.at), size_class(wanted))
    return order.ready_at if known is None else draft.at + known.p50_s


def _decide_alone(draft: Draft, order_id: OrderId) -> None:
    rules = draft.state.care
    match rules.last_word:
        case LastWord.ACCEPT:
            ready_at = max(draft.now + rules.prep_s, draft.state.order(order_id).ready_at)
            draft.add(OrderAccepted(order_id=order_id, ready_at=ready_at))
        case LastWord.CANCEL:
            call_off(draft, order_id, ActorKind.SYSTEM, CancelReason.MERCHANT_SILENT)
        case _:
            assert_never(rules.last_word)

"""What follows at once from what was decided: cases that have nothing left to them, money for what never came."""

from __future__ import annotations

from typing import Final

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.blame import conclude_lateness
from dispatch.engine.handlers.cancelling import give_back
from dispatch.engine.handlers.opening import open_case
from dispatch.model.case_flows import FLOWS
from dispatch.model.events import (
    CaseClosed,
    DeliveryFailed,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderCollected,
    OrderDelivered,
    OrderHandedOver,
    OrderLost,
    OrderPickedUp,
    OrderReady,
    OrderRejected,
    OrderReturned,
    PaymentReceived,
    PreparationStarted,
)
from dispatch.model.order import OrderId, PaymentMethod
from dispatch.model.payment import OWED
from dispatch.model.reasons import CaseKind, CaseResult, Party, RescuePlan
from dispatch.model.rider import RiderId

_MOVES: Final = (
    OrderAccepted,
    PreparationStarted,
    OrderReady,
    OrderPickedUp,
    OrderDelivered,
    OrderCollected,
    OrderRejected,
    OrderCancelled,
    DeliveryFailed,
    OrderReturned,
    OrderLost,
)
"""Events that move an order's status."""


def follow_through(draft: Draft) -> None:
    """Add what follows from the events of the draft so far."""
    for event in tuple(draft.events):
        if isinstance(event, OrderHandedOver | OrderPickedUp):
            _rescued(draft, event)
        if isinstance(event, _MOVES):
            _follow(draft, event, event.order_id)


def _follow(draft: Draft, event: Event, order_id: OrderId) -> None:
    match event:
        case OrderRejected():
            give_back(draft, order_id, None, Party.NOBODY, None, event.reason.value)
        case OrderDelivered() | OrderCollected():
            _take_cash(draft, order_id)
            conclude_lateness(draft, order_id)
        case DeliveryFailed():
            _failed(draft, order_id, event.rider_id, event.reason.value)
        case OrderLost():
            _failed(draft, order_id, event.rider_id, "gone with its rider")
        case _:
            pass
    settle_cases(draft, order_id)


def settle_cases(draft: Draft, order_id: OrderId) -> None:
    """Close the order's cases that have nothing left to them."""
    for case in draft.state.open_cases(order_id):
        result = FLOWS[case.kind].settled_by.get(draft.state.order(order_id).status)
        if result is not None:
            draft.add(CaseClosed(case_id=case.case_id, result=result))


def _rescued(draft: Draft, event: OrderHandedOver | OrderPickedUp) -> None:
    """What was planned about a rider in trouble has been done: another rider has the food."""
    plan = RescuePlan.HAND_OVER if isinstance(event, OrderHandedOver) else RescuePlan.REASSIGN
    for case in draft.state.open_cases(event.order_id):
        if case.kind is CaseKind.RIDER_PROBLEM and case.plan is plan:
            draft.add(CaseClosed(case_id=case.case_id, result=CaseResult.RESOLVED))


def _take_cash(draft: Draft, order_id: OrderId) -> None:
    account = draft.state.accounts.get(order_id)
    if account is not None and account.method is PaymentMethod.CASH and account.status in OWED:
        draft.add(
            PaymentReceived(
                order_id=order_id, method=PaymentMethod.CASH, amount=account.total, reference=f"cash-{order_id}"
            )
        )


def _failed(draft: Draft, order_id: OrderId, rider_id: RiderId, text: str) -> None:
    open_case(draft, CaseKind.FAILED_DELIVERY, order_id, rider_id, text)

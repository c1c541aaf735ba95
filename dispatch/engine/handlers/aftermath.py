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
    DeliveryCorrected,
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
    PaymentTakenBack,
    PreparationStarted,
)
from dispatch.model.lifecycle import OrderStatus
from dispatch.model.order import OrderId, PaymentMethod
from dispatch.model.payment import OWED
from dispatch.model.reasons import CaseKind, CaseResult, Party, RescuePlan
from dispatch.model.rider import RiderId
from dispatch.units import MINUTE_S, Money, Seconds

CORRECTABLE_S: Final[Seconds] = 15 * MINUTE_S
"""For so long a rider can say that a task was not done after all."""

_MOVES: Final = (
    OrderAccepted,
    PreparationStarted,
    OrderReady,
    OrderPickedUp,
    OrderDelivered,
    DeliveryCorrected,
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
        case DeliveryCorrected():
            _undelivered(draft, order_id)
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
    if account is None or account.method is not PaymentMethod.CASH or account.status not in OWED:
        return
    due = Money(account.owed_minor, account.total.currency)
    draft.add(PaymentReceived(order_id=order_id, method=PaymentMethod.CASH, amount=due, reference=_cash(order_id)))


def _cash(order_id: OrderId) -> str:
    return f"cash-{order_id}"


def _undelivered(draft: Draft, order_id: OrderId) -> None:
    """A delivery is taken back: so is the cash that was noted with it, and cases that it had settled go on."""
    account = draft.state.accounts.get(order_id)
    if account is not None and _cash(order_id) in account.references:
        if account.refunds:
            text = "cash was noted and given back for a delivery that was none"
            open_case(draft, CaseKind.PAYMENT, order_id, None, text)
        else:
            text = "the delivery was taken back"
            draft.add(PaymentTakenBack(order_id=order_id, reference=_cash(order_id), text=text))
    for case in [case for case in draft.state.cases.values() if case.order_id == order_id]:
        settled = FLOWS[case.kind].settled_by.get(OrderStatus.DELIVERED)
        recent = case.closed_at is not None and draft.at - case.closed_at <= CORRECTABLE_S
        if recent and settled is not None and case.result is settled:
            open_case(draft, case.kind, order_id, case.rider_id, f"again, as {case.case_id}: {case.text}")


def _failed(draft: Draft, order_id: OrderId, rider_id: RiderId, text: str) -> None:
    open_case(draft, CaseKind.FAILED_DELIVERY, order_id, rider_id, text)

"""What steps of cases lead to beside the case itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.cancelling import call_off, give_back
from dispatch.engine.handlers.case_money import amount, bearer
from dispatch.engine.handlers.penalties import give_penalty
from dispatch.errors import ConflictError, InvalidInputError, Issue
from dispatch.model.commands import TakeCaseStep
from dispatch.model.events import (
    CouponGranted,
    DeliveryFailed,
    OrderAccepted,
    OrderPlaced,
    OrderRedirected,
    OrderUnassigned,
    PenaltyKind,
)
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import OrderId
from dispatch.model.reasons import CancelReason, CaseKind, CaseStep, FailureReason, RescuePlan, UnassignReason
from dispatch.model.state import CaseState
from dispatch.units import Money

Effect = Callable[[Draft, CaseState, TakeCaseStep, OrderId], None]

_WHY: Final = {
    CaseKind.CANCELLATION: CancelReason.CUSTOMER_CHANGED_MIND,
    CaseKind.LATENESS: CancelReason.WAITED_TOO_LONG,
    CaseKind.MERCHANT_SILENT: CancelReason.MERCHANT_SILENT,
    CaseKind.ITEMS_DO_NOT_MATCH: CancelReason.ITEMS_DO_NOT_MATCH,
    CaseKind.RIDER_PROBLEM: CancelReason.RIDER_PROBLEM,
}


def carry_out(draft: Draft, case: CaseState, command: TakeCaseStep) -> None:
    """Add the events that a step leads to; ``case`` is as it was before the step. Raises a DispatchError."""
    effect = _EFFECTS.get(command.step)
    if effect is not None and case.order_id is not None:
        effect(draft, case, command, case.order_id)


def _cancel(draft: Draft, case: CaseState, command: TakeCaseStep, order_id: OrderId) -> None:
    why = _WHY.get(case.kind, CancelReason.OTHER)
    minor = amount(draft, case, command)
    party = bearer(case, command)
    call_off(draft, order_id, command.by, why, command.text, minor=minor, party=party, case_id=case.case_id)


def _merchant_agreed(draft: Draft, case: CaseState, command: TakeCaseStep, order_id: OrderId) -> None:
    match case.kind:
        case CaseKind.CANCELLATION:
            _cancel(draft, case, replace(command, step=CaseStep.CANCELLED), order_id)
        case CaseKind.MERCHANT_SILENT:
            ready_at = max(draft.now + draft.state.care.prep_s, draft.state.order(order_id).ready_at)
            draft.add(OrderAccepted(order_id=order_id, ready_at=ready_at))
        case _:
            pass  # a complaint is right: what follows is said with the next step


def _refund(draft: Draft, case: CaseState, command: TakeCaseStep, order_id: OrderId) -> None:
    minor = amount(draft, case, command)
    give_back(draft, order_id, minor, bearer(case, command), case.case_id, command.text or case.kind.value)


def _coupon(draft: Draft, case: CaseState, command: TakeCaseStep, order_id: OrderId) -> None:
    account = draft.state.accounts.get(order_id)
    minor = amount(draft, case, command)
    if account is None or minor <= 0:
        cause = f"Order {order_id} has no price that a coupon could be a part of."
        raise ConflictError(cause, "Take another step.", code="no_money")
    draft.add(
        CouponGranted(
            order_id=order_id,
            code=draft.next_name("coupon"),
            amount=Money(minor, account.total.currency),
            party=bearer(case, command),
            case_id=case.case_id,
        )
    )


def order_again(draft: Draft, order_id: OrderId) -> OrderId:
    """Place an order once more, at no price, before all others; the kitchen needs as long as it did the first time."""
    first = draft.state.order(order_id)
    order = first.order
    cooking_s = max(0, first.ready_at - order.placed_at)
    again = OrderId(draft.next_name(f"{order.id}-again"))
    draft.add(
        OrderPlaced(
            order=replace(
                order,
                id=again,
                placed_at=draft.now,
                ready_at=draft.now + cooking_s,
                promised_at=draft.now + max(cooking_s, order.promised_at - order.placed_at),
                priority=first.priority + 1,
                external_id="",
                linked_to=order.id,
                total=None,
                payment=type(order.payment).ELSEWHERE,
            )
        )
    )
    return again


def _redeliver(draft: Draft, _: CaseState, __: TakeCaseStep, order_id: OrderId) -> None:
    order_again(draft, order_id)


def _agree_plan(draft: Draft, case: CaseState, command: TakeCaseStep, order_id: OrderId) -> None:
    """Do what was proposed; to wait, or to meet another rider, is for people on the road to do."""
    order = draft.state.order(order_id)
    match case.plan:
        case RescuePlan.REASSIGN if order.dispatch in (DispatchStatus.ASSIGNED, DispatchStatus.UNDER_WAY):
            if order.rider_id is not None:
                draft.add(
                    OrderUnassigned(order_id=order_id, rider_id=order.rider_id, reason=UnassignReason.RIDER_PROBLEM)
                )
        case RescuePlan.CANCEL:
            _cancel(draft, case, replace(command, step=CaseStep.CANCELLED, money=None), order_id)
        case _:
            pass


def _propose(draft: Draft, _: CaseState, command: TakeCaseStep, order_id: OrderId) -> None:
    """Refuse a plan that cannot be carried out."""
    carried = draft.state.order(order_id).dispatch is DispatchStatus.CARRIED
    issues = []
    if command.plan is RescuePlan.HAND_OVER:
        if not carried:
            action = "Propose to reassign it."
            issues.append(Issue("not_on_board", "nobody has the food yet", action, field="plan"))
        if command.rider_id is None or command.place is None:
            cause, action = "handing over needs the other rider and a place to meet", "Send rider_id and place."
            issues.append(Issue("missing", cause, action, field="rider_id"))
        else:
            draft.state.rider(command.rider_id)
    if command.plan is RescuePlan.REASSIGN and carried:
        action = "Propose that another rider meets the first one."
        issues.append(Issue("on_board", "the rider has the food already", action, field="plan"))
    if issues:
        raise InvalidInputError("case step", issues)


def _redirect(draft: Draft, _: CaseState, command: TakeCaseStep, order_id: OrderId) -> None:
    if command.place is not None:
        draft.add(OrderRedirected(order_id=order_id, dropoff=command.place, address=command.text))


def _give_up(draft: Draft, case: CaseState, command: TakeCaseStep, order_id: OrderId) -> None:
    order = draft.state.order(order_id)
    if order.dispatch is not DispatchStatus.CARRIED or order.rider_id is None:
        why = _WHY.get(case.kind, CancelReason.OTHER)
        call_off(draft, order_id, command.by, why, command.text, case_id=case.case_id)
        return
    wrong = case.kind is CaseKind.WRONG_ADDRESS
    reason = FailureReason.WRONG_ADDRESS if wrong else FailureReason.CUSTOMER_ABSENT
    draft.add(DeliveryFailed(order_id=order_id, rider_id=order.rider_id, reason=reason))


def _warn(draft: Draft, case: CaseState, command: TakeCaseStep, order_id: OrderId) -> None:
    kind = PenaltyKind.WARNING if command.step is CaseStep.RIDER_WARNED else PenaltyKind.DEDUCTION
    rider_id = draft.state.order(order_id).rider_id
    if rider_id is None:
        raise ConflictError(f"Order {order_id} has no rider.", "Nobody can be blamed.", code="no_rider")
    give_penalty(draft, rider_id, kind, command.text or case.kind.value, order_id, case.case_id)


_EFFECTS: Final[Mapping[CaseStep, Effect]] = {
    CaseStep.CANCELLED: _cancel,
    CaseStep.MERCHANT_AGREED: _merchant_agreed,
    CaseStep.REFUNDED: _refund,
    CaseStep.ITEMS_ACCEPTED: _refund,
    CaseStep.COUPON_GIVEN: _coupon,
    CaseStep.REDELIVERY_ORDERED: _redeliver,
    CaseStep.PLAN_PROPOSED: _propose,
    CaseStep.PLAN_AGREED: _agree_plan,
    CaseStep.ADDRESS_CORRECTED: _redirect,
    CaseStep.GIVEN_UP: _give_up,
    CaseStep.RIDER_WARNED: _warn,
    CaseStep.RIDER_CHARGED: _warn,
}

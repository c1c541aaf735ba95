"""Exceptions: opened, taken, worked on, escalated, closed."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.cancelling import call_off
from dispatch.engine.handlers.case_effects import carry_out
from dispatch.engine.handlers.case_money import check_amount
from dispatch.engine.handlers.opening import open_case
from dispatch.errors import ConflictError, InvalidInputError, Issue
from dispatch.model.actor import ActorKind
from dispatch.model.case_flows import ESCALATES_TO, FLOWS, Move, Need, move_of, moves_of
from dispatch.model.commands import (
    AskCancellation,
    CaseCommand,
    CloseCase,
    Complain,
    EscalateCase,
    OpenCase,
    ReportLateness,
    TakeCase,
    TakeCaseStep,
)
from dispatch.model.events import CaseClosed, CaseEscalated, CaseStepTaken, CaseTaken
from dispatch.model.lifecycle import CaseStatus, DispatchStatus, IllegalMove, OrderStatus
from dispatch.model.reasons import CaseKind, CaseStage
from dispatch.model.state import CaseState

_OVER = frozenset(
    {
        OrderStatus.DELIVERED,
        OrderStatus.COLLECTED,
        OrderStatus.CANCELLED,
        OrderStatus.REJECTED,
        OrderStatus.FAILED,
        OrderStatus.RETURNED,
        OrderStatus.LOST,
    }
)
_RECEIVED = frozenset({OrderStatus.DELIVERED, OrderStatus.COLLECTED})
_MOST_DOUBLINGS = 5


def handle_case(draft: Draft, command: CaseCommand) -> None:
    """Decide a step in handling an exception. Raises NotFoundError, ConflictError, InvalidInputError."""
    match command:
        case OpenCase():
            _open(draft, command)
        case TakeCase():
            if draft.state.case(command.case_id).person != command.person:
                draft.add(CaseTaken(case_id=command.case_id, person=command.person))
        case TakeCaseStep():
            take_step(draft, command)
        case EscalateCase():
            _escalate(draft, command)
        case CloseCase():
            draft.add(CaseClosed(case_id=command.case_id, result=command.result))
        case AskCancellation():
            _ask_cancellation(draft, command)
        case Complain():
            _complain(draft, command)
        case ReportLateness():
            _report_lateness(draft, command)
        case _:
            assert_never(command)


def _open(draft: Draft, command: OpenCase) -> None:
    if command.order_id is not None:
        order = draft.state.order(command.order_id)
        if order.over and order.status in FLOWS[command.kind].settled_by:
            cause = (
                f"Order {command.order_id} is {order.status.value}: nothing is left to a case of {command.kind.value}."
            )
            raise IllegalMove(cause, "Open one of another kind if something is wrong.")
    if command.rider_id is not None:
        draft.state.rider(command.rider_id)
    open_case(draft, command.kind, command.order_id, command.rider_id, command.text)


def take_step(draft: Draft, command: TakeCaseStep) -> None:
    """Take a step of a case's flow, with all that follows from it. Raises like ``handle_case``."""
    case = draft.state.case(command.case_id)
    move = _check_move(case, command)
    _check_needs(case, command, move)
    check_amount(draft, case, command)
    # The step stands in the log before what it leads to, so that nothing of that ends the case first.
    due_s = FLOWS[case.kind].due_s
    draft.add(
        CaseStepTaken(
            case_id=case.case_id,
            step=command.step,
            text=command.text,
            money=command.money,
            stage=case.stage if move.to is CaseStage.CLOSED else move.to,
            rider_id=command.rider_id,
            place=command.place,
            plan=command.plan,
            party=command.party,
            due_at=draft.now + due_s,
        )
    )
    if move.result is not None:
        draft.add(CaseClosed(case_id=case.case_id, result=move.result))
    carry_out(draft, case, command)


def _check_move(case: CaseState, command: TakeCaseStep) -> Move:
    move = move_of(case.kind, case.stage, command.step)
    if case.status is CaseStatus.CLOSED:
        raise IllegalMove(f"Case {case.case_id} is closed.", "Open a new one if there is something new.")
    if move is None:
        possible = ", ".join(one.step.value for one in moves_of(case.kind, case.stage))
        cause = f"{command.step.value} is no step of a {case.kind.value} case that is {case.stage.value}."
        raise IllegalMove(cause, f"Take one of: {possible}.")
    if command.by not in move.by:
        cause = f"{command.step.value} is not for a {command.by.value} to say."
        allowed = ", ".join(sorted(kind.value for kind in move.by))
        raise ConflictError(cause, f"It takes one of: {allowed}.", code="not_yours")
    return move


def _check_needs(case: CaseState, command: TakeCaseStep, move: Move) -> None:
    given = {
        Need.TEXT: bool(command.text.strip()),
        Need.RIDER: command.rider_id is not None,
        Need.PLACE: command.place is not None,
        Need.PLAN: command.plan is not None,
        Need.PARTY: command.party is not None,
        Need.ORDER: case.order_id is not None,
    }
    missing = [need for need in Need if need in move.needs and not given[need]]
    if missing:
        action = "Send it with the step."
        raise InvalidInputError(
            "case step",
            [Issue("missing", f"{move.step.value} needs a {need.value}", action, field=need.value) for need in missing],
        )


def _escalate(draft: Draft, command: EscalateCase) -> None:
    case = draft.state.case(command.case_id)
    if case.status is CaseStatus.CLOSED or case.due_at is None or draft.now < case.due_at:
        return
    wait_s = FLOWS[case.kind].due_s * 2 ** min(case.level, _MOST_DOUBLINGS)
    draft.add(CaseEscalated(case_id=case.case_id, owner=ESCALATES_TO, due_at=draft.now + wait_s))


def _ask_cancellation(draft: Draft, command: AskCancellation) -> None:
    order = draft.state.order(command.order_id)
    if order.status is OrderStatus.PLACED:
        call_off(draft, command.order_id, ActorKind.CUSTOMER, command.reason, command.text)
    elif order.status in _OVER:
        cause = f"Order {command.order_id} is {order.status.value} already."
        raise IllegalMove(cause, "Complain if something was wrong with it.")
    else:
        text = f"{command.reason.value}: {command.text}".rstrip(": ")
        open_case(draft, CaseKind.CANCELLATION, command.order_id, None, text)


def _report_lateness(draft: Draft, command: ReportLateness) -> None:
    order = draft.state.order(command.order_id)
    if order.dispatch is DispatchStatus.RETURNING:
        open_case(draft, CaseKind.RIDER_PROBLEM, command.order_id, order.rider_id, "the food has not come back")
    elif order.status not in _OVER:
        open_case(draft, CaseKind.LATENESS, command.order_id, None, command.text)


def _complain(draft: Draft, command: Complain) -> None:
    order = draft.state.order(command.order_id)
    if order.status not in _RECEIVED:
        cause = f"Order {command.order_id} is {order.status.value}: there is nothing to complain about yet."
        raise IllegalMove(cause, "Ask for a cancellation instead, or wait until it is there.")
    open_case(draft, CaseKind.QUALITY, command.order_id, None, command.text)

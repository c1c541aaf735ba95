"""Riders blamed, and forgiven."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.errors import ConflictError, InvalidInputError, Issue
from dispatch.model.commands import AppealPenalty, DecideAppeal, GivePenalty, PenaltyCommand
from dispatch.model.events import AppealDecided, CaseId, PenaltyAppealed, PenaltyGiven, PenaltyId, PenaltyKind
from dispatch.model.order import OrderId
from dispatch.model.rider import RiderId
from dispatch.units import Money


def handle_penalty(draft: Draft, command: PenaltyCommand) -> None:
    """Decide about a rider's record. Raises NotFoundError, ConflictError, InvalidInputError."""
    match command:
        case GivePenalty():
            _check_text(command.text)
            give_penalty(
                draft,
                command.rider_id,
                command.kind,
                command.text,
                command.order_id,
                command.case_id,
                amount=command.amount,
            )
        case AppealPenalty():
            _appeal(draft, command)
        case DecideAppeal():
            _check_text(command.text)
            rider_id = draft.state.penalty(command.penalty_id).rider_id
            draft.add(
                AppealDecided(
                    penalty_id=command.penalty_id, rider_id=rider_id, lifted=command.lifted, text=command.text
                )
            )
        case _:
            assert_never(command)


def give_penalty(
    draft: Draft,
    rider_id: RiderId,
    kind: PenaltyKind,
    text: str,
    order_id: OrderId | None,
    case_id: CaseId | None,
    *,
    amount: Money | None = None,
) -> None:
    """Note a penalty; a deduction without an amount is the policy's."""
    draft.state.rider(rider_id)
    if kind is PenaltyKind.DEDUCTION and amount is None:
        amount = _usual(draft, order_id)
    draft.add(
        PenaltyGiven(
            penalty_id=PenaltyId(draft.next_name("penalty")),
            rider_id=rider_id,
            kind=kind,
            text=text,
            amount=amount if kind is PenaltyKind.DEDUCTION else None,
            order_id=order_id,
            case_id=case_id,
        )
    )


def _usual(draft: Draft, order_id: OrderId | None) -> Money:
    account = None if order_id is None else draft.state.accounts.get(order_id)
    if account is None:
        cause, action = "a deduction needs an amount where there is no order with a price", "Name the amount."
        raise InvalidInputError("penalty", [Issue("missing", cause, action, field="amount")])
    return Money(draft.state.care.deduction_minor, account.total.currency)


def _appeal(draft: Draft, command: AppealPenalty) -> None:
    _check_text(command.text)
    penalty = draft.state.penalty(command.penalty_id)
    if draft.now > penalty.given_at + draft.state.care.appeal_s:
        cause = f"The time to appeal against penalty {command.penalty_id} is over."
        raise ConflictError(cause, "Talk to operations.", code="too_late")
    draft.add(PenaltyAppealed(penalty_id=command.penalty_id, rider_id=command.rider_id, text=command.text))


def _check_text(text: str) -> None:
    if not text.strip():
        raise InvalidInputError("penalty", [Issue("missing", "a reason is mandatory", "Say why.", field="text")])

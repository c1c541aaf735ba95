"""Disputes: a customer's bank takes money back, somebody answers in time, and the bank decides."""

from __future__ import annotations

from datetime import UTC, datetime

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.opening import open_case
from dispatch.errors import ConflictError
from dispatch.model.commands import DisputePayment, EndDispute
from dispatch.model.events import CaseClosed, DisputeEnded, PaymentDisputed
from dispatch.model.order import OrderId
from dispatch.model.payment import Dispute
from dispatch.model.reasons import CaseKind, CaseResult
from dispatch.units import Instant


def open_dispute(draft: Draft, command: DisputePayment) -> None:
    """Note that the money is gone for now, and have somebody answer the bank. The same again changes nothing."""
    if _known(draft, command.order_id, command.reference) is not None:
        return
    draft.add(
        PaymentDisputed(
            order_id=command.order_id,
            reference=command.reference,
            amount=command.amount,
            cause=command.cause,
            answer_by=command.answer_by,
        )
    )
    what = f"{command.reference}: {command.amount.minor} {command.amount.currency} taken back ({command.cause})"
    open_case(draft, CaseKind.CHARGEBACK, command.order_id, None, f"{what}{_until(command.answer_by)}")


def end_dispute(draft: Draft, command: EndDispute) -> None:
    """Note what the bank has decided, and close the case where no other dispute is open. Raises ConflictError."""
    known = _known(draft, command.order_id, command.reference)
    if known is None:  # the gateway's messages come in any order
        draft.add(PaymentDisputed(order_id=command.order_id, reference=command.reference, amount=command.amount))
    elif known.won is not None:
        if known.won is command.won:
            return
        cause = f"Dispute {command.reference} has ended already, the other way."
        raise ConflictError(cause, "Look at it in the gateway's dashboard.", code="dispute_ended")
    draft.add(DisputeEnded(order_id=command.order_id, reference=command.reference, won=command.won))
    if any(one.won is None for one in draft.state.account(command.order_id).disputes):
        return
    for case in draft.state.open_cases(command.order_id):
        if case.kind is CaseKind.CHARGEBACK:
            result = CaseResult.RESOLVED if command.won else CaseResult.COMPENSATED
            draft.add(CaseClosed(case_id=case.case_id, result=result))


def _known(draft: Draft, order_id: OrderId, reference: str) -> Dispute | None:
    return next((one for one in draft.state.account(order_id).disputes if one.reference == reference), None)


def _until(answer_by: Instant | None) -> str:
    if answer_by is None:
        return ""
    return f"; evidence is taken until {datetime.fromtimestamp(answer_by, UTC):%Y-%m-%d %H:%M} UTC"

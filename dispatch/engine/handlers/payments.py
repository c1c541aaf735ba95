"""An order's money: what comes in, what is checked by hand, what has been sent back."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.cancelling import call_off
from dispatch.engine.handlers.disputes import end_dispute, open_dispute
from dispatch.engine.handlers.opening import open_case
from dispatch.errors import ConflictError, InvalidInputError, Issue
from dispatch.model.actor import ActorKind
from dispatch.model.commands import (
    CheckTransfer,
    ClaimTransfer,
    DisputePayment,
    EndDispute,
    EndPaymentWait,
    FailPayment,
    FailRefund,
    MoneyCommand,
    ReceivePayment,
    SettleRefund,
)
from dispatch.model.events import (
    PaymentFailed,
    PaymentReceived,
    PaymentUnmatched,
    RefundFailed,
    RefundSettled,
    TransferClaimed,
    TransferRefused,
)
from dispatch.model.lifecycle import OrderStatus
from dispatch.model.order import OrderId, PaymentMethod
from dispatch.model.payment import PaymentStatus, Refund, RefundStatus
from dispatch.model.reasons import CancelReason, CaseKind
from dispatch.units import Money


def handle_money(draft: Draft, command: MoneyCommand) -> None:
    """Decide what is said about money. Raises NotFoundError, ConflictError, InvalidInputError."""
    match command:
        case ReceivePayment():
            _receive(draft, command)
        case FailPayment():
            draft.state.account(command.order_id)
            draft.add(PaymentFailed(order_id=command.order_id, reference=command.reference, cause=command.cause))
        case ClaimTransfer():
            draft.add(TransferClaimed(order_id=command.order_id, picture=command.picture))
        case CheckTransfer():
            _check_transfer(draft, command)
        case EndPaymentWait():
            _end_wait(draft, command.order_id)
        case SettleRefund():
            _settle(draft, command)
        case FailRefund():
            _fail(draft, command)
        case DisputePayment():
            open_dispute(draft, command)
        case EndDispute():
            end_dispute(draft, command)
        case _:
            assert_never(command)


def _receive(draft: Draft, command: ReceivePayment) -> None:
    account = draft.state.account(command.order_id)
    if command.reference in (*account.references, *account.unmatched):
        return
    if command.amount != account.total:
        # It must not be lost, nor taken for the price: it goes back, and a person looks after the customer.
        if command.amount.minor > 0:
            draft.add(
                PaymentUnmatched(
                    order_id=command.order_id,
                    method=command.method,
                    amount=command.amount,
                    reference=command.reference,
                )
            )
        due, came = account.total, command.amount
        text = f"{command.reference}: {came.minor} {came.currency} came in, {due.minor} {due.currency} is due"
        open_case(draft, CaseKind.PAYMENT, command.order_id, None, text)
        return
    draft.add(
        PaymentReceived(
            order_id=command.order_id, method=command.method, amount=command.amount, reference=command.reference
        )
    )


def _check_transfer(draft: Draft, command: CheckTransfer) -> None:
    account = draft.state.account(command.order_id)
    if account.status is not PaymentStatus.CLAIMED:
        cause = f"Order {command.order_id} has no transfer to check; its payment is {account.status.value}."
        raise ConflictError(cause, "Look at its payment again.", code="no_transfer")
    if command.found:
        draft.add(
            PaymentReceived(
                order_id=command.order_id,
                method=PaymentMethod.TRANSFER,
                amount=Money(account.total.minor, account.total.currency),
                reference=account.picture,
            )
        )
    elif command.text.strip():
        draft.add(TransferRefused(order_id=command.order_id, text=command.text))
    else:
        action = "Say what is wrong with it."
        raise InvalidInputError("transfer", [Issue("missing", "a refusal needs a reason", action, field="text")])


def _end_wait(draft: Draft, order_id: OrderId) -> None:
    if not draft.state.unpaid(order_id) or draft.state.order(order_id).status is not OrderStatus.PLACED:
        return
    if draft.state.account(order_id).status is PaymentStatus.CLAIMED:
        open_case(draft, CaseKind.PAYMENT, order_id, None, "a transfer waits to be checked")
        return
    call_off(draft, order_id, ActorKind.SYSTEM, CancelReason.PAYMENT_FAILED, "not paid in time")


def _fail(draft: Draft, command: FailRefund) -> None:
    refund = _refund(draft, command)
    if refund is not None and refund.status is RefundStatus.FAILED:
        return
    draft.add(RefundFailed(order_id=command.order_id, refund_id=command.refund_id, cause=command.cause))
    text = f"refund {command.refund_id} failed: {command.cause}"
    open_case(draft, CaseKind.PAYMENT, command.order_id, None, text)


def _refund(draft: Draft, command: SettleRefund | FailRefund) -> Refund | None:
    account = draft.state.account(command.order_id)
    return next((one for one in account.refunds if one.refund_id == command.refund_id), None)


def _settle(draft: Draft, command: SettleRefund) -> None:
    refund = _refund(draft, command)
    if refund is not None and refund.status is RefundStatus.SETTLED and refund.reference == command.reference:
        return
    draft.add(
        RefundSettled(order_id=command.order_id, refund_id=command.refund_id, reference=command.reference),
    )

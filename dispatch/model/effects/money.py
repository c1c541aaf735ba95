"""An order's money: what is owed, what came in, what goes back. Each movement makes two entries that cancel out."""

from __future__ import annotations

from typing import assert_never

from dispatch.model.effects.disputes import disputed
from dispatch.model.effects.ledger import minor_of, moved, standing
from dispatch.model.events import (
    CouponGranted,
    DisputeEnded,
    MoneyEvent,
    PaymentDisputed,
    PaymentFailed,
    PaymentReceived,
    PaymentTakenBack,
    PaymentUnmatched,
    RefundFailed,
    RefundGranted,
    RefundSettled,
    TransferClaimed,
    TransferRefused,
)
from dispatch.model.lifecycle import IllegalMove
from dispatch.model.order import Order, PaymentMethod
from dispatch.model.payment import (
    BORNE,
    OVERPAID,
    OWED,
    Account,
    AccountState,
    PaymentStatus,
    Refund,
    RefundStatus,
)
from dispatch.model.reasons import Party
from dispatch.model.state import MarketState
from dispatch.units import Instant


def open_account(state: MarketState, order: Order, at: Instant) -> None:
    """An order with a price was placed: the customer owes it, or a platform has it already."""
    if order.total is None or order.total.minor <= 0:
        return
    account = AccountState(order.id, order.payment, order.total, PaymentStatus.DUE)
    account = moved(account, at, "placed", Account.SALES, Account.CUSTOMER, order.total.minor)
    if order.payment is PaymentMethod.ELSEWHERE:
        account = _paid(account, at, order.platform or order.payment.value, order.total.minor)
    _keep(state, account)


def charge_changed(state: MarketState, order: Order, at: Instant) -> None:
    """An order was edited, and may have another price now. Raises IllegalMove where money has moved already."""
    account = state.accounts.get(order.id)
    if account is None and order.total is not None:
        open_account(state, order, at)
    if account is None or order.total is None or order.total == account.total:
        return
    touched = account.paid_minor or account.refunds or account.waived_minor
    if touched or order.total.currency != account.total.currency:
        cause = f"Order {order.id} has been paid or refunded at its price of {account.total.minor}."
        raise IllegalMove(cause, "Refund the difference, or cancel the order and place a new one.")
    more = order.total.minor - account.total.minor
    account = moved(account, at, "changed", Account.SALES, Account.CUSTOMER, more)
    _keep(state, standing(account._replace(total=order.total, version=account.version + 1)))


def fold_money(state: MarketState, event: MoneyEvent, at: Instant) -> None:
    """Take in one event of an order's money. Raises IllegalMove, NotFoundError."""
    account = state.account(event.order_id)
    match event:
        case PaymentReceived():
            account = _received(account, event, at)
        case PaymentFailed():
            pass
        case PaymentTakenBack():
            account = _taken_back(account, event, at)
        case PaymentUnmatched():
            account = _unmatched(account, event, at)
        case PaymentDisputed() | DisputeEnded():
            account = disputed(account, event, at)
        case TransferClaimed():
            _owed(account, "is not waiting for a transfer")
            account = account._replace(status=PaymentStatus.CLAIMED, picture=event.picture)
        case TransferRefused():
            _owed(account, "has no transfer to check")
            account = account._replace(status=PaymentStatus.DUE, picture="")
        case RefundGranted():
            account = _granted(account, event, at)
        case RefundSettled():
            account = _settled(account, event, at)
        case RefundFailed():
            account = _with_refund(account, event.refund_id, RefundStatus.FAILED, event.cause)
        case CouponGranted():
            # A coupon costs somebody something, also where nothing was sold.
            bearer = Account.GOODWILL if event.party is Party.NOBODY else _bearer(event.party)
            account = moved(
                account, at, f"coupon {event.code}", Account.COUPONS, bearer, minor_of(account, event.amount)
            )
        case _:
            assert_never(event)
    if _keep(state, account._replace(version=account.version + 1)):
        order = state.orders[event.order_id]
        state.orders[event.order_id] = order._replace(version=order.version + 1)


def _keep(state: MarketState, account: AccountState) -> bool:
    """Put the account into the state; its order shows how far the money is. Whether it shows something new."""
    state.accounts[account.order_id] = account
    order = state.orders[account.order_id]
    if order.payment is account.status:
        return False
    state.orders[account.order_id] = order._replace(payment=account.status)
    return True


def _received(account: AccountState, event: PaymentReceived, at: Instant) -> AccountState:
    if event.reference in account.references:
        raise IllegalMove(f"Payment {event.reference} has been taken already.", "Do not send it again.")
    return _paid(account, at, event.reference, minor_of(account, event.amount))


def _paid(account: AccountState, at: Instant, reference: str, minor: int) -> AccountState:
    account = moved(account, at, f"paid {reference}", Account.CUSTOMER, Account.RECEIPTS, minor)
    account = account._replace(paid_minor=account.paid_minor + minor, references=(*account.references, reference))
    # Money for what need not be paid any more goes back as it came.
    over = -account.owed_minor
    refunds = (*account.refunds, Refund(f"{OVERPAID}{reference}", over, at)) if over > 0 else account.refunds
    return standing(account._replace(refunds=refunds))


def _unmatched(account: AccountState, event: PaymentUnmatched, at: Instant) -> AccountState:
    """The account with money that has to go back, and pays nothing. What is of another currency stands by itself."""
    known = (*account.references, *account.unmatched)
    if event.reference in known or event.amount.minor <= 0:
        raise IllegalMove(f"Payment {event.reference} has been taken already, or is none.", "Do not send it again.")
    minor, foreign = event.amount.minor, event.amount.currency != account.total.currency
    currency = event.amount.currency if foreign else ""
    refund = Refund(f"{OVERPAID}{event.reference}", minor, at, currency=currency)
    account = moved(account, at, f"came {event.reference}", Account.CUSTOMER, Account.RECEIPTS, minor, currency)
    return account._replace(
        paid_minor=account.paid_minor + (0 if foreign else minor),
        refunds=(*account.refunds, refund),
        unmatched=(*account.unmatched, event.reference),
    )


def _taken_back(account: AccountState, event: PaymentTakenBack, at: Instant) -> AccountState:
    """The account as if the payment had not come. Raises IllegalMove where it has not, or some of it has gone back."""
    if event.reference not in account.references or account.refunds:
        cause = f"Payment {event.reference} of order {account.order_id} is not there as it came."
        raise IllegalMove(cause, "Look at the order's money; a refund is taken back by hand.")
    came = [entry.minor for entry in account.entries if entry.movement == f"paid {event.reference}"]
    minor = max(came[-2:])
    account = moved(account, at, f"not paid {event.reference}", Account.RECEIPTS, Account.CUSTOMER, minor)
    references = tuple(name for name in account.references if name != event.reference)
    return standing(account._replace(paid_minor=account.paid_minor - minor, references=references))


def _granted(account: AccountState, event: RefundGranted, at: Instant) -> AccountState:
    minor = minor_of(account, event.amount)
    if minor > account.left_minor:
        cause = f"Only {account.left_minor} of order {account.order_id} can still be given back, not {minor}."
        raise IllegalMove(cause, "Grant less.")
    account = moved(account, at, f"refund {event.refund_id}", Account.CUSTOMER, _bearer(event.party), minor)
    # What was never paid is waived; only what the customer is owed has to be sent back.
    owed = min(minor, max(0, -account.owed_minor))
    refunds = (*account.refunds, Refund(event.refund_id, owed, at)) if owed else account.refunds
    waived = account.waived_minor + minor - owed
    return standing(account._replace(refunds=refunds, waived_minor=waived))


def _settled(account: AccountState, event: RefundSettled, at: Instant) -> AccountState:
    refund = _refund(account, event.refund_id)
    account = _with_refund(account, event.refund_id, RefundStatus.SETTLED, event.reference)
    name = f"settled {event.refund_id}"
    return moved(account, at, name, Account.RECEIPTS, Account.CUSTOMER, refund.minor, refund.currency)


def _with_refund(account: AccountState, refund_id: str, status: RefundStatus, reference: str) -> AccountState:
    refund = _refund(account, refund_id)
    if refund.status is RefundStatus.SETTLED:
        raise IllegalMove(f"Refund {refund_id} has been settled.", "Nothing is left to do.")
    changed = refund._replace(status=status, reference=reference)
    return account._replace(refunds=tuple(changed if one is refund else one for one in account.refunds))


def _refund(account: AccountState, refund_id: str) -> Refund:
    found = next((refund for refund in account.refunds if refund.refund_id == refund_id), None)
    if found is None:
        raise IllegalMove(f"Order {account.order_id} has no refund {refund_id}.", "Check the refund's id.")
    return found


def _owed(account: AccountState, otherwise: str) -> None:
    if account.method is not PaymentMethod.TRANSFER or account.status not in OWED:
        raise IllegalMove(f"Order {account.order_id} {otherwise}.", "Look at its payment again.")


def _bearer(party: Party) -> Account:
    return BORNE.get(party, Account.GOODWILL)

"""The account of an order: entries that cancel out, and the status that its amounts say."""

from __future__ import annotations

from dispatch.model.lifecycle import IllegalMove
from dispatch.model.payment import OWED, Account, AccountState, Entry, PaymentStatus
from dispatch.units import Instant, Money


def moved(
    account: AccountState, at: Instant, movement: str, less: Account, more: Account, minor: int, currency: str = ""
) -> AccountState:
    """The account with one more movement; ``currency`` where it is not that of the order."""
    entries = (Entry(at, movement, less, -minor, currency), Entry(at, movement, more, minor, currency))
    return account._replace(entries=account.entries + entries)


def standing(account: AccountState) -> AccountState:
    """The account with the status that its amounts say."""
    gone = account.refunded_minor + account.waived_minor
    if gone >= account.total.minor:
        status = PaymentStatus.REFUNDED
    elif account.taken_minor + account.waived_minor < account.total.minor:
        status = account.status if account.status in OWED else PaymentStatus.DUE
    else:
        status = PaymentStatus.PARTLY_REFUNDED if gone else PaymentStatus.PAID
    return account._replace(status=status)


def minor_of(account: AccountState, amount: Money) -> int:
    """The amount, where it is money of the order's currency and more than nothing. Raises IllegalMove."""
    if amount.currency != account.total.currency:
        cause = f"Order {account.order_id} is in {account.total.currency}, not in {amount.currency}."
        raise IllegalMove(cause, "Use the order's currency.")
    if amount.minor <= 0:
        raise IllegalMove(f"An amount of {amount.minor} moves no money.", "Name an amount above 0.")
    return amount.minor

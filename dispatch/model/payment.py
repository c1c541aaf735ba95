"""An order's money: what is owed, paid, given back, and who bears it.

Every movement is two entries, so that the accounts of an order always add up to zero. Above 0 stands what the house
has, is owed, or bears as a cost; below 0 what it owes or has earned.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from dispatch.model.order import OrderId, PaymentMethod
from dispatch.model.reasons import Party
from dispatch.units import Instant, Money


class PaymentStatus(StrEnum):
    """How far the money is."""

    NONE = "none"
    """The order has no price here."""
    DUE = "due"
    CLAIMED = "claimed"
    """The customer says that the transfer is made; nobody has checked it yet."""
    PAID = "paid"
    REFUNDED = "refunded"
    """All of it was given back, or need not be paid any more."""
    PARTLY_REFUNDED = "partly_refunded"


OWED: Final = frozenset({PaymentStatus.DUE, PaymentStatus.CLAIMED})
"""The money has still to come."""


class RefundStatus(StrEnum):
    """How far a refund is."""

    GRANTED = "granted"
    SETTLED = "settled"
    FAILED = "failed"
    """The gateway would not; somebody has to do it by hand."""


class Account(StrEnum):
    """Whose money an entry concerns."""

    CUSTOMER = "customer"
    SALES = "sales"
    RECEIPTS = "receipts"
    """Money that has come in, wherever it lies: with the gateway, the bank, the platform, the rider."""
    MERCHANT = "merchant"
    RIDER = "rider"
    GOODWILL = "goodwill"
    """What the house bears."""
    COUPONS = "coupons"
    """What customers may still spend."""


BORNE: Final = {Party.MERCHANT: Account.MERCHANT, Party.RIDER: Account.RIDER, Party.NOBODY: Account.SALES}
"""Where a cost goes that merchants or riders have caused, or of what was never sold; the house bears the rest."""


class Entry(NamedTuple):
    """One side of a movement; ``movement`` names it."""

    at: Instant
    movement: str
    account: Account
    minor: int


OVERPAID: Final = "over-"
"""How refunds are named of money that should not have come."""


class Refund(NamedTuple):
    """Money that goes back to the customer."""

    refund_id: str
    minor: int
    granted_at: Instant
    status: RefundStatus = RefundStatus.GRANTED
    reference: str = ""

    @property
    def open(self) -> bool:
        """Whether the money has still to go."""
        return self.status is not RefundStatus.SETTLED


class AccountState(NamedTuple):
    """One order's money now. Amounts are in minor units of ``total.currency``.

    references: of the payments taken, so that the same one is never taken twice. picture: of the transfer's receipt.
    version: how many events changed it.
    """

    order_id: OrderId
    method: PaymentMethod
    total: Money
    status: PaymentStatus
    paid_minor: int = 0
    waived_minor: int = 0
    refunds: tuple[Refund, ...] = ()
    references: tuple[str, ...] = ()
    picture: str = ""
    entries: tuple[Entry, ...] = ()
    version: int = 1

    @property
    def refunded_minor(self) -> int:
        """What goes back of the price, settled or not; money that came in twice or too late is not of the price."""
        return sum(refund.minor for refund in self.refunds if not refund.refund_id.startswith(OVERPAID))

    @property
    def left_minor(self) -> int:
        """The part of the total that has not been given back or waived."""
        return self.total.minor - self.refunded_minor - self.waived_minor

    def balance(self, account: Account) -> int:
        """What an account of the order comes to."""
        return sum(entry.minor for entry in self.entries if entry.account is account)

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
    DISPUTES = "disputes"
    """What banks have taken back and have not decided about."""


BORNE: Final = {Party.MERCHANT: Account.MERCHANT, Party.RIDER: Account.RIDER, Party.NOBODY: Account.SALES}
"""Where a cost goes that merchants or riders have caused, or of what was never sold; the house bears the rest."""


class Entry(NamedTuple):
    """One side of a movement; ``movement`` names it. currency: "" for that of the order."""

    at: Instant
    movement: str
    account: Account
    minor: int
    currency: str = ""


OVERPAID: Final = "over-"
"""How refunds are named of money that should not have come."""
DISPUTED: Final = "dispute-"
"""How those are named that a bank has taken."""


class Refund(NamedTuple):
    """Money that goes back to the customer. currency: "" for that of the order, else the one that it came in."""

    refund_id: str
    minor: int
    granted_at: Instant
    status: RefundStatus = RefundStatus.GRANTED
    reference: str = ""
    currency: str = ""

    @property
    def open(self) -> bool:
        """Whether the money has still to go."""
        return self.status is not RefundStatus.SETTLED

    @property
    def over(self) -> bool:
        """Whether it is of money that should not have come."""
        return self.refund_id.startswith(OVERPAID)


class Dispute(NamedTuple):
    """Money that the customer's bank has taken back. won: what came of it; None until then."""

    reference: str
    minor: int
    won: bool | None = None


class AccountState(NamedTuple):
    """One order's money now. Amounts are in minor units of ``total.currency``.

    references: of the payments taken, so that the same one is never taken twice; unmatched: of those that were not what
    was due. picture: of the transfer's receipt. version: how many events changed it.
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
    unmatched: tuple[str, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    version: int = 1

    @property
    def refunded_minor(self) -> int:
        """What goes back of the price, settled or not; money that came in twice or too late is not of the price."""
        return sum(refund.minor for refund in self.refunds if not refund.over)

    @property
    def taken_minor(self) -> int:
        """What was paid of the price: without what came in besides, and goes back."""
        return self.paid_minor - sum(refund.minor for refund in self.refunds if refund.over and not refund.currency)

    @property
    def left_minor(self) -> int:
        """The part of the total that has not been given back or waived."""
        return max(0, self.total.minor - self.refunded_minor - self.waived_minor)

    @property
    def disputable_minor(self) -> int:
        """What a bank can take back: what was paid of the price, is still there, and is not disputed already."""
        gone = sum(refund.minor for refund in self.refunds if not refund.open and not refund.over)
        return self.taken_minor - gone - sum(one.minor for one in self.disputes if one.won is None)

    @property
    def owed_minor(self) -> int:
        """What the customer has still to pay; below 0 what the customer is owed and nobody has granted yet."""
        promised = sum(refund.minor for refund in self.refunds if refund.open and not refund.currency)
        return self.balance(Account.CUSTOMER) + promised

    def balance(self, account: Account) -> int:
        """What an account of the order comes to, in its currency."""
        return sum(entry.minor for entry in self.entries if entry.account is account and not entry.currency)

    def currency_of(self, refund: Refund) -> str:
        """The currency in which money goes back."""
        return refund.currency or self.total.currency

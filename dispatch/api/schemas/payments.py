"""Money of orders on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from dispatch.api.schemas.base import Line, Money, Schema, Text, when
from dispatch.model.order import PaymentMethod
from dispatch.model.payment import Account, AccountState, PaymentStatus, Refund, RefundStatus
from dispatch.units import Money as ModelMoney

MOST_ROWS: Final = 200
"""So many refunds and entries of one order are shown, the newest."""


class Transfer(Schema):
    """The customer has sent the money; ``picture`` names the picture of the receipt, where that is kept."""

    picture: Annotated[Line, Field(min_length=1)]


class TransferCheck(Schema):
    """Whether the money of a transfer was found; where not, why, for the customer to read."""

    found: bool
    text: Text = ""


class Settlement(Schema):
    """A refund was sent by hand; ``reference`` says where it can be found."""

    reference: Annotated[Line, Field(min_length=1)]


class Checkout(Schema):
    """Where the customer pays."""

    url: str
    reference: str


class Taken(Schema):
    """What came of a gateway's message: it was taken in (now or before), or it is of no concern here."""

    status: str


class RefundOut(Schema):
    """Money that goes back. ``by_hand``: somebody has to send it."""

    id: str
    amount: Money
    status: RefundStatus
    granted_at: datetime
    reference: str
    by_hand: bool


class EntryOut(Schema):
    """One side of a movement: above 0 the house has it or bears it, below 0 it owes it or has earned it."""

    at: datetime
    movement: str
    account: Account
    minor: int
    currency: str


class DisputeOut(Schema):
    """Money that the customer's bank has taken back. ``won``: whether it came back; null until the bank has decided."""

    reference: str
    amount: Money
    won: bool | None


class PaymentOut(Schema):
    """The money of an order as it is now; all entries of an order in one currency add up to 0."""

    order_id: str
    version: int
    method: PaymentMethod
    status: PaymentStatus
    total: Money
    paid: Money
    waived: Money
    refunded: Money
    picture: str
    references: list[str]
    balances: dict[Account, int]
    refunds: list[RefundOut]
    entries: list[EntryOut]
    disputes: list[DisputeOut]

    @classmethod
    def of(cls, state: AccountState) -> PaymentOut:
        """For the wire."""
        currency = state.total.currency
        balances = {account: state.balance(account) for account in Account}
        return cls.model_construct(
            order_id=state.order_id,
            version=state.version,
            method=state.method,
            status=state.status,
            total=Money.of(state.total),
            paid=Money(minor=state.paid_minor, currency=currency),
            waived=Money(minor=state.waived_minor, currency=currency),
            refunded=Money(minor=state.refunded_minor, currency=currency),
            picture=state.picture,
            references=list(state.references[-MOST_ROWS:]),
            balances={account: minor for account, minor in balances.items() if minor},
            refunds=[_refund(state, refund) for refund in state.refunds[-MOST_ROWS:]],
            entries=[
                EntryOut.model_construct(
                    at=when(one.at),
                    movement=one.movement,
                    account=one.account,
                    minor=one.minor,
                    currency=one.currency or currency,
                )
                for one in state.entries[-MOST_ROWS:]
            ],
            disputes=[
                DisputeOut.model_construct(
                    reference=one.reference, amount=Money(minor=one.minor, currency=currency), won=one.won
                )
                for one in state.disputes[-MOST_ROWS:]
            ],
        )


def _refund(state: AccountState, refund: Refund) -> RefundOut:
    by_hand = refund.open and (state.method is not PaymentMethod.GATEWAY or refund.status is RefundStatus.FAILED)
    return RefundOut.model_construct(
        id=refund.refund_id,
        amount=Money.of(ModelMoney(refund.minor, state.currency_of(refund))),
        status=refund.status,
        granted_at=when(refund.granted_at),
        reference=refund.reference,
        by_hand=by_hand,
    )

"""What gateways, customers and staff want noted about money."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.model.order import OrderId, PaymentMethod
from dispatch.units import Instant, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivePayment:
    """Money has come in. The same ``reference`` again changes nothing; another amount than is due opens a case."""

    order_id: OrderId
    method: PaymentMethod
    amount: Money
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailPayment:
    """The customer's money did not come."""

    order_id: OrderId
    reference: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTransfer:
    """The customer has sent money; ``picture`` names the picture of the receipt."""

    order_id: OrderId
    picture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTransfer:
    """A person has looked for the money of a transfer; ``text`` is mandatory where it was not found."""

    order_id: OrderId
    found: bool
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPaymentWait:
    """The time to pay is over."""

    order_id: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleRefund:
    """The money of a refund has been sent."""

    order_id: OrderId
    refund_id: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailRefund:
    """A refund could not be paid out: somebody has to do it by hand."""

    order_id: OrderId
    refund_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputePayment:
    """The customer's bank has taken money back; ``reference`` names the dispute, which is opened once."""

    order_id: OrderId
    reference: str
    amount: Money
    cause: str = ""
    answer_by: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDispute:
    """The bank has decided whose the money is; ``amount`` in case nobody has told of the dispute before."""

    order_id: OrderId
    reference: str
    amount: Money
    won: bool


MoneyCommand = (
    ReceivePayment
    | FailPayment
    | ClaimTransfer
    | CheckTransfer
    | EndPaymentWait
    | SettleRefund
    | FailRefund
    | DisputePayment
    | EndDispute
)
"""What is said about an order's money."""

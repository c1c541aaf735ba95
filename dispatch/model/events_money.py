"""What happens to money, and to riders' records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from dispatch.model.events_case import CaseId
from dispatch.model.order import OrderId, PaymentMethod
from dispatch.model.reasons import Party
from dispatch.model.rider import RiderId
from dispatch.units import Instant, Money

PenaltyId = NewType("PenaltyId", str)


class PenaltyKind(StrEnum):
    """What a rider's fault leads to."""

    WARNING = "warning"
    DEDUCTION = "deduction"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived:
    """Money has come in; ``reference`` is the payer's or gateway's, and unique for the order."""

    order_id: OrderId
    method: PaymentMethod
    amount: Money
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed:
    """The gateway says that the customer's money did not come."""

    order_id: OrderId
    reference: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTakenBack:
    """Money that was noted as received has not come: what it was noted with has not happened."""

    order_id: OrderId
    reference: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentUnmatched:
    """Money has come in that is not what is due: it pays nothing, and goes back as it came."""

    order_id: OrderId
    method: PaymentMethod
    amount: Money
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDisputed:
    """The customer's bank has taken money back; ``reference`` names the dispute. answer_by: until then it hears us."""

    order_id: OrderId
    reference: str
    amount: Money
    cause: str = ""
    answer_by: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeEnded:
    """The bank has decided: the money comes back (``won``), or stays with the customer."""

    order_id: OrderId
    reference: str
    won: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferClaimed:
    """The customer says that the money is on its way; ``picture`` names the picture of the receipt."""

    order_id: OrderId
    picture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRefused:
    """Somebody has checked a transfer and did not find the money."""

    order_id: OrderId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundGranted:
    """The customer need not pay this, or gets it back; ``party`` caused it and, if merchant or rider, bears it."""

    order_id: OrderId
    refund_id: str
    amount: Money
    party: Party
    case_id: CaseId | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSettled:
    """The money of a refund is on its way to the customer."""

    order_id: OrderId
    refund_id: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed:
    """A refund could not be paid out."""

    order_id: OrderId
    refund_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponGranted:
    """The customer may spend this on another order."""

    order_id: OrderId
    code: str
    amount: Money
    party: Party
    case_id: CaseId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltyGiven:
    """A rider is warned, or money is taken off the pay."""

    penalty_id: PenaltyId
    rider_id: RiderId
    kind: PenaltyKind
    text: str
    amount: Money | None = None
    order_id: OrderId | None = None
    case_id: CaseId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltyAppealed:
    """The rider does not agree."""

    penalty_id: PenaltyId
    rider_id: RiderId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealDecided:
    """Somebody has looked at a penalty again; ``lifted``: it is taken back."""

    penalty_id: PenaltyId
    rider_id: RiderId
    lifted: bool
    text: str


MoneyEvent = (
    PaymentReceived
    | PaymentFailed
    | PaymentTakenBack
    | PaymentUnmatched
    | PaymentDisputed
    | DisputeEnded
    | TransferClaimed
    | TransferRefused
    | RefundGranted
    | RefundSettled
    | RefundFailed
    | CouponGranted
)
"""What happens to an order's money."""

PenaltyEvent = PenaltyGiven | PenaltyAppealed | AppealDecided
"""What happens to a rider's record."""

"""What customers, merchants, riders and staff want done about exceptions."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.model.actor import ActorKind
from dispatch.model.events_case import CaseId
from dispatch.model.events_money import PenaltyId, PenaltyKind
from dispatch.model.order import OrderId
from dispatch.model.place import Place
from dispatch.model.reasons import CancelReason, CaseKind, CaseResult, CaseStep, Party, RescuePlan
from dispatch.model.rider import RiderId
from dispatch.units import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """Start handling an exception. One of the same kind that is open for the order stays the only one."""

    kind: CaseKind
    order_id: OrderId | None = None
    rider_id: RiderId | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeCase:
    """Make a case one's own."""

    case_id: CaseId
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeCaseStep:
    """Do something about a case; ``dispatch.model.case_flows`` says what is possible and what it needs.

    by: the kind of actor who does it. money: an amount other than the policy's.
    """

    case_id: CaseId
    step: CaseStep
    by: ActorKind = ActorKind.SUPPORT
    text: str = ""
    money: Money | None = None
    rider_id: RiderId | None = None
    place: Place | None = None
    plan: RescuePlan | None = None
    party: Party | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateCase:
    """The time for the next step is over; no change if it was done meanwhile."""

    case_id: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase:
    """The exception is dealt with."""

    case_id: CaseId
    result: CaseResult


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCancellation:
    """The customer does not want the order any more.

    Before the merchant accepts it is off at once, and all money goes back; later it is a case.
    """

    order_id: OrderId
    reason: CancelReason = CancelReason.CUSTOMER_CHANGED_MIND
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complain:
    """The customer got the order, and it was not as it should be."""

    order_id: OrderId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLateness:
    """An order is late, or as good as sure to be; no change where it is over or a case is open."""

    order_id: OrderId
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivePenalty:
    """Warn a rider, or take money off the pay."""

    rider_id: RiderId
    kind: PenaltyKind
    text: str
    amount: Money | None = None
    order_id: OrderId | None = None
    case_id: CaseId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealPenalty:
    """The rider does not agree."""

    penalty_id: PenaltyId
    rider_id: RiderId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideAppeal:
    """Somebody has looked at a penalty again."""

    penalty_id: PenaltyId
    lifted: bool
    text: str


CaseCommand = (
    OpenCase | TakeCase | TakeCaseStep | EscalateCase | CloseCase | AskCancellation | Complain | ReportLateness
)
"""How exceptions are handled."""

PenaltyCommand = GivePenalty | AppealPenalty | DecideAppeal
"""How riders are blamed and forgiven."""

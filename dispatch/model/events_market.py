"""What happens to the market as a whole, and to its exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from dispatch.model.order import Merchant, OrderId
from dispatch.model.override import Override
from dispatch.model.reasons import CaseKind, CaseResult, CaseStep
from dispatch.model.rider import RiderId
from dispatch.units import Cost, Money

CaseId = NewType("CaseId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantRegistered:
    """A merchant is known, or known anew with other data."""

    merchant: Merchant


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChanged:
    """From here on the market is dispatched by this policy."""

    name: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRecorded:
    """A person decided over the optimizer's head."""

    override: Override


@dataclass(frozen=True, slots=True, kw_only=True)
class TickDecided:
    """A plan was made and put into effect; ``record_id`` names the record from which it can be replayed."""

    tick: int
    record_id: str = ""
    planned: int = 0
    held: int = 0
    cost: Cost = 0
    problem_orders: int = 0
    problem_riders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    """An exception is being handled."""

    case_id: CaseId
    kind: CaseKind
    order_id: OrderId | None = None
    rider_id: RiderId | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStepTaken:
    """Somebody did something about a case."""

    case_id: CaseId
    step: CaseStep
    text: str = ""
    money: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed:
    """The exception is dealt with."""

    case_id: CaseId
    result: CaseResult


MarketEvent = MerchantRegistered | PolicyChanged | OverrideRecorded | TickDecided
"""What concerns the market rather than one order or rider."""

CaseEvent = CaseOpened | CaseStepTaken | CaseClosed
"""What happens to an exception."""

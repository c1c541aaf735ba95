"""What happens to exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from dispatch.model.actor import ActorKind
from dispatch.model.order import OrderId
from dispatch.model.place import Place
from dispatch.model.reasons import CaseKind, CaseResult, CaseStage, CaseStep, Party, RescuePlan
from dispatch.model.rider import RiderId
from dispatch.units import Instant, Money

CaseId = NewType("CaseId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    """An exception is being handled, by ``owner``, who has until ``due_at`` for the next step."""

    case_id: CaseId
    kind: CaseKind
    order_id: OrderId | None = None
    rider_id: RiderId | None = None
    text: str = ""
    stage: CaseStage = CaseStage.OPEN
    owner: ActorKind = ActorKind.SUPPORT
    due_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTaken:
    """Somebody makes the case their own."""

    case_id: CaseId
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStepTaken:
    """Somebody did something about a case.

    stage: where the case is then. money, rider_id, place, plan, party: what the step was about, where it needs one.
    """

    case_id: CaseId
    step: CaseStep
    text: str = ""
    money: Money | None = None
    stage: CaseStage = CaseStage.OPEN
    rider_id: RiderId | None = None
    place: Place | None = None
    plan: RescuePlan | None = None
    party: Party | None = None
    due_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEscalated:
    """Nobody did the next step in time: it is now for ``owner``, who has until ``due_at``."""

    case_id: CaseId
    owner: ActorKind
    due_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed:
    """The exception is dealt with."""

    case_id: CaseId
    result: CaseResult


CaseEvent = CaseOpened | CaseTaken | CaseStepTaken | CaseEscalated | CaseClosed
"""What happens to an exception."""

"""What riders want to report or do."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.model.events_dispatch import OfferId
from dispatch.model.events_order import Proof
from dispatch.model.order import OrderId
from dispatch.model.place import Place, Position
from dispatch.model.reasons import DeclineReason, FailureReason, ProblemKind
from dispatch.model.rider import Rider, RiderId, Shift, TaskKind
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRider:
    """Make a rider known, or change what is known."""

    rider: Rider


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShift:
    """Announce when a rider is going to work."""

    shift: Shift


@dataclass(frozen=True, slots=True, kw_only=True)
class StartShift:
    """The rider is at work, at ``place`` (None: where the shift begins). The shift need not have been planned."""

    rider_id: RiderId
    shift: Shift
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndShift:
    """The rider goes home; orders not yet picked up go back to the market."""

    rider_id: RiderId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPositions:
    """Where the rider was, in any order."""

    rider_id: RiderId
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRider:
    """No new orders, please; ``until`` None means until resumed."""

    rider_id: RiderId
    until: Instant | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRider:
    """New orders again."""

    rider_id: RiderId


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseRider:
    """Go on without a rider from whom nothing is heard: what was not collected goes back to the market."""

    rider_id: RiderId


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseFood:
    """Give up what a lost rider has on board; ``redeliver``: have what was not cancelled made once more."""

    rider_id: RiderId
    redeliver: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptOffer:
    """Take the orders of an offer."""

    rider_id: RiderId
    offer_id: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineOffer:
    """Do not take the orders of an offer."""

    rider_id: RiderId
    offer_id: OfferId
    reason: DeclineReason = DeclineReason.OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLeg:
    """Set out for the first stop; ``destination`` only where there is none: a place to wait at."""

    rider_id: RiderId
    arrives_at: Instant
    destination: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrive:
    """The rider is where the leg goes."""

    rider_id: RiderId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPickup:
    """The rider has checked and taken these orders, all of the present stop."""

    rider_id: RiderId
    order_ids: tuple[OrderId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmDropoff:
    """The customer has the order."""

    rider_id: RiderId
    order_id: OrderId
    proof: Proof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailDelivery:
    """The order cannot be handed over; it goes back to its merchant."""

    rider_id: RiderId
    order_id: OrderId
    reason: FailureReason


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmReturn:
    """The merchant has the food back."""

    rider_id: RiderId
    order_id: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectTask:
    """What the rider said to have done has not been done: a pickup or a drop-off."""

    rider_id: RiderId
    order_id: OrderId
    kind: TaskKind
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportProblem:
    """Trouble on the road or at a stop; opens a case."""

    rider_id: RiderId
    kind: ProblemKind
    text: str = ""
    order_id: OrderId | None = None


PresenceCommand = RegisterRider | PlanShift | StartShift | EndShift | ReportPositions | PauseRider | ResumeRider
"""Whether and where a rider is at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Give food on board to another rider who is there."""

    order_id: OrderId
    to_rider_id: RiderId


TaskCommand = (
    StartLeg
    | Arrive
    | ConfirmPickup
    | ConfirmDropoff
    | FailDelivery
    | ConfirmReturn
    | CorrectTask
    | ReportProblem
    | HandOver
)
"""A rider's way through the tasks."""

AbsenceCommand = LoseRider | LoseFood
"""A rider who cannot say anything any more."""

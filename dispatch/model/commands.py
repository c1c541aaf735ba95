"""What somebody wants done: imperative, not yet true. ``dispatch.engine.decide`` turns each into events or refuses it.

Who asks (``Actor``) and the command's id travel beside a command, not in it.
"""

from __future__ import annotations

from typing import TypeAlias

from dispatch.model.commands_dispatch import (
    ApplyPlan,
    CaseCommand,
    ChangePolicy,
    CloseCase,
    ExpireOffer,
    HoldIntent,
    MakeOverride,
    OfferIntent,
    OpenCase,
    RouteIntent,
    TakeCaseStep,
    WaitIntent,
)
from dispatch.model.commands_order import (
    AcceptOrder,
    CancelOrder,
    ChangeOrder,
    ChangeReadyTime,
    CollectOrder,
    MarkReady,
    OrderCommand,
    PlaceOrder,
    RegisterMerchant,
    RejectOrder,
    StartPreparation,
)
from dispatch.model.commands_rider import (
    AbsenceCommand,
    AcceptOffer,
    Arrive,
    ConfirmDropoff,
    ConfirmPickup,
    ConfirmReturn,
    CorrectTask,
    DeclineOffer,
    EndShift,
    FailDelivery,
    LoseFood,
    LoseRider,
    PauseRider,
    PlanShift,
    PresenceCommand,
    RegisterRider,
    ReportPositions,
    ReportProblem,
    ResumeRider,
    StartLeg,
    StartShift,
    TaskCommand,
)

OfferCommand: TypeAlias = AcceptOffer | DeclineOffer | ExpireOffer
"""How offers are answered."""

Command: TypeAlias = (
    OrderCommand
    | PresenceCommand
    | AbsenceCommand
    | OfferCommand
    | TaskCommand
    | ApplyPlan
    | MakeOverride
    | ChangePolicy
    | CaseCommand
)
"""Everything that can be asked of a market."""

__all__ = [
    "AbsenceCommand",
    "AcceptOffer",
    "AcceptOrder",
    "ApplyPlan",
    "Arrive",
    "CancelOrder",
    "CaseCommand",
    "ChangeOrder",
    "ChangePolicy",
    "ChangeReadyTime",
    "CloseCase",
    "CollectOrder",
    "Command",
    "ConfirmDropoff",
    "ConfirmPickup",
    "ConfirmReturn",
    "CorrectTask",
    "DeclineOffer",
    "EndShift",
    "ExpireOffer",
    "FailDelivery",
    "HoldIntent",
    "LoseFood",
    "LoseRider",
    "MakeOverride",
    "MarkReady",
    "OfferCommand",
    "OfferIntent",
    "OpenCase",
    "OrderCommand",
    "PauseRider",
    "PlaceOrder",
    "PlanShift",
    "PresenceCommand",
    "RegisterMerchant",
    "RegisterRider",
    "RejectOrder",
    "ReportPositions",
    "ReportProblem",
    "ResumeRider",
    "RouteIntent",
    "StartLeg",
    "StartPreparation",
    "StartShift",
    "TakeCaseStep",
    "TaskCommand",
    "WaitIntent",
]

"""What somebody wants done: imperative, not yet true. ``dispatch.engine.decide`` turns each into events or refuses it.

Who asks (``Actor``) and the command's id travel beside a command, not in it.
"""

from __future__ import annotations

from typing import TypeAlias

from dispatch.model.commands_case import (
    AppealPenalty,
    AskCancellation,
    CaseCommand,
    CloseCase,
    Complain,
    DecideAppeal,
    EscalateCase,
    GivePenalty,
    OpenCase,
    PenaltyCommand,
    ReportLateness,
    TakeCase,
    TakeCaseStep,
)
from dispatch.model.commands_dispatch import (
    ApplyPlan,
    ChangePolicy,
    ExpireOffer,
    HoldIntent,
    MakeOverride,
    OfferIntent,
    RouteIntent,
    UpdateEtas,
    WaitIntent,
)
from dispatch.model.commands_market import ClosureCommand, DeclareClosure, EndClosure
from dispatch.model.commands_money import (
    CheckTransfer,
    ClaimTransfer,
    DisputePayment,
    EndDispute,
    EndPaymentWait,
    FailPayment,
    FailRefund,
    MoneyCommand,
    ReceivePayment,
    SettleRefund,
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
    PressMerchant,
    RateOrder,
    RegisterMerchant,
    RejectOrder,
    StartPreparation,
    WriteMessage,
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
    HandOver,
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
    | UpdateEtas
    | ClosureCommand
    | CaseCommand
    | PenaltyCommand
    | MoneyCommand
)
"""Everything that can be asked of a market."""

__all__ = [
    "AbsenceCommand",
    "AcceptOffer",
    "AcceptOrder",
    "AppealPenalty",
    "ApplyPlan",
    "Arrive",
    "AskCancellation",
    "CancelOrder",
    "CaseCommand",
    "ChangeOrder",
    "ChangePolicy",
    "ChangeReadyTime",
    "CheckTransfer",
    "ClaimTransfer",
    "CloseCase",
    "ClosureCommand",
    "CollectOrder",
    "Command",
    "Complain",
    "ConfirmDropoff",
    "ConfirmPickup",
    "ConfirmReturn",
    "CorrectTask",
    "DecideAppeal",
    "DeclareClosure",
    "DeclineOffer",
    "DisputePayment",
    "EndClosure",
    "EndDispute",
    "EndPaymentWait",
    "EndShift",
    "EscalateCase",
    "ExpireOffer",
    "FailDelivery",
    "FailPayment",
    "FailRefund",
    "GivePenalty",
    "HandOver",
    "HoldIntent",
    "LoseFood",
    "LoseRider",
    "MakeOverride",
    "MarkReady",
    "MoneyCommand",
    "OfferCommand",
    "OfferIntent",
    "OpenCase",
    "OrderCommand",
    "PauseRider",
    "PenaltyCommand",
    "PlaceOrder",
    "PlanShift",
    "PresenceCommand",
    "PressMerchant",
    "RateOrder",
    "ReceivePayment",
    "RegisterMerchant",
    "RegisterRider",
    "RejectOrder",
    "ReportLateness",
    "ReportPositions",
    "ReportProblem",
    "ResumeRider",
    "RouteIntent",
    "SettleRefund",
    "StartLeg",
    "StartPreparation",
    "StartShift",
    "TakeCase",
    "TakeCaseStep",
    "TaskCommand",
    "UpdateEtas",
    "WaitIntent",
    "WriteMessage",
]

"""From what somebody wants to what happens: pure, and the only way events come about."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.absence import handle_absence
from dispatch.engine.handlers.aftermath import follow_through
from dispatch.engine.handlers.cases import handle_case
from dispatch.engine.handlers.closures import handle_closure
from dispatch.engine.handlers.etas import handle_etas
from dispatch.engine.handlers.offers import handle_offer
from dispatch.engine.handlers.orders import handle_order
from dispatch.engine.handlers.overrides import handle_override
from dispatch.engine.handlers.payments import handle_money
from dispatch.engine.handlers.penalties import handle_penalty
from dispatch.engine.handlers.plan import handle_plan
from dispatch.engine.handlers.presence import handle_presence
from dispatch.engine.handlers.tasks import handle_task
from dispatch.model.commands import (
    AcceptOffer,
    AcceptOrder,
    AppealPenalty,
    ApplyPlan,
    Arrive,
    AskCancellation,
    CancelOrder,
    CaseCommand,
    ChangeOrder,
    ChangePolicy,
    ChangeReadyTime,
    CheckTransfer,
    ClaimTransfer,
    CloseCase,
    ClosureCommand,
    CollectOrder,
    Command,
    Complain,
    ConfirmDropoff,
    ConfirmPickup,
    ConfirmReturn,
    CorrectTask,
    DecideAppeal,
    DeclareClosure,
    DeclineOffer,
    DisputePayment,
    EndClosure,
    EndDispute,
    EndPaymentWait,
    EndShift,
    EscalateCase,
    ExpireOffer,
    FailDelivery,
    FailPayment,
    FailRefund,
    GivePenalty,
    HandOver,
    LoseFood,
    LoseRider,
    MakeOverride,
    MarkReady,
    MoneyCommand,
    OpenCase,
    PauseRider,
    PenaltyCommand,
    PlaceOrder,
    PlanShift,
    PressMerchant,
    RateOrder,
    ReceivePayment,
    RegisterMerchant,
    RegisterRider,
    RejectOrder,
    ReportLateness,
    ReportPositions,
    ReportProblem,
    ResumeRider,
    SettleRefund,
    StartLeg,
    StartPreparation,
    StartShift,
    TakeCase,
    TakeCaseStep,
    UpdateEtas,
    WriteMessage,
)
from dispatch.model.events import Event, PolicyChanged
from dispatch.model.state import CARE, MarketState
from dispatch.units import Instant


def decide(state: MarketState, command: Command, now: Instant) -> list[Event]:
    """The events a command leads to at ``now``; none where everything is as wanted already. Changes nothing.

    Raises a DispatchError that says why not: NotFoundError, ConflictError (IllegalMove where a lifecycle table forbids
    it), InvalidInputError. ``apply`` takes the events in the order given.
    """
    return drafted(state, command, now, now).events


def drafted(state: MarketState, command: Command, now: Instant, at: Instant) -> Draft:
    """The same as a draft: decided at ``now``, about something that happened at ``at``."""
    draft = Draft(state, now, at)
    match command:
        case ReportPositions() | RegisterRider() | PlanShift() | StartShift() | EndShift():
            handle_presence(draft, command)
        case PauseRider() | ResumeRider():
            handle_presence(draft, command)
        case LoseRider() | LoseFood():
            handle_absence(draft, command)
        case StartLeg() | Arrive() | ConfirmPickup() | ConfirmDropoff() | FailDelivery() | ConfirmReturn():
            handle_task(draft, command)
        case ReportProblem() | CorrectTask() | HandOver():
            handle_task(draft, command)
        case AcceptOffer() | DeclineOffer() | ExpireOffer():
            handle_offer(draft, command)
        case PlaceOrder() | ChangeOrder() | AcceptOrder() | StartPreparation() | ChangeReadyTime() | MarkReady():
            handle_order(draft, command)
        case RejectOrder() | CancelOrder() | CollectOrder() | RegisterMerchant():
            handle_order(draft, command)
        case PressMerchant() | WriteMessage() | RateOrder():
            handle_order(draft, command)
        case ApplyPlan():
            handle_plan(draft, command)
        case MakeOverride():
            handle_override(draft, command)
        case UpdateEtas():
            handle_etas(draft, command)
        case ChangePolicy():
            _change_policy(draft, command)
        case _:
            _handle_beside(draft, command)
    follow_through(draft)
    return draft


def _handle_beside(draft: Draft, command: CaseCommand | PenaltyCommand | MoneyCommand | ClosureCommand) -> None:
    """Commands about what goes on beside the delivery."""
    match command:
        case OpenCase() | TakeCase() | TakeCaseStep() | EscalateCase() | CloseCase():
            handle_case(draft, command)
        case AskCancellation() | Complain() | ReportLateness():
            handle_case(draft, command)
        case GivePenalty() | AppealPenalty() | DecideAppeal():
            handle_penalty(draft, command)
        case ReceivePayment() | FailPayment() | ClaimTransfer() | CheckTransfer() | EndPaymentWait():
            handle_money(draft, command)
        case SettleRefund() | FailRefund() | DisputePayment() | EndDispute():
            handle_money(draft, command)
        case DeclareClosure() | EndClosure():
            handle_closure(draft, command)
        case _:
            assert_never(command)


def _change_policy(draft: Draft, command: ChangePolicy) -> None:
    known = command.care is None or command.care == draft.state.cares.get(CARE)
    if draft.state.policy != (command.name, command.version) or not known:
        draft.add(PolicyChanged(name=command.name, version=command.version, care=command.care))

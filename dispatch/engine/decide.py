"""From what somebody wants to what happens: pure, and the only way events come about."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.absence import handle_absence
from dispatch.engine.handlers.cases import handle_case
from dispatch.engine.handlers.offers import handle_offer
from dispatch.engine.handlers.orders import handle_order
from dispatch.engine.handlers.overrides import handle_override
from dispatch.engine.handlers.plan import handle_plan
from dispatch.engine.handlers.presence import handle_presence
from dispatch.engine.handlers.tasks import handle_task
from dispatch.model.commands import (
    AcceptOffer,
    AcceptOrder,
    ApplyPlan,
    Arrive,
    CancelOrder,
    ChangeOrder,
    ChangePolicy,
    ChangeReadyTime,
    CloseCase,
    CollectOrder,
    Command,
    ConfirmDropoff,
    ConfirmPickup,
    ConfirmReturn,
    CorrectTask,
    DeclineOffer,
    EndShift,
    ExpireOffer,
    FailDelivery,
    LoseFood,
    LoseRider,
    MakeOverride,
    MarkReady,
    OpenCase,
    PauseRider,
    PlaceOrder,
    PlanShift,
    RegisterMerchant,
    RegisterRider,
    RejectOrder,
    ReportPositions,
    ReportProblem,
    ResumeRider,
    StartLeg,
    StartPreparation,
    StartShift,
    TakeCaseStep,
)
from dispatch.model.events import Event, PolicyChanged
from dispatch.model.state import MarketState
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
        case ReportProblem() | CorrectTask():
            handle_task(draft, command)
        case AcceptOffer() | DeclineOffer() | ExpireOffer():
            handle_offer(draft, command)
        case PlaceOrder() | ChangeOrder() | AcceptOrder() | StartPreparation() | ChangeReadyTime() | MarkReady():
            handle_order(draft, command)
        case RejectOrder() | CancelOrder() | CollectOrder() | RegisterMerchant():
            handle_order(draft, command)
        case ApplyPlan():
            handle_plan(draft, command)
        case MakeOverride():
            handle_override(draft, command)
        case OpenCase() | TakeCaseStep() | CloseCase():
            handle_case(draft, command)
        case ChangePolicy():
            if state.policy != (command.name, command.version):
                draft.add(PolicyChanged(name=command.name, version=command.version))
        case _:
            assert_never(command)
    return draft

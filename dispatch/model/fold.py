"""State is the sum of the events: this is where one is added."""

from __future__ import annotations

from typing import assert_never

from dispatch.model.effects.assignment import fold_assignment
from dispatch.model.effects.cases import fold_case
from dispatch.model.effects.custody import fold_custody
from dispatch.model.effects.etas import fold_eta
from dispatch.model.effects.kitchen import fold_kitchen
from dispatch.model.effects.market import fold_market
from dispatch.model.effects.money import fold_money
from dispatch.model.effects.movement import fold_movement
from dispatch.model.effects.offers import fold_offer
from dispatch.model.effects.penalties import fold_penalty
from dispatch.model.effects.presence import fold_presence
from dispatch.model.events import (
    AppealDecided,
    ArrivedAtStop,
    CaseClosed,
    CaseEscalated,
    CaseEvent,
    CaseOpened,
    CaseStepTaken,
    CaseTaken,
    ClosureDeclared,
    ClosureEnded,
    CouponGranted,
    CustomerMessaged,
    DeliveryCorrected,
    DeliveryFailed,
    DisputeEnded,
    EtaChanged,
    Event,
    LegStarted,
    MerchantRegistered,
    MerchantReminded,
    MoneyEvent,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    OrderAccepted,
    OrderAssigned,
    OrderCancelled,
    OrderChanged,
    OrderCollected,
    OrderDelivered,
    OrderHandedOver,
    OrderHeld,
    OrderLost,
    OrderPickedUp,
    OrderPlaced,
    OrderRated,
    OrderReady,
    OrderReassigned,
    OrderRedirected,
    OrderRejected,
    OrderReleased,
    OrderReturned,
    OrderUnassigned,
    OverrideRecorded,
    PaymentDisputed,
    PaymentFailed,
    PaymentReceived,
    PaymentTakenBack,
    PaymentUnmatched,
    PenaltyAppealed,
    PenaltyEvent,
    PenaltyGiven,
    PickupCorrected,
    PolicyChanged,
    PositionReported,
    PreparationStarted,
    ProblemReported,
    ReadyTimeChanged,
    Recorded,
    RefundFailed,
    RefundGranted,
    RefundSettled,
    RiderLost,
    RiderPaused,
    RiderRegistered,
    RiderResumed,
    RiderSentAhead,
    RoutePlanned,
    ShiftEnded,
    ShiftPlanned,
    ShiftStarted,
    TickDecided,
    TransferClaimed,
    TransferRefused,
)
from dispatch.model.state import MarketState
from dispatch.units import Instant


def apply(state: MarketState, recorded: Recorded) -> None:
    """Take in the next recorded event of the market's log.

    Raises ValueError if it is not the next one; IllegalMove or NotFoundError if the state does not allow it. The
    state is then as it was.
    """
    if recorded.seq != state.seq + 1:
        raise ValueError(f"event {recorded.seq} does not follow event {state.seq}")
    fold(state, recorded.event, recorded.occurred_at)
    state.seq = recorded.seq


def fold(state: MarketState, event: Event, at: Instant) -> None:
    """Take in what happened at ``at``, without counting it. Raises like ``apply``."""
    match event:
        case PositionReported() | RiderPaused() | RiderResumed() | ProblemReported() | RiderLost():
            fold_presence(state, event, at)
        case RoutePlanned() | LegStarted() | ArrivedAtStop() | RiderSentAhead():
            fold_movement(state, event, at)
        case OrderPickedUp() | OrderDelivered() | DeliveryFailed() | OrderReturned() | OrderLost() | OrderHandedOver():
            fold_custody(state, event, at)
        case PickupCorrected() | DeliveryCorrected():
            fold_custody(state, event, at)
        case OfferMade() | OfferAccepted() | OfferDeclined() | OfferExpired() | OfferWithdrawn():
            fold_offer(state, event, at)
        case OrderAssigned() | OrderUnassigned() | OrderReassigned() | OrderHeld() | OrderReleased():
            fold_assignment(state, event, at)
        case OrderPlaced() | OrderAccepted() | PreparationStarted() | ReadyTimeChanged() | OrderReady():
            fold_kitchen(state, event, at)
        case OrderRejected() | OrderChanged() | OrderCancelled() | OrderCollected():
            fold_kitchen(state, event, at)
        case MerchantReminded() | OrderRedirected() | CustomerMessaged() | OrderRated():
            fold_kitchen(state, event, at)
        case RiderRegistered() | ShiftPlanned() | ShiftStarted() | ShiftEnded():
            fold_presence(state, event, at)
        case MerchantRegistered() | PolicyChanged() | OverrideRecorded() | TickDecided():
            fold_market(state, event, at)
        case _:
            _fold_beside(state, event, at)


_Beside = CaseEvent | MoneyEvent | PenaltyEvent | ClosureDeclared | ClosureEnded | EtaChanged


def _fold_beside(state: MarketState, event: _Beside, at: Instant) -> None:
    """Take in what goes on beside the delivery."""
    match event:
        case ClosureDeclared() | ClosureEnded():
            fold_market(state, event, at)
        case CaseOpened() | CaseTaken() | CaseStepTaken() | CaseEscalated() | CaseClosed():
            fold_case(state, event, at)
        case PaymentReceived() | PaymentFailed() | PaymentTakenBack() | TransferClaimed() | TransferRefused():
            fold_money(state, event, at)
        case PaymentUnmatched() | PaymentDisputed() | DisputeEnded():
            fold_money(state, event, at)
        case RefundGranted() | RefundSettled() | RefundFailed() | CouponGranted():
            fold_money(state, event, at)
        case PenaltyGiven() | PenaltyAppealed() | AppealDecided():
            fold_penalty(state, event, at)
        case EtaChanged():
            fold_eta(state, event, at)
        case _:
            assert_never(event)

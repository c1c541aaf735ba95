"""The market as a whole, and its exceptions."""

from __future__ import annotations

from typing import assert_never

from dispatch.model.effects.overrides import fold_override
from dispatch.model.events import (
    CaseClosed,
    CaseEvent,
    CaseOpened,
    CaseStepTaken,
    MarketEvent,
    MerchantRegistered,
    OverrideRecorded,
    PolicyChanged,
    TickDecided,
)
from dispatch.model.lifecycle import CASE_TABLE, IllegalMove, after
from dispatch.model.state import CaseState, MarketState
from dispatch.units import Instant


def fold_market(state: MarketState, event: MarketEvent) -> None:
    """Take in one event of the market. Raises IllegalMove, NotFoundError."""
    match event:
        case MerchantRegistered():
            state.merchants[event.merchant.id] = event.merchant
        case PolicyChanged():
            state.policy = (event.name, event.version)
        case OverrideRecorded():
            fold_override(state, event.override)
        case TickDecided():
            state.tick = event.tick
        case _:
            assert_never(event)


def fold_case(state: MarketState, event: CaseEvent, at: Instant) -> None:
    """Take in one event of an exception. Raises IllegalMove, NotFoundError."""
    match event:
        case CaseOpened():
            if event.case_id in state.cases:
                raise IllegalMove(f"Case {event.case_id} exists already.", "Give the new case an id of its own.")
            state.cases[event.case_id] = CaseState(event.case_id, event.kind, event.order_id, event.rider_id, at)
        case CaseStepTaken():
            case = state.case(event.case_id)
            status = after(CASE_TABLE, case.status, event, "case", event.case_id)
            state.cases[event.case_id] = case._replace(status=status, steps=case.steps + 1)
        case CaseClosed():
            case = state.case(event.case_id)
            status = after(CASE_TABLE, case.status, event, "case", event.case_id)
            state.cases[event.case_id] = case._replace(status=status, result=event.result)
        case _:
            assert_never(event)

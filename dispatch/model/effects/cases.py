"""Exceptions: opened, taken, worked on, escalated, closed."""

from __future__ import annotations

from typing import assert_never

from dispatch.model.events import CaseClosed, CaseEscalated, CaseEvent, CaseId, CaseOpened, CaseStepTaken, CaseTaken
from dispatch.model.lifecycle import CASE_TABLE, IllegalMove, after
from dispatch.model.order import OrderId
from dispatch.model.reasons import CaseStage
from dispatch.model.state import CaseState, MarketState, OpenCases
from dispatch.units import Instant


def fold_case(state: MarketState, event: CaseEvent, at: Instant) -> None:
    """Take in one event of an exception. Raises IllegalMove, NotFoundError."""
    if isinstance(event, CaseOpened):
        _opened(state, event, at)
        return
    case = state.case(event.case_id)
    status = after(CASE_TABLE, case.status, event, "case", event.case_id)
    case = case._replace(status=status, version=case.version + 1)
    match event:
        case CaseTaken():
            case = case._replace(person=event.person)
        case CaseStepTaken():
            case = _stepped(case, event)
        case CaseEscalated():
            case = case._replace(owner=event.owner, person="", due_at=event.due_at, level=case.level + 1)
        case CaseClosed():
            case = case._replace(stage=CaseStage.CLOSED, result=event.result, due_at=None, closed_at=at)
            _forget(state, case)
        case _:
            assert_never(event)
    state.cases[event.case_id] = case


def _opened(state: MarketState, event: CaseOpened, at: Instant) -> None:
    if event.case_id in state.cases:
        raise IllegalMove(f"Case {event.case_id} exists already.", "Give the new case an id of its own.")
    state.cases[event.case_id] = CaseState(
        event.case_id,
        event.kind,
        event.order_id,
        event.rider_id,
        at,
        stage=event.stage,
        owner=event.owner,
        due_at=event.due_at,
        text=event.text,
    )
    if event.order_id is not None:
        state.cases_of[event.order_id] = OpenCases((*_open(state, event.order_id).case_ids, event.case_id))


def _stepped(case: CaseState, event: CaseStepTaken) -> CaseState:
    """The case after a step; what the step does not speak of stays as it was."""
    return case._replace(
        steps=case.steps + 1,
        stage=event.stage,
        due_at=event.due_at,
        plan=event.plan or case.plan,
        plan_rider_id=event.rider_id if event.plan else case.plan_rider_id,
        plan_place=event.place if event.plan else case.plan_place,
        party=event.party or case.party,
    )


def _forget(state: MarketState, case: CaseState) -> None:
    if case.order_id is not None:
        left: tuple[CaseId, ...] = tuple(name for name in _open(state, case.order_id).case_ids if name != case.case_id)
        state.cases_of[case.order_id] = OpenCases(left)


def _open(state: MarketState, order_id: OrderId) -> OpenCases:
    return state.cases_of.get(order_id, OpenCases())

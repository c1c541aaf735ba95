"""Exceptions: opened, worked on, closed."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.model.commands import CaseCommand, CloseCase, OpenCase, TakeCaseStep
from dispatch.model.events import CaseClosed, CaseId, CaseOpened, CaseStepTaken
from dispatch.model.order import OrderId
from dispatch.model.reasons import CaseKind
from dispatch.model.rider import RiderId


def handle_case(draft: Draft, command: CaseCommand) -> None:
    """Decide a step in handling an exception."""
    match command:
        case OpenCase():
            if command.order_id is not None:
                draft.state.order(command.order_id)
            if command.rider_id is not None:
                draft.state.rider(command.rider_id)
            open_case(draft, command.kind, command.order_id, command.rider_id, command.text)
        case TakeCaseStep():
            draft.add(
                CaseStepTaken(case_id=command.case_id, step=command.step, text=command.text, money=command.money),
            )
        case CloseCase():
            draft.add(CaseClosed(case_id=command.case_id, result=command.result))
        case _:
            assert_never(command)


def open_case(draft: Draft, kind: CaseKind, order_id: OrderId | None, rider_id: RiderId | None, text: str) -> None:
    """Open a case under a new id."""
    case_id = CaseId(draft.next_name("case"))
    draft.add(CaseOpened(case_id=case_id, kind=kind, order_id=order_id, rider_id=rider_id, text=text))

"""Exceptions: where they begin."""

from __future__ import annotations

from dispatch.engine.draft import Draft
from dispatch.model.case_flows import FLOWS
from dispatch.model.events import CaseId, CaseOpened
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import OrderId
from dispatch.model.reasons import CaseKind, CaseStage
from dispatch.model.rider import RiderId


def open_case(draft: Draft, kind: CaseKind, order_id: OrderId | None, rider_id: RiderId | None, text: str) -> CaseId:
    """Open a case under a new id, or find the one of the kind that is open for the order."""
    if order_id is not None:
        known = next((case for case in draft.state.open_cases(order_id) if case.kind is kind), None)
        if known is not None:
            return known.case_id
    flow = FLOWS[kind]
    case_id = CaseId(draft.next_name("case"))
    draft.add(
        CaseOpened(
            case_id=case_id,
            kind=kind,
            order_id=order_id,
            rider_id=rider_id,
            text=text,
            stage=_first_stage(draft, kind, order_id),
            owner=flow.owner,
            due_at=draft.now + flow.due_s,
        )
    )
    return case_id


def _first_stage(draft: Draft, kind: CaseKind, order_id: OrderId | None) -> CaseStage:
    """Where a case begins: a cancellation is another matter once the food is on its way."""
    if kind is not CaseKind.CANCELLATION or order_id is None:
        return FLOWS[kind].first
    carried = draft.state.order(order_id).dispatch is DispatchStatus.CARRIED
    return CaseStage.CARRIED if carried else CaseStage.OPEN

"""Whose doing it was that an order is late, from what is in the log, and what that leads to."""

from __future__ import annotations

from typing import Final

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.opening import open_case
from dispatch.engine.handlers.penalties import give_penalty
from dispatch.model.events import CaseClosed, CaseStepTaken, PenaltyKind
from dispatch.model.order import OrderId
from dispatch.model.reasons import CaseKind, CaseResult, CaseStage, CaseStep, Party
from dispatch.model.state import CaseState, MarketState, OrderState
from dispatch.units import Instant, Seconds

_LEAST_S: Final[Seconds] = 60
"""Less than this is nobody's fault."""


def shares(order: OrderState, at: Instant) -> dict[Party, Seconds]:
    """Seconds by which merchant, dispatch and rider each held the order up, until it was delivered or until ``at``."""
    promised = order.order.ready_at if order.promised_ready_at is None else order.promised_ready_at
    ready = at if order.food_ready_at is None and order.picked_up_at is None else order.food_ready_at or promised
    picked_up = at if order.picked_up_at is None else order.picked_up_at
    assigned = picked_up if order.assigned_at is None else order.assigned_at
    return {
        Party.MERCHANT: max(0, ready - promised),
        Party.HOUSE: max(0, assigned - max(ready, promised)),
        Party.RIDER: order.rider_late_s,
    }


def blame(state: MarketState, order: OrderState, at: Instant) -> Party:
    """Who held the order up most; nobody where that was force majeure, or is not to be seen in the log."""
    placed_at = order.order.placed_at
    for closure in state.closures.values():
        meanwhile = max(placed_at, closure.starts_at)
        if meanwhile <= at and closure.covers(order.order, meanwhile):
            return Party.FORCE_MAJEURE
    parts = shares(order, at)
    worst = max(parts, key=lambda party: parts[party])
    return worst if parts[worst] >= _LEAST_S else Party.NOBODY


def conclude_lateness(draft: Draft, order_id: OrderId) -> None:
    """Say whose fault it was that an order came late, do what the policy says, and close the case."""
    order, rules = draft.state.order(order_id), draft.state.care
    open_now = next((case for case in draft.state.open_cases(order_id) if case.kind is CaseKind.LATENESS), None)
    late_s = draft.at - order.order.promised_at
    if open_now is None:
        if not rules.late_s or late_s < rules.late_s:
            return
        name = open_case(draft, CaseKind.LATENESS, order_id, None, f"{late_s} s after its promise")
        open_now = draft.state.case(name)
    party = open_now.party or blame(draft.state, order, draft.at)
    if open_now.stage is not CaseStage.ATTRIBUTED:
        _step(draft, open_now, CaseStep.FAULT_ATTRIBUTED, party)
    if party is Party.RIDER and late_s >= rules.late_s:
        _penalise(draft, order, open_now)
    draft.add(CaseClosed(case_id=open_now.case_id, result=CaseResult.RESOLVED))


def _penalise(draft: Draft, order: OrderState, case: CaseState) -> None:
    """A warning, or money off the pay once there were enough of them."""
    if order.rider_id is None or _blamed(draft.state, order):
        return
    record, rules = draft.state.records.get(order.rider_id), draft.state.care
    warned = record is not None and record.warnings >= rules.warnings
    priced = order.order.id in draft.state.accounts
    deduct = warned and rules.deduction_minor > 0 and priced
    step = CaseStep.RIDER_CHARGED if deduct else CaseStep.RIDER_WARNED
    _step(draft, case, step, Party.RIDER)
    kind = PenaltyKind.DEDUCTION if deduct else PenaltyKind.WARNING
    give_penalty(draft, order.rider_id, kind, f"order {order.order.id} came late", order.order.id, case.case_id)


def _blamed(state: MarketState, order: OrderState) -> bool:
    """Whether the rider has been blamed for this very order: it was delivered before, and that was taken back."""
    mine = (one for one in state.penalties.values() if one.rider_id == order.rider_id)
    return any(one.order_id == order.order.id for one in mine)


def _step(draft: Draft, case: CaseState, step: CaseStep, party: Party) -> None:
    draft.add(CaseStepTaken(case_id=case.case_id, step=step, stage=CaseStage.ATTRIBUTED, party=party))

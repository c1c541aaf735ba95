"""Marks on riders' records."""

from __future__ import annotations

from typing import assert_never

from dispatch.model.events import AppealDecided, PenaltyAppealed, PenaltyEvent, PenaltyGiven, PenaltyKind
from dispatch.model.lifecycle import PENALTY_TABLE, IllegalMove, PenaltyStatus, after
from dispatch.model.rider import RiderId
from dispatch.model.state import MarketState, PenaltyState, RiderRecord
from dispatch.units import Instant


def fold_penalty(state: MarketState, event: PenaltyEvent, at: Instant) -> None:
    """Take in one event of a rider's record. Raises IllegalMove, NotFoundError."""
    if isinstance(event, PenaltyGiven):
        _given(state, event, at)
        return
    penalty = state.penalty(event.penalty_id)
    if penalty.rider_id != event.rider_id:
        cause = f"Penalty {event.penalty_id} is rider {penalty.rider_id}'s, not {event.rider_id}'s."
        raise IllegalMove(cause, "Name the rider who got it.")
    status = after(PENALTY_TABLE, penalty.status, event, "penalty", event.penalty_id)
    match event:
        case PenaltyAppealed():
            penalty = penalty._replace(status=status, appeal=event.text)
        case AppealDecided():
            status = PenaltyStatus.LIFTED if event.lifted else status
            penalty = penalty._replace(status=status, answer=event.text)
            if event.lifted:
                _count(state, event.rider_id, penalty.kind, -1)
        case _:
            assert_never(event)
    state.penalties[event.penalty_id] = penalty._replace(version=penalty.version + 1)


def _given(state: MarketState, event: PenaltyGiven, at: Instant) -> None:
    if event.penalty_id in state.penalties:
        raise IllegalMove(f"Penalty {event.penalty_id} exists already.", "Give the new one an id of its own.")
    state.rider(event.rider_id)
    state.penalties[event.penalty_id] = PenaltyState(
        event.penalty_id,
        event.rider_id,
        event.kind,
        event.text,
        event.amount,
        event.order_id,
        event.case_id,
        at,
    )
    _count(state, event.rider_id, event.kind, 1)


def _count(state: MarketState, rider_id: RiderId, kind: PenaltyKind, more: int) -> None:
    record = state.records.get(rider_id, RiderRecord())
    match kind:
        case PenaltyKind.WARNING:
            state.records[rider_id] = record._replace(warnings=record.warnings + more)
        case PenaltyKind.DEDUCTION:
            state.records[rider_id] = record._replace(deductions=record.deductions + more)
        case _:
            assert_never(kind)

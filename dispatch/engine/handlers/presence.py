"""Riders come, go, pause and are seen."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.offers import withdraw_all
from dispatch.engine.handlers.orders import check_market
from dispatch.errors import ConflictError
from dispatch.model.commands import (
    EndShift,
    PauseRider,
    PlanShift,
    PresenceCommand,
    RegisterRider,
    ReportPositions,
    ResumeRider,
    StartShift,
)
from dispatch.model.events import (
    OrderUnassigned,
    PositionReported,
    RiderPaused,
    RiderRegistered,
    RiderResumed,
    ShiftEnded,
    ShiftPlanned,
    ShiftStarted,
)
from dispatch.model.reasons import UnassignReason
from dispatch.model.rider import RiderId, TaskKind
from dispatch.units import Instant


def handle_presence(draft: Draft, command: PresenceCommand) -> None:
    """Decide what a rider's coming and going leads to."""
    match command:
        case ReportPositions():
            draft.state.rider(command.rider_id)
            for position in sorted(command.positions, key=lambda seen: seen.occurred_at):
                draft.add(PositionReported(rider_id=command.rider_id, position=position))
        case RegisterRider():
            check_market(draft, command.rider.market_id, f"Rider {command.rider.id}")
            known = draft.state.riders.get(command.rider.id)
            if known is None or known.rider != command.rider:
                draft.add(RiderRegistered(rider=command.rider))
        case PlanShift():
            if draft.state.shifts.get(command.shift.id) != command.shift:
                draft.add(ShiftPlanned(shift=command.shift))
        case StartShift():
            _start(draft, command)
        case EndShift():
            _end(draft, command)
        case PauseRider():
            pause(draft, command.rider_id, command.until, command.reason, UnassignReason.RIDER_PAUSED)
        case ResumeRider():
            draft.add(RiderResumed(rider_id=command.rider_id))
        case _:
            assert_never(command)


def pause(draft: Draft, rider_id: RiderId, until: Instant | None, reason: str, code: UnassignReason) -> None:
    """No new orders for the rider: open offers are withdrawn, what the rider has stays."""
    withdraw_all(draft, rider_id, code)
    draft.add(RiderPaused(rider_id=rider_id, until=until, reason=reason))


def _start(draft: Draft, command: StartShift) -> None:
    shift = command.shift
    if shift.rider_id != command.rider_id:
        cause = f"Shift {shift.id} belongs to rider {shift.rider_id}, not to {command.rider_id}."
        raise ConflictError(cause, "Start a shift of the rider's own.", code="shift_of_another")
    present = draft.state.rider(command.rider_id).shift
    if draft.state.shifts.get(shift.id) != shift:
        draft.add(ShiftPlanned(shift=shift))
    if present is None or present.id != shift.id:
        place = command.place if command.place is not None else shift.start
        draft.add(ShiftStarted(rider_id=command.rider_id, shift_id=shift.id, place=place))


def _end(draft: Draft, command: EndShift) -> None:
    rider = draft.state.rider(command.rider_id)
    if rider.shift is None:
        raise ConflictError(f"Rider {command.rider_id} is not on shift.", "Nothing to end.", code="rider_off_shift")
    waiting = [task.order_id for task in rider.tasks if task.kind is TaskKind.PICKUP]
    on_board = [task.order_id for task in rider.tasks if task.order_id not in waiting]
    if on_board:
        cause = f"Rider {command.rider_id} still has {', '.join(on_board)} on board."
        raise ConflictError(cause, "Deliver or return what is on board first.", code="orders_on_board")
    for order_id in waiting:
        draft.add(
            OrderUnassigned(order_id=order_id, rider_id=command.rider_id, reason=UnassignReason.SHIFT_ENDED),
        )
    withdraw_all(draft, command.rider_id, UnassignReason.SHIFT_ENDED)
    draft.add(ShiftEnded(rider_id=command.rider_id, shift_id=rider.shift.id))

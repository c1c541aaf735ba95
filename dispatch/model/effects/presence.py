"""Riders known, at work, paused, seen."""

from __future__ import annotations

from typing import assert_never

from dispatch.model.events import (
    PositionReported,
    PresenceEvent,
    ProblemReported,
    RiderLost,
    RiderPaused,
    RiderRegistered,
    RiderResumed,
    ShiftEnded,
    ShiftPlanned,
    ShiftStarted,
)
from dispatch.model.lifecycle import IllegalMove
from dispatch.model.state import MarketState, RiderState, unknown
from dispatch.units import NEVER, Instant


def fold_presence(state: MarketState, event: PresenceEvent, at: Instant) -> None:
    """Take in one event of a rider's presence. Raises IllegalMove, NotFoundError."""
    match event:
        case PositionReported():
            _seen(state, event, at)
        case RiderRegistered():
            _registered(state, event)
        case ShiftPlanned():
            _planned(state, event)
        case ShiftStarted():
            _started(state, event, at)
        case ShiftEnded():
            _ended(state, event)
        case RiderPaused():
            until = NEVER if event.until is None else event.until
            _write(state, state.rider(event.rider_id)._replace(paused_until=until))
        case RiderResumed():
            _write(state, state.rider(event.rider_id).heard(at)._replace(paused_until=None, problem=None))
        case ProblemReported():
            _write(state, state.rider(event.rider_id).heard(at)._replace(problem=event.kind))
        case RiderLost():
            _write(state, state.rider(event.rider_id)._replace(lost_at=at))
        case _:
            assert_never(event)


def _write(state: MarketState, rider: RiderState) -> None:
    state.riders[rider.rider.id] = rider._replace(version=rider.version + 1)


def _seen(state: MarketState, event: PositionReported, at: Instant) -> None:
    rider = state.rider(event.rider_id).heard(at)
    known = rider.position
    # Devices send late what they could not send in time: it belongs to the record, not to the present.
    newer = known is None or known.occurred_at <= event.position.occurred_at
    state.riders[event.rider_id] = rider._replace(
        position=event.position if newer else known, version=rider.version + 1
    )


def _registered(state: MarketState, event: RiderRegistered) -> None:
    known = state.riders.get(event.rider.id)
    if known is None:
        state.riders[event.rider.id] = RiderState(rider=event.rider)
    else:
        _write(state, known._replace(rider=event.rider))


def _planned(state: MarketState, event: ShiftPlanned) -> None:
    shift = event.shift
    rider = state.rider(shift.rider_id)
    known = state.shifts.get(shift.id)
    if known is not None and known.rider_id != shift.rider_id:
        cause = f"Shift {shift.id} belongs to rider {known.rider_id}."
        raise IllegalMove(cause, "Give the new shift an id of its own.")
    present = rider.shift is not None and rider.shift.id == shift.id
    state.shifts[shift.id] = shift
    _write(state, rider._replace(shift=shift) if present else rider)


def _started(state: MarketState, event: ShiftStarted, at: Instant) -> None:
    rider = state.rider(event.rider_id)
    shift = state.shifts.get(event.shift_id)
    if shift is None:
        raise unknown("shift", event.shift_id)
    if shift.rider_id != event.rider_id:
        raise IllegalMove(f"Shift {shift.id} belongs to rider {shift.rider_id}.", "Start a shift of the rider's own.")
    if rider.shift is not None:
        raise IllegalMove(f"Rider {event.rider_id} is on shift {rider.shift.id}.", "End that shift first.")
    _write(state, rider.heard(at)._replace(shift=shift, place=event.place, since=at, busy_until=at))


def _ended(state: MarketState, event: ShiftEnded) -> None:
    rider = state.rider(event.rider_id)
    if rider.shift is None or rider.shift.id != event.shift_id:
        raise IllegalMove(f"Rider {event.rider_id} is not on shift {event.shift_id}.", "End the shift the rider is on.")
    if rider.tasks or rider.offers:
        cause = f"Rider {event.rider_id} still has tasks or offers."
        raise IllegalMove(cause, "Give the orders to others, or wait until they are delivered.")
    _write(state, rider._replace(shift=None, leg=None, depart_at=None, wait_at=None))

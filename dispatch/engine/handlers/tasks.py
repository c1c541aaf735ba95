"""Riders go through their tasks: the rules of the road."""

from __future__ import annotations

from typing import Final, assert_never

import numpy as np

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.aftermath import CORRECTABLE_S
from dispatch.engine.handlers.offers import take_back_offer
from dispatch.engine.handlers.opening import open_case
from dispatch.engine.handlers.presence import pause
from dispatch.errors import ConflictError
from dispatch.geo.distance import haversine_pairs_m
from dispatch.model.commands import (
    Arrive,
    ConfirmDropoff,
    ConfirmPickup,
    ConfirmReturn,
    CorrectTask,
    FailDelivery,
    HandOver,
    ReportProblem,
    StartLeg,
    TaskCommand,
)
from dispatch.model.events import (
    ArrivedAtStop,
    DeliveryCorrected,
    DeliveryFailed,
    LegStarted,
    OrderDelivered,
    OrderHandedOver,
    OrderPickedUp,
    OrderReturned,
    PickupCorrected,
    ProblemReported,
)
from dispatch.model.lifecycle import DispatchStatus, IllegalMove, TaskStatus
from dispatch.model.order import OrderId
from dispatch.model.place import Place
from dispatch.model.reasons import CaseKind, ProblemKind, UnassignReason
from dispatch.model.rider import RiderId, Task, TaskKind
from dispatch.model.state import RiderState
from dispatch.model.stops import first_stop, task_status
from dispatch.units import MINUTE_S, Seconds

MEET_M: Final = 500
"""Riders who hand over are nearer to each other than this, as far as is known."""
SEEN_S: Final[Seconds] = 3 * MINUTE_S
"""A position older than this says nothing about where a rider is."""


def handle_task(draft: Draft, command: TaskCommand) -> None:
    """Decide a step on a rider's way."""
    match command:
        case StartLeg():
            _start(draft, command)
        case Arrive():
            leg = draft.state.rider(command.rider_id).leg
            if leg is None:
                cause = f"Rider {command.rider_id} is not under way."
                raise IllegalMove(cause, "Report the start of the leg first.")
            draft.add(ArrivedAtStop(rider_id=command.rider_id, place=leg.destination))
        case ConfirmPickup():
            _pick_up(draft, command)
        case ConfirmDropoff():
            _check_turn(draft, command.rider_id, (command.order_id,), TaskKind.DROPOFF)
            draft.add(
                OrderDelivered(order_id=command.order_id, rider_id=command.rider_id, proof=command.proof),
            )
        case ConfirmReturn():
            _check_turn(draft, command.rider_id, (command.order_id,), TaskKind.RETURN)
            draft.add(OrderReturned(order_id=command.order_id, rider_id=command.rider_id))
        case FailDelivery():
            draft.add(
                DeliveryFailed(order_id=command.order_id, rider_id=command.rider_id, reason=command.reason),
            )
        case CorrectTask():
            _correct(draft, command)
        case ReportProblem():
            _report(draft, command)
        case HandOver():
            _hand_over(draft, command)
        case _:
            assert_never(command)


def _start(draft: Draft, command: StartLeg) -> None:
    rider = draft.state.rider(command.rider_id)
    if rider.shift is None or rider.place is None:
        raise ConflictError(f"Rider {command.rider_id} is not on shift.", "Start the shift.", code="rider_off_shift")
    if draft.now < rider.busy_until:
        cause = f"Rider {command.rider_id} is busy at the stop until {rider.busy_until}."
        raise ConflictError(cause, "Set out then.", code="rider_busy")
    destination = _destination(draft, rider, command)
    draft.add(
        LegStarted(
            rider_id=command.rider_id,
            origin=rider.place,
            destination=destination,
            arrives_at=command.arrives_at,
        )
    )


def _destination(draft: Draft, rider: RiderState, command: StartLeg) -> Place:
    stop = first_stop(rider.tasks, draft.state.orders)
    if stop is None:
        if command.destination is not None:
            return command.destination
        cause = f"Rider {command.rider_id} has no task to go to."
        raise ConflictError(cause, "Name a place to wait at, or wait for an order.", code="no_task")
    if command.destination not in (None, stop.place):
        cause = f"Rider {command.rider_id} has a stop to go to first."
        raise ConflictError(cause, "Go there; waiting elsewhere is for riders without tasks.", code="stop_waits")
    there = any(task_status(draft.state.order(task.order_id), task.kind) is TaskStatus.ARRIVED for task in stop.tasks)
    if there and rider.leg is None:
        cause = f"Rider {command.rider_id} is at the first stop already."
        raise ConflictError(cause, "Do what is to be done there.", code="already_there")
    return stop.place


def _pick_up(draft: Draft, command: ConfirmPickup) -> None:
    if not command.order_ids or len(set(command.order_ids)) != len(command.order_ids):
        raise ValueError("a pickup names one or more orders, each once")
    _check_turn(draft, command.rider_id, command.order_ids, TaskKind.PICKUP)
    for order_id in command.order_ids:
        take_back_offer(draft, order_id, UnassignReason.ORDER_GONE)
        draft.add(OrderPickedUp(order_id=order_id, rider_id=command.rider_id))


def _check_turn(draft: Draft, rider_id: RiderId, order_ids: tuple[OrderId, ...], kind: TaskKind) -> None:
    """These tasks must be of the first stop, and the rider must stand there."""
    rider = draft.state.rider(rider_id)
    for order_id in order_ids:
        draft.state.order(order_id)
    stop = first_stop(rider.tasks, draft.state.orders)
    if stop is None or any(Task(order_id, kind) not in stop.tasks for order_id in order_ids):
        names = ", ".join(order_ids)
        cause = f"The {kind.value} of {names} is not what rider {rider_id} has to do next."
        raise ConflictError(cause, "Follow the order of the tasks, or have the route changed.", code="not_next")
    if rider.leg is not None or rider.place != stop.place:
        cause = f"Rider {rider_id} is not at the stop."
        raise ConflictError(cause, "Go there and report the arrival first.", code="not_there")


def _correct(draft: Draft, command: CorrectTask) -> None:
    order = draft.state.order(command.order_id)
    if draft.state.rider(command.rider_id).shift is None:
        raise ConflictError(f"Rider {command.rider_id} is not on shift.", "Start the shift.", code="rider_off_shift")
    was_pickup = command.kind is TaskKind.PICKUP
    done_at = order.picked_up_at if was_pickup else order.delivered_at
    if done_at is not None and draft.at - done_at > CORRECTABLE_S:
        cause = f"The {command.kind.value} of order {command.order_id} was at {done_at}, too long ago."
        raise ConflictError(cause, "Tell customer service, who opens a case.", code="too_late_to_correct")
    if was_pickup:
        draft.add(PickupCorrected(order_id=command.order_id, rider_id=command.rider_id, text=command.text))
    elif command.kind is TaskKind.DROPOFF:
        draft.add(DeliveryCorrected(order_id=command.order_id, rider_id=command.rider_id, text=command.text))
    else:
        raise ConflictError("The return of an order cannot be corrected.", "Tell customer service.", code="no_task")


def _report(draft: Draft, command: ReportProblem) -> None:
    if command.order_id is not None:
        draft.state.order(command.order_id)
    draft.add(ProblemReported(rider_id=command.rider_id, kind=command.kind, text=command.text))
    if command.kind.stops_the_rider:
        pause(draft, command.rider_id, None, command.kind.value, UnassignReason.RIDER_PROBLEM)
    kind = _CASES.get(command.kind, CaseKind.RIDER_PROBLEM)
    open_case(draft, kind, command.order_id, command.rider_id, f"{command.kind.value}: {command.text}".rstrip(": "))


def _hand_over(draft: Draft, command: HandOver) -> None:
    order = draft.state.order(command.order_id)
    if order.dispatch not in (DispatchStatus.CARRIED, DispatchStatus.RETURNING) or order.rider_id is None:
        cause = f"Order {command.order_id} is not on board."
        raise ConflictError(cause, "Reassign it instead.", code="not_on_board")
    other = draft.state.rider(command.to_rider_id)
    if other.shift is None:
        cause = f"Rider {command.to_rider_id} is not on shift."
        raise ConflictError(cause, "Name a rider who is.", code="rider_off_shift")
    _check_near(draft, draft.state.rider(order.rider_id), other)
    draft.add(OrderHandedOver(order_id=command.order_id, rider_id=order.rider_id, to_rider_id=command.to_rider_id))


def _check_near(draft: Draft, one: RiderState, other: RiderState) -> None:
    """Refuse to hand over between riders who are seen far from each other; who is not seen is believed."""
    seen = [rider.position for rider in (one, other)]
    fresh = [found.place for found in seen if found is not None and draft.at - found.occurred_at <= SEEN_S]
    if len(fresh) < len(seen):
        return
    ends = np.array([[place.latitude, place.longitude] for place in fresh])
    apart_m = int(haversine_pairs_m(ends[:1], ends[1:])[0])
    if apart_m > MEET_M:
        cause = f"Riders {one.rider.id} and {other.rider.id} are {apart_m} m apart."
        raise ConflictError(cause, "Meet first; positions may lag by a minute.", code="not_near")


_CASES: Final = {
    ProblemKind.ITEMS_DO_NOT_MATCH: CaseKind.ITEMS_DO_NOT_MATCH,
    ProblemKind.CUSTOMER_NOT_FOUND: CaseKind.CUSTOMER_UNREACHABLE,
    ProblemKind.WRONG_ADDRESS: CaseKind.WRONG_ADDRESS,
}
"""Which case a problem opens; all others are a rider's."""

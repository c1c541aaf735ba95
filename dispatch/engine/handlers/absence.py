"""The market goes on without a rider from whom nothing is heard: what was not collected, and what was."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.case_effects import order_again
from dispatch.engine.handlers.offers import withdraw_all
from dispatch.engine.handlers.opening import open_case
from dispatch.errors import ConflictError
from dispatch.model.commands import AbsenceCommand, LoseFood, LoseRider
from dispatch.model.events import OrderLost, OrderUnassigned, RiderLost
from dispatch.model.lifecycle import OrderStatus
from dispatch.model.reasons import CaseKind, UnassignReason
from dispatch.model.rider import RiderId, TaskKind


def handle_absence(draft: Draft, command: AbsenceCommand) -> None:
    """Decide what a rider's silence leads to. Raises NotFoundError, ConflictError."""
    match command:
        case LoseRider():
            _lose_rider(draft, command.rider_id)
        case LoseFood():
            _lose_food(draft, command)
        case _:
            assert_never(command)


def _lose_rider(draft: Draft, rider_id: RiderId) -> None:
    rider = draft.state.rider(rider_id)
    if rider.lost_at is not None:
        return
    if rider.shift is None:
        raise ConflictError(f"Rider {rider_id} is not on shift.", "Nobody waits for the rider.", code="rider_off_shift")
    draft.add(RiderLost(rider_id=rider_id, seen_at=rider.seen_at))
    withdraw_all(draft, rider_id, UnassignReason.RIDER_LOST)
    _take_back(draft, rider_id)
    if rider.tasks:
        on_board = ", ".join(task.order_id for task in draft.state.rider(rider_id).tasks) or "nothing"
        text = f"nothing heard since {rider.seen_at}; on board: {on_board}"
        open_case(draft, CaseKind.RIDER_PROBLEM, None, rider_id, text)


def _take_back(draft: Draft, rider_id: RiderId) -> None:
    """Let others have what the rider has not picked up."""
    for task in draft.state.rider(rider_id).tasks:
        if task.kind is TaskKind.PICKUP:
            draft.add(OrderUnassigned(order_id=task.order_id, rider_id=rider_id, reason=UnassignReason.RIDER_LOST))


def _lose_food(draft: Draft, command: LoseFood) -> None:
    rider = draft.state.rider(command.rider_id)
    if rider.lost_at is None:
        cause = f"Rider {command.rider_id} is not lost."
        raise ConflictError(cause, "Ask the rider what became of the food.", code="rider_there")
    # What somebody insisted on giving to a lost rider was not collected.
    _take_back(draft, command.rider_id)
    for task in draft.state.rider(command.rider_id).tasks:
        order = draft.state.order(task.order_id)
        draft.add(OrderLost(order_id=task.order_id, rider_id=command.rider_id))
        again = command.redeliver and order.status is OrderStatus.PICKED_UP
        if again:
            order_again(draft, task.order_id)
        text = "gone with its rider; made once more" if again else "gone with its rider"
        open_case(draft, CaseKind.FAILED_DELIVERY, task.order_id, command.rider_id, text)

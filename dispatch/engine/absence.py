"""Who has fallen silent: told from what should have been heard by now, not from silence alone.

A rider without a task says nothing for hours, and is there. So silence counts from when something was due: an arrival,
a pickup, a drop-off, setting out, or the next position of a rider who reports positions.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dispatch.engine.policy import LoopParams
from dispatch.engine.rows import Rows
from dispatch.model.commands import Command, EndShift, LoseFood, LoseRider
from dispatch.model.rider import Shift, TaskKind
from dispatch.model.state import MarketState, RiderState
from dispatch.model.stops import first_stop
from dispatch.units import NEVER, Instant


class Absences:
    """Looks for silent riders again and again, and looks closely only at those from whom something is due."""

    def __init__(self, loop: LoopParams) -> None:
        self._loop = loop
        self._quiet: Rows[RiderState] = Rows(1, self._quiet_until)

    def found(self, state: MarketState, now: Instant) -> Iterator[Command]:
        """What to do about riders from whom nothing is heard; nothing where ``loop.presence_timeout_s`` is 0."""
        loop, timeout_s = self._loop, self._loop.presence_timeout_s
        if timeout_s == 0:
            return
        riders = list(state.riders.values())
        for number in np.flatnonzero(self._quiet.of(riders)[0] <= now).tolist():
            rider, shift = riders[number], riders[number].shift
            if shift is None or (now - rider.seen_at < timeout_s and not rider.unanswered):
                continue
            if rider.lost_at is not None:
                yield from _after_loss(rider, shift, rider.lost_at, now, loop)
            elif _is_lost(state, rider, shift, now, loop):
                yield LoseRider(rider_id=rider.rider.id)
            elif not rider.tasks and not rider.offers and now >= shift.ends_at + timeout_s:
                yield EndShift(rider_id=rider.rider.id)

    def _quiet_until(self, rider: RiderState) -> tuple[int]:
        """Before this instant nothing follows from the rider's silence, whatever becomes of the orders."""
        shift, timeout_s = rider.shift, self._loop.presence_timeout_s
        if shift is None:
            return (NEVER,)
        if rider.unanswered or rider.lost_at is not None:
            return (0,)
        due_at = rider.seen_at
        if rider.position is None and rider.leg is not None:
            due_at = max(due_at, min(rider.leg.arrives_at, shift.ends_at))
        elif rider.position is None and not rider.tasks:
            due_at = max(due_at, shift.ends_at)
        return (due_at + timeout_s,)


def _after_loss(rider: RiderState, shift: Shift, lost_at: Instant, now: Instant, loop: LoopParams) -> Iterator[Command]:
    if rider.tasks and now - lost_at >= loop.lost_food_s:
        yield LoseFood(rider_id=rider.rider.id, redeliver=loop.redeliver_lost)
    elif not rider.tasks and now >= shift.ends_at:
        yield EndShift(rider_id=rider.rider.id)


def _is_lost(state: MarketState, rider: RiderState, shift: Shift, now: Instant, loop: LoopParams) -> bool:
    if rider.unanswered >= loop.unanswered_offers > 0:
        return True
    due_at = _due_at(state, rider, shift)
    return due_at is not None and now - max(due_at, rider.seen_at) >= loop.presence_timeout_s


def _due_at(state: MarketState, rider: RiderState, shift: Shift) -> Instant | None:
    """When the next sign of life is due at the latest; None where nothing is."""
    if rider.position is not None and rider.position.occurred_at >= shift.starts_at:
        return rider.seen_at
    if rider.leg is not None:
        return rider.leg.arrives_at
    stop = first_stop(rider.tasks, state.orders)
    if stop is None:
        return None
    free_at = max(rider.since, rider.busy_until)
    if rider.place != stop.place:
        return max(free_at, rider.depart_at or 0) if rider.overdue_at is None else rider.overdue_at
    orders = [state.orders[task.order_id] for task in stop.tasks]
    if stop.tasks[0].kind is TaskKind.DROPOFF:
        return max(free_at + orders[0].order.dropoff_handling.before_s, orders[0].order.not_before_at or 0)
    ready_at = max(order.ready_at for order in orders) if stop.tasks[0].kind is TaskKind.PICKUP else 0
    return max(free_at + max(order.order.pickup_handling.before_s for order in orders), ready_at)

"""Who has fallen silent: told from what should have been heard by now, not from silence alone.

A rider without a task says nothing for hours, and is there. So silence counts from when something was due: an arrival,
a pickup, a drop-off, setting out, or the next position of a rider who reports positions.
"""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.engine.policy import LoopParams
from dispatch.model.commands import Command, EndShift, LoseFood, LoseRider
from dispatch.model.rider import Shift, TaskKind
from dispatch.model.state import MarketState, RiderState
from dispatch.model.stops import first_stop
from dispatch.units import Instant


def absences(state: MarketState, now: Instant, loop: LoopParams) -> Iterator[Command]:
    """What to do about riders from whom nothing is heard; nothing where ``loop.presence_timeout_s`` is 0."""
    timeout_s = loop.presence_timeout_s
    if timeout_s == 0:
        return
    for rider in state.riders.values():
        shift = rider.shift
        if shift is None or (now - rider.seen_at < timeout_s and not rider.unanswered):
            continue
        # Nothing is due from most riders, and nothing that they were asked ran out.
        idle = rider.leg is None and not rider.tasks and rider.position is None and not rider.unanswered
        if rider.lost_at is not None:
            yield from _after_loss(rider, shift, rider.lost_at, now, loop)
        elif not idle and _is_lost(state, rider, shift, now, loop):
            yield LoseRider(rider_id=rider.rider.id)
        elif not rider.tasks and not rider.offers and now >= shift.ends_at + timeout_s:
            yield EndShift(rider_id=rider.rider.id)


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

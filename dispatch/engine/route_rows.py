"""Riders' present routes as rows of a problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dispatch.engine.order_rows import WAITING
from dispatch.engine.rider_rows import RiderColumns
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import OrderId
from dispatch.model.rider import RiderId, Task, TaskKind
from dispatch.model.state import MarketState, OrderState, RiderState
from dispatch.model.stops import both_tasks
from dispatch.solver.problem import DROPOFF, PICKUP, Ints, Routes
from dispatch.solver.rules import Rules
from dispatch.units import Instant

Planned = Mapping[RiderId, tuple[Task, ...]]
"""Each rider's tasks as last planned, including those of orders not given to the rider yet."""


def present_routes(
    state: MarketState,
    riders: Sequence[RiderState],
    names: Sequence[RiderId],
    columns: RiderColumns,
    orders: Mapping[OrderId, int],
    planned: Planned,
    rules: Rules,
    now: Instant,
) -> tuple[Routes, Ints]:
    """(the riders' routes, 1 for each rider where something has happened that the last plan did not foresee).

    orders: the index of each order that takes part.
    """
    befores = list(map(planned.get, names))
    late = (columns.leg == 1) & (columns.free_at < now)
    unforeseen = np.array([before is None for before in befores], np.bool_) | late
    count, frozen = np.zeros((2, len(riders)), np.int64)
    flat: list[Task] = []
    for number in np.flatnonzero((columns.busy == 1) | np.array([bool(b) for b in befores], np.bool_)).tolist():
        rider, before = riders[number], befores[number] or ()
        tasks = _sequence(state, rider, before, orders, now)
        count[number], frozen[number] = len(tasks), _frozen(state, rider, tasks, rules)
        unforeseen[number] |= _surprising(state, rider, tasks, before)
        flat += tasks
    routes = Routes(
        start=np.concatenate([np.zeros(1, np.int64), np.cumsum(count)]),
        order=np.array([orders[task.order_id] for task in flat], np.int64),
        kind=np.array([PICKUP if task.kind is TaskKind.PICKUP else DROPOFF for task in flat], np.int64),
        frozen=frozen,
    )
    return routes, unforeseen.astype(np.int64)


def _sequence(
    state: MarketState, rider: RiderState, planned: tuple[Task, ...], order_at: Mapping[OrderId, int], now: Instant
) -> Sequence[Task]:
    """The rider's tasks given and offered, in their order, and those only planned where the last plan had them.

    An order that is offered to another rider counts as that one's until the answer; where several are asked, as that of
    the first.
    """
    offered = [
        key
        for offer in sorted(rider.offers)
        for key in state.offers[offer].order_ids
        if state.orders[key].offer_id == offer
    ]
    own = [task for task in rider.tasks if state.orders[task.order_id].offer_id is None]
    given = [*own, *(task for key in offered for task in both_tasks(key))]
    if tuple(given) == planned:
        return given
    kept = [
        task
        for task in planned
        if task in given or _only_planned(state.orders[task.order_id], rider.rider.id, order_at, now)
    ]
    if all(task in kept for task in given) and [task for task in kept if task in own] == own:
        return kept
    return given


def _only_planned(order: OrderState, rider: RiderId, order_at: Mapping[OrderId, int], now: Instant) -> bool:
    return order.order.id in order_at and order.dispatch in WAITING and order.pin(now) in (None, rider)


def _frozen(state: MarketState, rider: RiderState, tasks: Sequence[Task], rules: Rules) -> int:
    """Leading tasks that stay: a drop-off under way or at hand; all of the bag where its sequence was promised."""
    leading = 0
    for task in tasks:
        if task.kind is TaskKind.PICKUP:
            break
        leading += 1
    if rules.one_merchant_on_board or leading == 0:
        return leading
    first = state.orders[tasks[0].order_id]
    bound = rider.leg is not None or rider.place == first.order.dropoff
    return 1 if bound else 0


def _surprising(state: MarketState, rider: RiderState, tasks: Sequence[Task], before: tuple[Task, ...]) -> bool:
    """Whether the tasks are other ones than those left of ``before``, the last plan's."""
    gone = len(before) - len(tasks)
    if gone < 0 or before[gone:] != tuple(tasks):
        return True
    return not all(_done(state.orders[task.order_id], task.kind, rider.rider.id) for task in before[:gone])


def _done(order: OrderState, kind: TaskKind, rider: RiderId) -> bool:
    """Whether the rider has done the task; else it was taken away."""
    done = order.picked_up_at is not None if kind is TaskKind.PICKUP else order.dispatch is DispatchStatus.DONE
    return done and order.rider_id == rider

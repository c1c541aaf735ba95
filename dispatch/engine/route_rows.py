"""Riders' present routes as rows of a problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import takewhile
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import OrderId
from dispatch.model.rider import RiderId, Task, TaskKind
from dispatch.model.state import MarketState, OrderState, RiderState
from dispatch.model.stops import both_tasks
from dispatch.solver.problem import DROPOFF, PICKUP, Ints, Routes
from dispatch.solver.rules import Rules

Planned = Mapping[RiderId, tuple[Task, ...]]
"""Each rider's tasks as last planned, including those of orders not given to the rider yet."""

_TAKEN: Final = RiderId("")
"""Instead of a rider, for an order that somebody has or that takes no part."""


class Given(NamedTuple):
    """What is known of the orders. at: the index of each that takes part. asked: those in an open offer.

    loose: those taking part that nobody has and nobody is asked for, with the only rider who may have it.
    """

    at: Mapping[OrderId, int]
    loose: Mapping[OrderId, RiderId | None]
    asked: Set[OrderId]


def present_routes(
    state: MarketState,
    riders: Sequence[RiderState],
    names: Sequence[RiderId],
    busy: Ints,
    orders: Given,
    planned: Planned,
    rules: Rules,
) -> tuple[Routes, NDArray[np.bool_]]:
    """(the riders' routes, whether something has happened to each rider that the last plan did not foresee).

    busy: int64 (R,), 1 for riders with tasks or offers.
    """
    befores = list(map(planned.get, names))
    unforeseen = np.array([before is None for before in befores], np.bool_)
    some = (busy == 1) | np.array(list(map(bool, befores)), np.bool_)
    count, frozen = np.zeros((2, len(riders)), np.int64)
    flat: list[Task] = []
    for number in np.flatnonzero(some).tolist():
        rider, before = riders[number], befores[number] or ()
        tasks = _sequence(state, rider, before, orders)
        count[number], frozen[number] = len(tasks), _frozen(state, rider, tasks, rules)
        if tasks is not before:
            unforeseen[number] |= _surprising(state, rider, tasks, before)
        flat += tasks
    pickup = TaskKind.PICKUP
    routes = Routes(
        start=np.concatenate([np.zeros(1, np.int64), np.cumsum(count)]),
        order=np.array([orders.at[task.order_id] for task in flat], np.int64),
        kind=np.array([PICKUP if task.kind is pickup else DROPOFF for task in flat], np.int64),
        frozen=frozen,
    )
    return routes, unforeseen


def _sequence(state: MarketState, rider: RiderState, planned: tuple[Task, ...], orders: Given) -> tuple[Task, ...]:
    """The rider's tasks given and offered, in their order, and those only planned where the last plan had them.

    An order that is offered to another rider counts as that one's until the answer; where several are asked, as that of
    the first. The very ``planned`` where nothing is missing.
    """
    own, offered = rider.tasks, _offered(state, rider) if rider.offers else ()
    if orders.asked:
        own = tuple(task for task in own if task.order_id not in orders.asked)
    given = own + offered
    if given == planned:
        return planned
    kept: list[Task] = []
    loose, free = orders.loose, (None, rider.rider.id)
    found_own = found_offered = 0
    for task in planned:
        if found_own < len(own) and (task is own[found_own] or task == own[found_own]):
            found_own += 1
        elif task in offered:
            found_offered += 1
        elif loose.get(task.order_id, _TAKEN) not in free:
            continue
        kept.append(task)
    if found_own < len(own) or found_offered < len(offered):
        return given
    return planned if len(kept) == len(planned) else tuple(kept)


def _offered(state: MarketState, rider: RiderState) -> tuple[Task, ...]:
    """Tasks of the orders for which the rider is asked first."""
    return tuple(
        task
        for offer in sorted(rider.offers)
        for key in state.offers[offer].order_ids
        if state.orders[key].offer_id == offer
        for task in both_tasks(key)
    )


def _frozen(state: MarketState, rider: RiderState, tasks: Sequence[Task], rules: Rules) -> int:
    """Leading tasks that stay: a drop-off under way or at hand; all of the bag where its sequence was promised."""
    if not tasks or tasks[0].kind is TaskKind.PICKUP:
        return 0
    if rules.one_merchant_on_board:
        return sum(1 for _ in takewhile(lambda task: task.kind is not TaskKind.PICKUP, tasks))
    return int(rider.leg is not None or rider.place == state.orders[tasks[0].order_id].order.dropoff)


def _surprising(state: MarketState, rider: RiderState, tasks: tuple[Task, ...], before: tuple[Task, ...]) -> bool:
    """Whether the tasks are other ones than those left of ``before``, the last plan's."""
    gone = len(before) - len(tasks)
    if gone < 0 or before[gone:] != tasks:
        return True
    return not all(_done(state.orders[task.order_id], task.kind, rider.rider.id) for task in before[:gone])


def _done(order: OrderState, kind: TaskKind, rider: RiderId) -> bool:
    """Whether the rider has done the task; else it was taken away."""
    done = order.picked_up_at is not None if kind is TaskKind.PICKUP else order.dispatch is DispatchStatus.DONE
    return done and order.rider_id == rider

"""Who is asked for an order beside the planned rider, where a policy puts orders to several riders at once.

The nearest of those for whom nothing is planned: they lose nothing by being asked, and whoever accepts first has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.kernel import travel_pairs
from dispatch.model.commands import ApplyPlan, OfferIntent
from dispatch.model.rider import RiderId, Task
from dispatch.model.stops import both_tasks
from dispatch.solver.problem import ANY_ORDER, EVERYWHERE, Ints, Problem


def asked_beside(problem: Problem, command: ApplyPlan, busy: Collection[RiderId], most: int) -> Iterator[OfferIntent]:
    """Up to ``most`` - 1 further intents for each offer of ``command`` about orders that nobody has.

    busy: riders for whom something is planned. Nobody is asked twice; earlier offers choose first.
    """
    if most < 2 or not command.offers:
        return
    order_at = {name: at for at, name in enumerate(problem.order_ids)}
    free = _idle(problem, busy)
    for intent in command.offers:
        orders = np.array([order_at[name] for name in intent.order_ids], np.int64)
        if (problem.orders.rider[orders] >= 0).any():
            continue
        fit = free[_fitting(problem, orders, free)]
        chosen = fit[np.argsort(_ride_s(problem, orders[0], fit), kind="stable")][: most - 1]
        free = np.setdiff1d(free, chosen)
        for rider in chosen.tolist():
            yield OfferIntent(
                rider_id=RiderId(problem.rider_ids[rider]), order_ids=intent.order_ids, tasks=_tasks(intent)
            )


def _idle(problem: Problem, busy: Collection[RiderId]) -> Ints:
    """Indices of riders who may get something, have nothing, and for whom nothing is planned."""
    idle = (problem.riders.accepts == ANY_ORDER) & (np.diff(problem.routes.start) == 0)
    return np.array([at for at in np.flatnonzero(idle).tolist() if problem.rider_ids[at] not in busy], np.int64)


def _fitting(problem: Problem, orders: Ints, riders: Ints) -> NDArray[np.bool_]:
    """Which of the riders could carry all of the orders: vehicle, room, zones, bars, and on shift until the promise."""
    them, wanted = problem.riders, problem.orders
    vehicle = np.bitwise_and.reduce(wanted.vehicles[orders])
    fits = ((vehicle >> them.profile[riders]) & 1 == 1) & (wanted.size[orders].sum() <= them.capacity[riders])
    fits &= them.off_at[riders] >= wanted.due_at[orders].max()
    for order in orders.tolist():
        anywhere = (wanted.zones[order] == EVERYWHERE) | (them.zones[riders] == EVERYWHERE)
        fits &= anywhere | (wanted.zones[order] & them.zones[riders] != 0)
        fits &= ~np.isin(riders, problem.bars[problem.bars[:, 0] == order, 1])
    return np.asarray(fits, np.bool_)


def _ride_s(problem: Problem, order: np.int64, riders: Ints) -> Ints:
    """Seconds to the pickup."""
    pickups = np.full(len(riders), problem.orders.pickup[order], np.int64)
    return travel_pairs(problem.travel, problem.riders.profile[riders], problem.riders.place[riders], pickups)


def _tasks(intent: OfferIntent) -> tuple[Task, ...]:
    """The tasks of the orders, as the planned rider would go about them."""
    wanted = {task for order_id in intent.order_ids for task in both_tasks(order_id)}
    return tuple(task for task in intent.tasks if task in wanted)

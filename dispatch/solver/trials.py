"""Try an order in the routes of many riders, and find the hard rule that keeps it out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.kernel import kernel
from dispatch.solver.explanation import Obstacle
from dispatch.solver.insertion import Scratch, cheapest_insertion, copy_with
from dispatch.solver.problem import ANY_ORDER, EVERYWHERE, FREE_ORDERS, OPEN, Ints, Problem, Routes
from dispatch.solver.tableau import copy_without
from dispatch.solver.view import View
from dispatch.solver.walk import INFEASIBLE, MIXED, NO_CAPACITY, SHIFT_OVER, TOO_OLD, price, walk

Mask = NDArray[np.bool_]
"""One answer for each rider, (R,)."""

_NO_LIMIT = 2**31


@dataclass(frozen=True, slots=True)
class Trials:
    """Where one order would go in each rider's route without it; int64 (R,) each.

    without, cost: of the route without and with the order, INFEASIBLE where it breaks a rule (or was not tried).
    pickup_at, dropoff_at: positions in the route without the order, as in ``Slot``; -1 where there is no place.
    """

    without: Ints
    cost: Ints
    pickup_at: Ints
    dropoff_at: Ints

    def fits(self, rider: int) -> bool:
        """Whether the order has a place in this rider's route."""
        return bool(self.pickup_at[rider] >= 0)

    @property
    def total(self) -> Ints:
        """What the order adds to each route, INFEASIBLE where it does not fit; int64 (R,)."""
        return np.where(self.pickup_at >= 0, self.cost - self.without, INFEASIBLE)


def try_order(view: View, routes: Routes, order: int, riders: Ints, scratch: Scratch) -> Trials:
    """The cheapest place for the order in the routes of ``riders``, hard rules of the pair alone not looked at.

    A route that breaks a rule without the order takes nothing.
    """
    found = np.full((4, len(view.riders.place)), -1, np.int64)
    found[:2] = INFEASIBLE
    _try_each(view, routes.start, routes.order * 2 + routes.kind, routes.frozen, order, riders, scratch, found)
    return Trials(*found)


@kernel
def _try_each(
    view: View, start: Ints, tasks: Ints, frozen: Ints, order: int, riders: Ints, scratch: Scratch, found: Ints
) -> None:
    row = scratch.bundle
    for r in riders:
        count = copy_without(tasks[start[r] : start[r + 1]], start[r + 1] - start[r], order, row)
        found[0, r] = price(view, r, row, count, scratch.ledger)
        if found[0, r] >= INFEASIBLE:
            continue
        slot = cheapest_insertion(view, r, row, count, frozen[r], order, INFEASIBLE, scratch)
        found[1, r], found[2, r], found[3, r] = slot.cost, slot.pickup_at, slot.dropoff_at


def route_with(routes: Routes, trials: Trials, order: int, rider: int) -> tuple[Ints, Ints]:
    """(route without the order, route with it where the trial put it) as rows of tasks."""
    first, end = routes.start[rider], routes.start[rider + 1]
    row = routes.order[first:end] * 2 + routes.kind[first:end]
    without: Ints = row[row >> 1 != order]
    into = np.empty(len(without) + 2, np.int64)
    copy_with(without, len(without), order, int(trials.pickup_at[rider]), int(trials.dropoff_at[rider]), into)
    return without, into


def must_routes(problem: Problem, routes: Routes) -> Routes:
    """The routes with only what nobody may take out of them: what is held, and leading tasks that must stay."""
    owner = np.repeat(np.arange(problem.rider_count), np.diff(routes.start))
    leading = np.arange(len(routes.order)) - routes.start[owner] < routes.frozen[owner]
    stays = np.flatnonzero(problem.orders.state != OPEN).tolist()
    return _kept(routes, np.isin(routes.order, [*stays, *routes.order[leading].tolist()]))


def without_orders(routes: Routes, orders: Ints) -> Routes:
    """The routes without these orders, none of which may be in a frozen task."""
    return _kept(routes, ~np.isin(routes.order, orders))


def _kept(routes: Routes, keep: Mask) -> Routes:
    """The routes with the tasks of the mask (T,)."""
    owner = np.repeat(np.arange(len(routes.frozen)), np.diff(routes.start))
    count = np.bincount(owner[keep], minlength=len(routes.frozen))
    return Routes(
        start=np.concatenate([np.zeros(1, np.int64), np.cumsum(count, dtype=np.int64)]),
        order=routes.order[keep],
        kind=routes.kind[keep],
        frozen=routes.frozen,
    )


def pair_breaks(view: View, order: int) -> dict[Obstacle, Mask]:
    """Which hard rules of the pair alone each rider breaks; together they say what ``may_carry`` says."""
    orders, riders = view.orders, view.riders
    every = np.arange(len(riders.place))
    his, free = orders.rider[order] == every, orders.rider[order] < 0
    if orders.state[order] != OPEN:
        return {Obstacle.HELD: ~his}
    return {
        Obstacle.NOT_ACCEPTING: ~(his | (riders.accepts == ANY_ORDER) | (free & (riders.accepts == FREE_ORDERS))),
        Obstacle.VEHICLE: (orders.vehicles[order] >> riders.profile) & 1 == 0,
        Obstacle.ZONE: (orders.zones[order] & riders.zones == 0) & (orders.zones[order] != EVERYWHERE),
        Obstacle.SIZE: orders.size[order] > riders.capacity,
        Obstacle.BARRED: np.isin(order * len(every) + every, view.barred),
    }


def without_rule(view: View, obstacle: Obstacle) -> View:
    """The view in which one hard rule of routes does not count."""
    rules = view.rules
    if obstacle is Obstacle.TOO_MANY_TASKS:
        return view._replace(rules=rules._replace(max_tasks=_NO_LIMIT))
    if obstacle is Obstacle.MERCHANTS_MIXED:
        return view._replace(rules=rules._replace(one_merchant_on_board=0))
    if obstacle is Obstacle.CAPACITY:
        roomy = view.riders._replace(capacity=np.full_like(view.riders.capacity, _NO_LIMIT))
        return view._replace(riders=roomy, rules=rules._replace(max_orders_on_board=_NO_LIMIT))
    if obstacle is Obstacle.SHIFT_ENDS:
        return view._replace(rules=rules._replace(last_pickup_in_shift=0))
    if obstacle is Obstacle.FOOD_TOO_OLD:
        return view._replace(rules=rules._replace(max_food_age_s=0))
    raise ValueError(f"{obstacle} is no rule of routes")


_ROUTE_RULES = (
    Obstacle.TOO_MANY_TASKS,
    Obstacle.MERCHANTS_MIXED,
    Obstacle.CAPACITY,
    Obstacle.SHIFT_ENDS,
    Obstacle.FOOD_TOO_OLD,
)
_BROKEN = {
    MIXED: Obstacle.MERCHANTS_MIXED,
    NO_CAPACITY: Obstacle.CAPACITY,
    SHIFT_OVER: Obstacle.SHIFT_ENDS,
    TOO_OLD: Obstacle.FOOD_TOO_OLD,
}


def route_obstacles(
    view: View, routes: Routes, order: int, riders: Ints, trials: Trials, scratch: Scratch
) -> dict[int, Obstacle]:
    """For each of ``riders`` whose route has no place for the order: the one rule without which it would have one.

    Where no rule alone is to blame it is the first one broken when the order comes last in the route; where the order
    would not fit without any rule there is no way.
    """
    found = {r: Obstacle.ROUTE_BROKEN for r in riders.tolist() if trials.without[r] >= INFEASIBLE}
    left = [r for r in riders.tolist() if r not in found and not trials.fits(r)]
    free = view
    for rule in _ROUTE_RULES:
        free = without_rule(free, rule)
        tried = try_order(without_rule(view, rule), routes, order, np.array(left, np.int64), scratch)
        found |= {r: rule for r in left if tried.fits(r)}
        left = [r for r in left if r not in found]
    anyhow = try_order(free, routes, order, np.array(left, np.int64), scratch)
    for r in left:
        found[r] = _first_broken(view, routes, order, r, scratch) if anyhow.fits(r) else Obstacle.UNREACHABLE
    return found


def _first_broken(view: View, routes: Routes, order: int, rider: int, scratch: Scratch) -> Obstacle:
    """The rule broken when the order comes last in the route."""
    first, end = routes.start[rider], routes.start[rider + 1]
    row = routes.order[first:end] * 2 + routes.kind[first:end]
    last = np.concatenate([row[row >> 1 != order], np.array([order * 2, order * 2 + 1], np.int64)])
    if len(last) > view.rules.max_tasks:
        return Obstacle.TOO_MANY_TASKS
    return _BROKEN.get(walk(view, rider, last, len(last), scratch.ledger), Obstacle.UNREACHABLE)

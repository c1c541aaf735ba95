"""Where routes break the hard rules, whoever is to blame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from dispatch.solver.check_times import Timetable
from dispatch.solver.problem import ANY_ORDER, EVERYWHERE, FREE_ORDERS, ON_BOARD, PICKUP, Ints, Problem, Routes
from dispatch.solver.rules import Rules
from dispatch.solver.violation import ViolationCode, order_name, rider_name, task_name
from dispatch.units import UNREACHABLE_S


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule broken in a rider's route: ``order`` is the one to name, ``touches`` all orders that it is broken for."""

    code: ViolationCode
    rider: int
    order: int | None
    touches: frozenset[int]
    text: str


def breaches(problem: Problem, routes: Routes, times: Timetable, rules: Rules) -> Iterator[Breach]:
    """Every breach of a hard rule in well-formed ``routes`` with these times."""
    yield from _pair_breaches(problem, routes, times)
    yield from _time_breaches(problem, routes, times, rules)
    yield from _age_breaches(problem, routes, times, rules)
    yield from _length_breaches(problem, routes, rules)
    yield from _bag_breaches(problem, routes, times, rules)


def _one(code: ViolationCode, rider: int, order: int, text: str) -> Breach:
    return Breach(code, rider, order, frozenset((order,)), text)


def _takes(accepts: Ints, holder: Ints, rider: Ints) -> NDArray[np.bool_]:
    """Whether riders may have orders that are with ``holder`` now."""
    fits: NDArray[np.bool_] = (holder == rider) | (accepts == ANY_ORDER) | ((accepts == FREE_ORDERS) & (holder < 0))
    return fits


def _pair_breaches(problem: Problem, routes: Routes, times: Timetable) -> Iterator[Breach]:
    """Orders given to riders who may not have them, at any place in the route."""
    picks = np.flatnonzero(routes.kind == PICKUP)
    order, rider = routes.order[picks], times.rider[picks]
    orders, riders = problem.orders, problem.riders
    count = max(1, problem.rider_count)
    anywhere = (orders.zones[order] == EVERYWHERE) | (riders.zones[rider] == EVERYWHERE)
    unfit = {
        ViolationCode.NOT_ACCEPTING: ~_takes(riders.accepts[rider], orders.rider[order], rider),
        ViolationCode.VEHICLE: (orders.vehicles[order] >> riders.profile[rider]) & 1 == 0,
        ViolationCode.ZONE: (orders.zones[order] & riders.zones[rider] == 0) & ~anywhere,
        ViolationCode.BARRED: np.isin(order * count + rider, problem.bars[:, 0] * count + problem.bars[:, 1]),
    }
    reasons = {
        ViolationCode.NOT_ACCEPTING: "takes no new orders and is given",
        ViolationCode.VEHICLE: "has no vehicle for",
        ViolationCode.ZONE: "works in no zone of",
        ViolationCode.BARRED: "is barred from",
    }
    for code, mask in unfit.items():
        for o, r in zip(order[mask].tolist(), rider[mask].tolist(), strict=True):
            yield _one(code, r, o, f"{rider_name(problem, r)} {reasons[code]} {order_name(problem, o)}")


def _time_breaches(problem: Problem, routes: Routes, times: Timetable, rules: Rules) -> Iterator[Breach]:
    """Pickups after the shift and legs without a way."""
    no_way = times.travel_s >= UNREACHABLE_S
    for task in np.flatnonzero(no_way).tolist():
        r, o = int(times.rider[task]), int(routes.order[task])
        text = f"{rider_name(problem, r)} has no way to {task_name(problem, o, int(routes.kind[task]))}"
        yield _one(ViolationCode.UNREACHABLE, r, o, text)
    if not rules.last_pickup_in_shift:
        return
    late = (routes.kind == PICKUP) & (times.event_at > problem.riders.off_at[times.rider])
    for task in np.flatnonzero(late).tolist():
        r, o = int(times.rider[task]), int(routes.order[task])
        when = f"at {times.event_at[task]}, after the shift's end at {problem.riders.off_at[r]}"
        yield _one(
            ViolationCode.PICKUP_AFTER_SHIFT, r, o, f"{rider_name(problem, r)} picks {order_name(problem, o)} up {when}"
        )


def _age_breaches(problem: Problem, routes: Routes, times: Timetable, rules: Rules) -> Iterator[Breach]:
    """Food too long on its way; what was picked up before this plan has no pickup in it and is not judged."""
    if not rules.max_food_age_s:
        return
    picked_at: dict[tuple[int, int], int] = {}
    columns = (times.rider, routes.order, routes.kind, times.event_at)
    for rider, order, kind, event in zip(*(column.tolist() for column in columns), strict=True):
        if kind == PICKUP:
            picked_at[rider, order] = event
            continue
        age = event - picked_at.get((rider, order), event)
        if age > rules.max_food_age_s:
            carried = f"{order_name(problem, order)} is {age} s with {rider_name(problem, rider)}"
            text = f"{carried}, {rules.max_food_age_s} s are allowed"
            yield _one(ViolationCode.FOOD_TOO_OLD, rider, order, text)


def _length_breaches(problem: Problem, routes: Routes, rules: Rules) -> Iterator[Breach]:
    lengths = np.diff(routes.start)
    for rider in np.flatnonzero(lengths > rules.max_stops).tolist():
        text = f"{rider_name(problem, rider)} has {lengths[rider]} tasks, {rules.max_stops} are allowed"
        touches = frozenset(routes.order[routes.start[rider] : routes.start[rider + 1]].tolist())
        yield Breach(ViolationCode.TOO_MANY_TASKS, rider, None, touches, text)


def _bag_breaches(problem: Problem, routes: Routes, times: Timetable, rules: Rules) -> Iterator[Breach]:
    """Bags that hold too much or the wrong things after a stop with pickups (no other stop adds to a bag)."""
    bags = _bags_at_start(problem)
    tasks = zip(times.rider.tolist(), times.stop.tolist(), routes.kind.tolist(), routes.order.tolist(), strict=True)
    for (rider, _, kind), stop in groupby(tasks, key=lambda task: task[:3]):
        at_stop = [order for *_, order in stop]
        bag = bags.setdefault(rider, set())
        if kind != PICKUP:
            bag.difference_update(at_stop)
            continue
        mixed = bool(bag) and rules.one_merchant_on_board
        bag.update(at_stop)
        issues = _load_issues(problem, rider, bag, rules)
        if mixed:
            issues[ViolationCode.MERCHANTS_MIXED] = "other orders on board already"
        for code, issue in issues.items():
            text = f"{rider_name(problem, rider)} does {task_name(problem, at_stop[-1], PICKUP)} with {issue}"
            yield Breach(code, rider, at_stop[-1], frozenset(bag), text)


def _load_issues(problem: Problem, rider: int, bag: set[int], rules: Rules) -> dict[ViolationCode, str]:
    """What is too much about a bag."""
    issues: dict[ViolationCode, str] = {}
    load, capacity = sum(int(problem.orders.size[order]) for order in bag), int(problem.riders.capacity[rider])
    if load > capacity:
        issues[ViolationCode.CAPACITY] = f"{load} units on board, room is for {capacity}"
    if len(bag) > rules.max_orders_on_board:
        issues[ViolationCode.ORDERS_ON_BOARD] = f"{len(bag)} orders on board, {rules.max_orders_on_board} are allowed"
    return issues


def _bags_at_start(problem: Problem) -> dict[int, set[int]]:
    """The orders on board of each rider who has any."""
    bags: dict[int, set[int]] = {}
    for order in np.flatnonzero(problem.orders.state == ON_BOARD).tolist():
        bags.setdefault(int(problem.orders.rider[order]), set()).add(order)
    return bags

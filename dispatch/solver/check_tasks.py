"""Whether every order is in a plan as it must be: whole, once, in order, with whom it has to be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import DROPOFF, ON_BOARD, OPEN, PICKUP, Ints, Problem, Routes
from dispatch.solver.violation import Violation, ViolationCode, order_name, rider_name, task_name

NOWHERE = -1


def check_tasks(problem: Problem, plan: Plan, rider: Ints) -> Iterator[Violation]:
    """Violations in where the tasks are; ``rider`` int64 (T,) says whose each task is."""
    yield from _check_repeats(problem, plan.routes, rider)
    pickup, dropoff = _position(problem, plan.routes, PICKUP), _position(problem, plan.routes, DROPOFF)
    # One rider more, so that position NOWHERE reads as rider NOWHERE.
    rider = np.append(rider, NOWHERE)
    for order in range(problem.order_count):
        places = (int(pickup[order]), int(dropoff[order]))
        carriers = (int(rider[places[0]]), int(rider[places[1]]))
        yield from _check_whole(problem, order, places, carriers)
        if problem.orders.state[order] != OPEN:
            yield from _check_held(problem, order, carriers)
    yield from _check_verdicts(problem, plan, (pickup != NOWHERE) | (dropoff != NOWHERE))
    yield from _check_frozen(problem, plan.routes)


def tasks_of(routes: Routes, rider: int) -> list[tuple[int, int]]:
    """The (order, kind) of each task of a rider."""
    span = slice(int(routes.start[rider]), int(routes.start[rider + 1]))
    return list(zip(routes.order[span].tolist(), routes.kind[span].tolist(), strict=True))


def _position(problem: Problem, routes: Routes, kind: int) -> Ints:
    """int64 (O,): index of each order's task of this kind, NOWHERE without one."""
    position = np.full(problem.order_count, NOWHERE, np.int64)
    tasks = np.flatnonzero(routes.kind == kind)
    position[routes.order[tasks]] = tasks
    return position


def _check_repeats(problem: Problem, routes: Routes, rider: Ints) -> Iterator[Violation]:
    seen: set[tuple[int, int]] = set()
    for order, kind, who in zip(routes.order.tolist(), routes.kind.tolist(), rider.tolist(), strict=True):
        if (order, kind) in seen:
            text = f"{task_name(problem, order, kind)} is there again with {rider_name(problem, who)}"
            yield Violation(ViolationCode.TASK_REPEATED, who, order, text)
        seen.add((order, kind))


def _check_whole(
    problem: Problem, order: int, places: tuple[int, int], carriers: tuple[int, int]
) -> Iterator[Violation]:
    """Pickup and drop-off both there or both not, with one rider, one after the other."""
    if problem.orders.state[order] == ON_BOARD:
        return
    if NOWHERE in places:
        kind = PICKUP if places[0] == NOWHERE else DROPOFF
        if places[0] != places[1]:
            text = (
                f"{task_name(problem, order, kind)} is missing from the route of {rider_name(problem, max(carriers))}"
            )
            yield Violation(ViolationCode.TASK_MISSING, max(carriers), order, text)
    elif carriers[0] != carriers[1]:
        picker, dropper = (rider_name(problem, carrier) for carrier in carriers)
        text = f"{order_name(problem, order)} is picked up by {picker} and dropped off by {dropper}"
        yield Violation(ViolationCode.ORDER_SPLIT, carriers[0], order, text)
    elif places[0] > places[1]:
        text = f"{rider_name(problem, carriers[0])} drops {order_name(problem, order)} off before picking it up"
        yield Violation(ViolationCode.DROPOFF_FIRST, carriers[0], order, text)


def _check_held(problem: Problem, order: int, carriers: tuple[int, int]) -> Iterator[Violation]:
    """An order that is fixed or on board stays with its rider; one on board is not picked up again."""
    holder = int(problem.orders.rider[order])
    on_board = problem.orders.state[order] == ON_BOARD
    held = f"{order_name(problem, order)}, {'on board of' if on_board else 'fixed to'} {rider_name(problem, holder)},"
    if on_board and carriers[0] != NOWHERE:
        text = f"{held} is to be picked up again by {rider_name(problem, carriers[0])}"
        yield Violation(ViolationCode.PICKUP_ON_BOARD, carriers[0], order, text)
    if carriers[1] == NOWHERE and (on_board or carriers[0] == NOWHERE):
        yield Violation(ViolationCode.HELD_LOST, holder, order, f"{held} is dropped off by nobody")
    strangers = [carrier for carrier in carriers if carrier not in (NOWHERE, holder)]
    if strangers:
        text = f"{held} is in the route of {rider_name(problem, strangers[0])}"
        yield Violation(ViolationCode.HELD_MOVED, strangers[0], order, text)


def _check_verdicts(problem: Problem, plan: Plan, routed: NDArray[np.bool_]) -> Iterator[Violation]:
    for order in np.flatnonzero((plan.verdict == Verdict.PLANNED) != routed).tolist():
        where = "is in a route" if routed[order] else "is in no route"
        text = f"{order_name(problem, order)} {where}, its verdict is {Verdict(int(plan.verdict[order])).name}"
        yield Violation(ViolationCode.VERDICT_WRONG, None, order, text)


def _check_frozen(problem: Problem, routes: Routes) -> Iterator[Violation]:
    for rider in np.flatnonzero(routes.frozen != problem.routes.frozen).tolist():
        counts = f"{routes.frozen[rider]} frozen tasks, {problem.routes.frozen[rider]} were given"
        yield Violation(ViolationCode.FROZEN_CHANGED, rider, None, f"{rider_name(problem, rider)} has {counts}")
    for rider in np.flatnonzero(problem.routes.frozen > 0).tolist():
        frozen = int(problem.routes.frozen[rider])
        given, planned = tasks_of(problem.routes, rider)[:frozen], tasks_of(routes, rider)[:frozen]
        if given != planned:
            order, kind = next(task for i, task in enumerate(given) if planned[i : i + 1] != [task])
            text = (
                f"{task_name(problem, order, kind)} is frozen and has left its place with {rider_name(problem, rider)}"
            )
            yield Violation(ViolationCode.FROZEN_CHANGED, rider, order, text)

"""Which broken rules are the plan's doing, and which it was given and could not avoid."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dispatch.solver.check_breaches import Breach, breaches
from dispatch.solver.check_tasks import tasks_of
from dispatch.solver.check_times import Timetable, timetable
from dispatch.solver.problem import OPEN, Problem, Routes
from dispatch.solver.rules import Rules
from dispatch.solver.violation import Violation, ViolationCode


def check_rules(problem: Problem, routes: Routes, times: Timetable, rules: Rules) -> Iterator[Violation]:
    """Violations of the hard rules.

    What a rider holds (fixed, on board, or in a frozen task) may break rules whatever a solver does. So every breach is
    looked up in the same rider's route without its new orders: it is excused where all orders that it touches are
    touched by a breach of the same code there, too. A new order is in no such route, so nothing excuses a breach that
    touches one.
    """
    found = list(breaches(problem, routes, times, rules))
    if not found:
        return
    held = held_routes(problem, routes, {breach.rider for breach in found})
    excused = {key for breach in breaches(problem, held, timetable(problem, held), rules) for key in _keys(breach)}
    for breach in found:
        if not _keys(breach) <= excused:
            yield Violation(breach.code, breach.rider, breach.order, breach.text)


def held_routes(problem: Problem, routes: Routes, riders: set[int]) -> Routes:
    """The routes of ``riders`` without their new orders; those of others are empty.

    The tasks come in the order in which they were given, so that a plan answers for putting them in another one. Where
    they are not those given (an order was fixed to the rider without being in the route), the plan's own order counts.
    """
    rows = []
    for rider in range(problem.rider_count):
        rows.append(_held_tasks(problem, routes, rider) if rider in riders else [])
    tasks = np.array([task for row in rows for task in row], np.int64).reshape(-1, 2)
    start = np.cumsum([0, *(len(row) for row in rows)])
    return Routes(start=start, order=tasks[:, 0], kind=tasks[:, 1], frozen=problem.routes.frozen)


def _held_tasks(problem: Problem, routes: Routes, rider: int) -> list[tuple[int, int]]:
    orders = problem.orders
    given, planned = tasks_of(problem.routes, rider), tasks_of(routes, rider)
    held = set(np.flatnonzero((orders.rider == rider) & (orders.state != OPEN)).tolist())
    held.update(order for order, _ in given[: int(problem.routes.frozen[rider])])
    given, planned = ([task for task in tasks if task[0] in held] for tasks in (given, planned))
    return given if sorted(given) == sorted(planned) else planned


def _keys(breach: Breach) -> set[tuple[ViolationCode, int, int]]:
    return {(breach.code, breach.rider, order) for order in breach.touches}

"""Explanations of small problems, and slow formulas to hold them against."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dispatch.solver.explain import explain
from dispatch.solver.explanation import Candidate, Explanation, Help, HelpKind, Obstacle
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import DROPOFF, OPEN, Ints, Problem
from dispatch.solver.solve import solve
from dispatch.solver.view import make_view
from dispatch.solver.walk import FINE, make_ledger, walk
from tests.support.plans import Task, plan_of


def explained(problem: Problem, name: str, params: Params | None = None, *, riders: int = 10) -> Explanation:
    """Why the order of this name is where our solver puts it."""
    params = Params() if params is None else params
    return explain(problem, params, solve(problem, params), problem.order_ids.index(name), riders=riders)


def obstacles(told: Explanation) -> dict[Obstacle, tuple[int, ...]]:
    """Who is kept from the order by which rule."""
    return {exclusion.obstacle: exclusion.riders for exclusion in told.exclusions}


def candidate(told: Explanation, rider_id: str) -> Candidate:
    """The candidate of that rider."""
    return next(found for found in told.candidates if found.rider_id == rider_id)


def help_of(told: Explanation, kind: HelpKind) -> Help:
    """The help of that kind."""
    return next(found for found in told.helps if found.kind is kind)


def nothing_planned(problem: Problem) -> tuple[Problem, Plan]:
    """The problem with every order new and every rider idle, and the plan that leaves it so."""
    nobody = np.full(problem.order_count, -1, np.int64)
    orders = problem.orders._replace(rider=nobody, state=np.full(problem.order_count, OPEN, np.int64))
    plan = plan_of(problem, [[] for _ in problem.rider_ids], unplanned=Verdict.NOT_YET)
    plan = replace(plan, routes=plan.routes._replace(frozen=np.zeros(problem.rider_count, np.int64)))
    return replace(problem, orders=orders, routes=plan.routes), plan


def route_cost(problem: Problem, params: Params, rider: int, row: list[Task]) -> int | None:
    """Cost of a rider's tasks, None where they break a hard rule."""
    tasks: Ints = np.array([order * 2 + kind for order, kind in row], np.int64)
    ledger = make_ledger(problem.order_count)
    view = make_view(problem, params.rules, params.weights)
    broken = walk(view, rider, tasks, len(tasks), ledger) != FINE or len(tasks) > params.rules.max_stops
    return None if broken else int(ledger.terms.sum())


def cheapest_place(problem: Problem, params: Params, rider: int, row: list[Task], order: int, first: int) -> int | None:
    """The least cost of the tasks with the order among them, nothing before position ``first``; by trying every place.

    Stops stay whole: nothing is put between two pickups at one merchant.
    """
    gaps = [k for k in range(first, len(row) + 1) if not _inside_stop(problem, row, k)]
    every = [[*row[:i], (order, 0), *row[i:j], (order, 1), *row[j:]] for i in gaps for j in gaps if i <= j]
    costs = [cost for tasks in every if (cost := route_cost(problem, params, rider, tasks)) is not None]
    return min(costs, default=None)


def _inside_stop(problem: Problem, row: list[Task], k: int) -> bool:
    """Whether the tasks before and at position ``k`` are pickups of one stop."""
    if k in (0, len(row)) or row[k - 1][1] == DROPOFF or row[k][1] == DROPOFF:
        return False
    orders, (a, _), (b, _) = problem.orders, row[k - 1], row[k]
    return bool(orders.merchant[a] == orders.merchant[b] and orders.pickup[a] == orders.pickup[b])

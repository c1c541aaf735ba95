"""The best plan for a tiny problem, by trying every route of every rider."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.solver.insertion import make_scratch
from dispatch.solver.least import HELD, PICKED, Bases, make_bases
from dispatch.solver.params import Params
from dispatch.solver.problem import Ints, Problem
from dispatch.solver.view import View, make_view, may_carry
from dispatch.solver.walk import FINE, INFEASIBLE, Ledger, make_ledger, total, walk


def least_cost_of_any_plan(problem: Problem, params: Params, at_stake: Ints, out: Ints) -> int:
    """Cost of the best plan for the orders ``at_stake`` (O,), where leaving one out costs ``out`` (O,).

    A rider's route holds the frozen tasks first, all that is held, and any of the free orders for which it breaks no
    hard rule; what is held may break rules by itself, as it may have been given so.
    """
    view = make_view(problem, params.rules, params.weights)
    bases = make_bases(problem, view, make_scratch(24, problem.order_count))
    free = [order for order in np.flatnonzero(at_stake).tolist() if bases.stage[order] == 0]
    best = {frozenset(some): sum(int(out[order]) for order in some) for some in _subsets(free)}
    for rider in range(problem.rider_count):
        costs = {
            frozenset(some): _least_route(problem, view, bases, at_stake, rider, some)
            for some in _subsets(free)
            if all(may_carry(view, order, rider) for order in some)
        }
        best = {
            left: min(cost + best[left - mine] for mine, cost in costs.items() if mine <= left and cost < INFEASIBLE)
            for left in best
        }
    return best[frozenset(free)]


def _subsets(orders: list[int]) -> Iterator[tuple[int, ...]]:
    for size in range(len(orders) + 1):
        yield from combinations(orders, size)


def _least_route(problem: Problem, view: View, bases: Bases, at_stake: Ints, rider: int, new: tuple[int, ...]) -> int:
    """Cost of the rider's cheapest route with what is held and the ``new`` orders, INFEASIBLE where there is none."""
    first, frozen = problem.routes.start[rider], problem.routes.frozen[rider]
    leading = problem.routes.order[first : first + frozen] * 2 + problem.routes.kind[first : first + frozen]
    mine = (bases.rider == rider) & (at_stake == 1)
    both = (*np.flatnonzero(mine & (bases.stage == HELD)).tolist(), *new)
    late = tuple(np.flatnonzero(mine & (bases.stage == PICKED)).tolist())
    rows = np.array([(*leading.tolist(), *row) for row in _rows(both, late)], np.int64)
    if rows.shape[1] == 0:
        return 0
    if new and rows.shape[1] > view.rules.max_tasks:
        return INFEASIBLE
    return int(_cheapest(view, rider, rows, int(not new), make_ledger(problem.order_count)))


@cache
def _rows(both: tuple[int, ...], late: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Every sequence of both tasks of some orders and the drop-offs of others."""
    if not both and not late:
        return ((),)
    found: list[tuple[int, ...]] = []
    for order in both:
        rest = tuple(other for other in both if other != order)
        found += [(order * 2, *row) for row in _rows(rest, tuple(sorted((*late, order))))]
    for order in late:
        rest = tuple(other for other in late if other != order)
        found += [(order * 2 + 1, *row) for row in _rows(both, rest)]
    return tuple(found)


@kernel
def _cheapest(view: View, rider: int, rows: Ints, excused: int, ledger: Ledger) -> int:
    """The least cost of the rows (n, W) that break no hard rule, or of all where that is ``excused``."""
    best = INFEASIBLE
    for i in range(rows.shape[0]):
        broken = walk(view, rider, rows[i], rows.shape[1], ledger)
        if broken == FINE or excused == 1:
            best = min(best, total(ledger))
    return best

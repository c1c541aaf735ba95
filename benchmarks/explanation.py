"""What explaining every plan costs, as a share of the tick that it explains.

Two snapshots of a size: a cold one, in which every waiting order is new, and a settled one, in which the routes are
those of the last plan and one order in fifty is new. The tick and the summary of its plan are measured in turns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from benchmarks.rows import Row
from benchmarks.snapshots import make_snapshot
from benchmarks.timing import Work, interleaved
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import OPEN, Problem
from dispatch.solver.solve import solve
from dispatch.solver.summary import summarize
from dispatch.solver.trials import without_orders

SHARE: Final = 5.0
"""Per cent of a tick that explaining its plan may cost."""

NEW_EACH: Final = 50
"""In a settled snapshot every so-manyth open order is new."""


def measure_explanation(
    size: tuple[int, int], params: Params, budget_s: float, tell: Callable[[str], None]
) -> list[Row]:
    """Rows for a size: milliseconds of tick and explanation, the share, the gap, and the choices told of."""
    scope = f"{size[0]:,} x {size[1]:,}"
    command = f"python -m benchmarks --size {size[0]} {size[1]}"
    tell(f"{scope}: explanation")
    cold = make_snapshot(*size)
    plan = solve(cold, params, seed=1)
    rows: list[Row] = []

    def add(metric: str, value: float, unit: str, target: float | None = None) -> None:
        rows.append(Row(scope=scope, metric=metric, value=value, target=target, unit=unit, command=command))

    for name, problem in (("cold", cold), ("settled", settled(cold, plan))):
        made = solve(problem, params, seed=1)
        told = summarize(problem, params, made)
        times = interleaved(_works(problem, params, made), budget_s, lambda: tell(f"{scope}: explanation"))
        add(f"explanation, {name}, tick", times["tick"], "ms CPU")
        add(f"explanation, {name}, summary", times["summary"], "ms CPU")
        add(f"explanation share, {name}", 100 * times["summary"] / times["tick"], "%", SHARE)
        add(f"explanation, {name}, gap to the bound", 100 * told.gap, "%")
        add(f"explanation, {name}, choices told of", len(told.choices.order), f"of {told.chosen:,}")
    return rows


def _works(problem: Problem, params: Params, plan: Plan) -> dict[str, Work]:
    return {
        "tick": lambda: solve(problem, params, seed=1),
        "summary": lambda: summarize(problem, params, plan),
    }


def settled(problem: Problem, plan: Plan) -> Problem:
    """The problem with the plan's routes as those of the last plan, from which some open orders are missing."""
    held = np.zeros(problem.order_count, np.bool_)
    owner = np.repeat(np.arange(problem.rider_count), np.diff(plan.routes.start))
    leading = np.arange(len(owner)) - plan.routes.start[owner] < plan.routes.frozen[owner]
    held[plan.routes.order[leading]] = True
    free = np.flatnonzero((problem.orders.state == OPEN) & ~held & (problem.orders.rider < 0))
    return replace(problem, routes=without_orders(plan.routes, free[::NEW_EACH]))

"""How far plans overrun a budget: `python -m benchmarks.budget`, CPU time of 200 plans of cities of several sizes."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from benchmarks.snapshots import make_snapshot
from dispatch.engine.budget import WithinBudget
from dispatch.engine.policy import load_policy
from dispatch.solver.params import Params
from dispatch.solver.problem import Floats, Problem

BUDGETS_S: Final = (0.05, 0.1)
PLANS: Final = 200
AIM: Final = 0.1
"""The 99th percentile of the overrun, as a share of the budget, is to be no more than this."""


def cities(count: int = 20) -> list[Problem]:
    """Snapshots of 800 to 1,180 orders and half as many riders again."""
    return [make_snapshot(800 + 20 * number, 1200 + 30 * number, seed=number) for number in range(count)]


def overruns(problems: list[Problem], params: Params, budget_s: float, plans: int) -> Floats:
    """The share of the budget by which each plan took longer, float64 (plans,); the cities take turns."""
    solver = WithinBudget(budget_s)
    solver(problems[0], params, seed=0)  # compiles, or loads what was compiled
    spent_s = np.empty(plans)
    for number in range(plans):
        began = time.thread_time()
        solver(problems[number % len(problems)], params, seed=number)
        spent_s[number] = time.thread_time() - began
    share: Floats = spent_s / budget_s - 1.0
    return share


def main() -> None:
    """Print a line for each budget."""
    problems, params = cities(), load_policy("default").params
    for budget_s in BUDGETS_S:
        median, most = np.percentile(overruns(problems, params, budget_s, PLANS), (50, 99)) * 100
        print(f"{1000 * budget_s:4.0f} ms: median {median:+.1f} %, p99 {most:+.1f} % (aim {100 * AIM:+.0f} %)")


if __name__ == "__main__":
    main()

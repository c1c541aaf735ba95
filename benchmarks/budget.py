"""How far plans overrun a budget: `python -m benchmarks.budget`, CPU time of 200 plans of cities of several sizes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from benchmarks.rows import Row
from benchmarks.snapshots import make_snapshot
from dispatch.engine.budget import WithinBudget
from dispatch.engine.policy import load_policy
from dispatch.solver.params import Params
from dispatch.solver.problem import Floats, Problem

BUDGETS_S: Final = (0.05, 0.1)
PLANS: Final = 200
AIM: Final = 10.0
"""The 99th percentile of the overrun, in per cent of the budget, is to be no more than this."""
COMMAND: Final = "python -m benchmarks.budget"


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


def budget_rows(tell: Callable[[str], None]) -> list[Row]:
    """For each budget the median and the 99th percentile of the overrun, in per cent."""
    problems, params = cities(), load_policy("default").params
    rows: list[Row] = []
    for budget_s in BUDGETS_S:
        tell(f"a budget of {1000 * budget_s:.0f} ms")
        shares = 100 * np.percentile(overruns(problems, params, budget_s, PLANS), (50, 99))
        for name, share, target in zip(("median", "p99"), shares.tolist(), (None, AIM), strict=True):
            scope = f"budget of {1000 * budget_s:.0f} ms"
            rows.append(
                Row(scope=scope, metric=f"overrun, {name}", value=share, target=target, unit="%", command=COMMAND)
            )
    return rows


def main() -> None:
    """Print a line for each budget."""
    for row in budget_rows(lambda _: None):
        print(
            f"{row.scope}: {row.metric} {row.value:+.1f} %"
            + ("" if row.target is None else f" (aim {row.target:+g} %)")
        )


if __name__ == "__main__":
    main()

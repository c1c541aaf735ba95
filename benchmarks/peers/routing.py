"""Compares routers on static problems in equal wall time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from benchmarks.peers.outcome import Outcome, Task, run_router
from benchmarks.peers.registry import OURS, ROUTERS
from benchmarks.rows import Row

COMMAND: Final = "python -m benchmarks.peers --part routing"

Tell = Callable[[str], None]
"""Told what is being measured."""

Run = Callable[[str, Task], Outcome]
"""Runs one router."""


def compare_routers(
    task: Task, budgets_s: Sequence[float], tell: Tell, run: Run = run_router
) -> Iterator[tuple[str, list[Outcome]]]:
    """(what the budget is called, the outcomes of all routers) for the time that the product takes and each budget.

    A router that had to be ended is not asked again with more time.
    """
    size = f"{task.orders:,} x {task.riders:,}"
    tell(f"{size}: {OURS}")
    ours = run(OURS, task)
    named = [("the time of ours", max(ours.cpu_s, 0.001)), *((f"{seconds:g} s", seconds) for seconds in budgets_s)]
    hopeless: dict[str, Outcome] = {}
    for name, seconds in named:
        found = [ours]
        for router in ROUTERS:
            if router == OURS:
                continue
            tell(f"{size}, {name}: {router}")
            outcome = hopeless.get(router) or run(router, replace(task, seconds=seconds))
            if outcome.why_not:
                hopeless[router] = outcome
            found.append(outcome)
        yield f"{size}, {name}", found


def routing_rows(scope: str, outcomes: Sequence[Outcome], size: tuple[int, int]) -> Iterator[Row]:
    """The outcomes as rows; ratios are to the first of them, the product's, where it has one."""
    command = f"{COMMAND} --size {size[0]} {size[1]}"
    reference = outcomes[0].judgement
    for outcome in outcomes:
        for metric, value, unit in _figures(outcome):
            yield Row(
                scope=scope, metric=f"routing, {metric}, {outcome.router}", value=value, unit=unit, command=command
            )
        if outcome.judgement and reference and outcome is not outcomes[0]:
            ratio = outcome.judgement.points / max(1, reference.points)
            metric = f"routing, points, {outcome.router} / {outcomes[0].router}"
            yield Row(scope=scope, metric=metric, value=ratio, unit="times", command=command)


def _figures(outcome: Outcome) -> Iterator[tuple[str, float, str]]:
    judged = outcome.judgement
    if judged is None:
        yield f"no routes ({outcome.why_not})", 1, "runs"
        return
    yield "points", judged.points, "points"
    yield "orders without a rider", judged.unserved, "orders"
    yield "click_to_door mean", judged.click_to_door_s / 60, "min"
    yield "broken rules", len(judged.violations), "rules"
    yield "wall time", outcome.took_s, "s"
    yield "CPU time", outcome.cpu_s, "s CPU"

"""From runs to the table of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from simulations.comparison.paired import STATISTICS, Difference, arrays_of, over_orders, over_runs
from simulations.comparison.runs import Run
from simulations.metrics import Metrics
from simulations.metrics.wording import WORDINGS, Wording

MEASURED_TIME: Final = ("tick_cpu_p50_ms", "tick_cpu_p99_ms", "tick_cpu_max_ms")
"""Figures that differ from one repetition to the next."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: the mean over runs for each policy, and the difference of each to the first (None for itself)."""

    wording: Wording
    means: tuple[float | None, ...]
    differences: tuple[Difference | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Policies side by side. ``how`` says where the intervals come from, ``notes`` what else a reader should know."""

    policies: tuple[str, ...]
    rows: tuple[Row, ...]
    runs: tuple[Run, ...]
    how: str
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "policies": list(self.policies),
            "intervals": self.how,
            "notes": list(self.notes),
            "figures": [
                {
                    "name": row.wording.name,
                    "means": dict(zip(self.policies, row.means, strict=True)),
                    "differences": {
                        policy: asdict(difference)
                        for policy, difference in zip(self.policies, row.differences, strict=True)
                        if difference is not None
                    },
                }
                for row in self.rows
            ],
            "runs": [
                {"instance": run.instance, "policy": run.policy, "seed": run.seed, "metrics": asdict(run.metrics)}
                for run in self.runs
            ],
        }


def compare(runs: Sequence[Run]) -> Comparison:
    """Compare the policies of ``runs``, which hold every policy once for each instance and seed.

    Seeds that change nothing on an instance, because nothing there is random, count once: equal runs repeated would
    make any difference look certain.
    """
    policies = tuple(dict.fromkeys(run.policy for run in runs))
    kept, repeated = _without_repeats(runs)
    by_policy = [[run for run in kept if run.policy == policy] for policy in policies]
    units = len(by_policy[0])
    rows = tuple(_row(wording, by_policy) for wording in WORDINGS)
    notes = []
    if repeated:
        notes.append(f"Seeds change nothing on {', '.join(repeated)}: equal runs count once.")
    if units > 1:
        how = f"95 % intervals: paired t over {units} runs of each policy (instances x seeds)"
    else:
        how = "95 % intervals: bootstrap over the orders of the one run of each policy; for other figures there is none"
    return Comparison(policies, rows, tuple(runs), how, tuple(notes))


def _without_repeats(runs: Sequence[Run]) -> tuple[list[Run], list[str]]:
    """The runs that are not like those of another seed on the same instance for every policy; those instances."""
    kept: list[Run] = []
    repeated: list[str] = []
    for instance in dict.fromkeys(run.instance for run in runs):
        here = [run for run in runs if run.instance == instance]
        seeds = list(dict.fromkeys(run.seed for run in here))
        alike = {tuple(_lasting(run.metrics) for run in here if run.seed == seed) for seed in seeds}
        if len(seeds) > 1 and len(alike) == 1:
            repeated.append(instance)
            kept += [run for run in here if run.seed == seeds[0]]
        else:
            kept += here
    return kept, repeated


def _lasting(metrics: Metrics) -> tuple[object, ...]:
    return tuple(value for name, value in asdict(metrics).items() if name not in MEASURED_TIME)


def _row(wording: Wording, by_policy: list[list[Run]]) -> Row:
    values = [[getattr(run.metrics, wording.name) for run in runs] for runs in by_policy]
    means = tuple(_mean([value for value in each if value is not None]) for each in values)
    differences = [None, *(_difference(wording.name, by_policy[0], runs) for runs in by_policy[1:])]
    return Row(wording, means, tuple(differences))


def _difference(name: str, first: list[Run], other: list[Run]) -> Difference | None:
    if len(first) == 1 and name in STATISTICS and len(first[0].orders):
        if not first[0].orders["order_id"].equals(other[0].orders["order_id"]):
            raise ValueError("runs to be compared must have the same orders")
        return over_orders(name, arrays_of(first[0].orders), arrays_of(other[0].orders))
    return over_runs([getattr(run.metrics, name) for run in first], [getattr(run.metrics, name) for run in other])


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None

"""Measures the phases of a tick at one size."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from benchmarks.phases import (
    OURS,
    Bench,
    candidate_works,
    insertion_works,
    make_bench,
    matchers,
    matching_works,
    tick_works,
    worths,
)
from benchmarks.rows import Row
from benchmarks.snapshots import make_snapshot
from benchmarks.timing import Work, cpu_ms, interleaved
from dispatch.solver.params import Params
from dispatch.solver.solve import solve

TRIAL: Final = (50, 75)
"""The size that is solved first: to compile, and to foresee how long a tick takes."""

Tell = Callable[[str], None]
"""Told what is being measured; called between measurements."""


@dataclass(frozen=True, slots=True)
class Limits:
    """CPU seconds to spend on the rounds of one phase, and on one tick at most."""

    budget_s: float = 3.0
    patience_s: float = 30.0


@dataclass(slots=True)
class _Sheet:
    """The rows of one size, and who is told what is going on."""

    size: tuple[int, int]
    tell: Tell
    rows: list[Row] = field(default_factory=list)

    def say(self, what: str) -> None:
        """Tell what is going on."""
        self.tell(f"{scope_of(self.size)}: {what}")

    def add(self, metric: str, value: float, unit: str) -> None:
        """One more figure."""
        command = f"python -m benchmarks --size {self.size[0]} {self.size[1]}"
        self.rows.append(Row(scope=scope_of(self.size), metric=metric, value=value, unit=unit, command=command))

    def time(self, phase: str, works: Mapping[str, Work], budget_s: float) -> None:
        """Time the works of one phase in turns, and compare each of the stack's with each of the product's."""
        self.say(phase)
        times = interleaved(works, budget_s, lambda: self.say(phase))
        for name, milliseconds in times.items():
            self.add(f"{phase}, {name}", milliseconds, "ms CPU")
        for own in filter(is_ours, times):
            for other in times:
                if not is_ours(other):
                    self.add(f"{phase}, {other} / {own}", times[other] / max(times[own], 1e-6), "times")


def is_ours(name: str) -> bool:
    """Whether a work is the product's."""
    return name.startswith(OURS)


def scope_of(size: tuple[int, int]) -> str:
    """How a size is called: waiting orders x riders."""
    return f"{size[0]:,} x {size[1]:,}"


def trial_tick_s(params: Params) -> float:
    """Compile by solving a small snapshot, and answer the CPU seconds that it takes then."""
    problem = make_snapshot(*TRIAL)
    solve(problem, params, seed=1)
    return cpu_ms(lambda: solve(problem, params, seed=1)) / 1000


def measure(size: tuple[int, int], params: Params, trial_s: float, limits: Limits, tell: Tell) -> list[Row]:
    """Measure all phases at a size; ``trial_s`` is what ``trial_tick_s`` answered.

    A tick that should take longer than ``limits`` allow is left out, which is said on standard error.
    Raises RuntimeError where two matchings of the same pairs do not cost the same.
    """
    sheet = _Sheet(size, tell)
    sheet.say("drawing")
    bench = make_bench(make_snapshot(*size), params)
    sheet.time("candidates", candidate_works(bench), limits.budget_s)
    _measure_pairs(sheet, bench, limits)
    works = tick_works(bench)
    tick_s = trial_s * size[0] / TRIAL[0]
    if tick_s > limits.patience_s:
        del works[OURS]
        print(f"{scope_of(size)}: the whole tick is left out, as it should take some {tick_s:.0f} s; "
              f"--patience-s {2 * tick_s:.0f} puts it in", file=sys.stderr)  # fmt: skip
    sheet.time("tick", works, limits.budget_s)
    sheet.say("judging")
    for name, found in worths(bench, works).items():
        sheet.add(f"tick, objective, {name}", found.points, "points")
        sheet.add(f"tick, orders without a rider, {name}", found.without_rider, "orders")
    sheet.add("memory, peak of the process so far", peak_mb(), "MB")
    return sheet.rows


def _measure_pairs(sheet: _Sheet, bench: Bench, limits: Limits) -> None:
    """Insertion and matching of the product's candidates."""
    pairs = bench.pairs()
    sheet.time("insertion", insertion_works(bench, pairs.row, pairs.column), limits.budget_s)
    sheet.add("insertion, pairs", len(pairs.row), "pairs")
    dearer = bench.scores(pairs.row, pairs.column).cost > pairs.cost
    sheet.add("insertion, pairs for which numpy's place is dearer", 100 * float(dearer.mean()), "%")
    sheet.time("matching", matching_works(bench, pairs), limits.budget_s)
    totals = {name: pairs.total(match(*pairs)) for name, match in matchers(bench).items()}
    if len(set(totals.values())) > 1:
        raise RuntimeError(f"matchings of the same pairs must cost the same, not {totals}")
    sheet.add("matching, objective, the same for all", max(totals.values()), "points")


def peak_mb() -> float:
    """The most memory that this process has held so far, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10  # bytes there, kilobytes elsewhere

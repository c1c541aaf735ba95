"""The memory that one tick takes, on top of the problem that it is given.

Arrays and objects of Python are counted by ``tracemalloc``, which numpy reports to; compiled loops make none. What the
process holds besides (code, libraries, the problem) is not the tick's.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from benchmarks.rows import Row
from benchmarks.snapshots import make_snapshot
from dispatch.solver.params import Params
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve

TARGET_MIB: Final = {20000: 500.0}


def measure_memory(size: tuple[int, int], params: Params, tell: Callable[[str], None]) -> list[Row]:
    """The row of a size: MiB at the peak of a tick, one pass of local search included."""
    scope = f"{size[0]:,} x {size[1]:,}"
    tell(f"{scope}: memory")
    once = replace(params, search=replace(params.search, passes=min(1, params.search.passes)))
    peak = peak_mib(make_snapshot(*size), once)
    command = f"python -m benchmarks --size {size[0]} {size[1]}"
    target = TARGET_MIB.get(size[0])
    return [Row(scope=scope, metric="tick, memory", value=peak, target=target, unit="MiB", command=command)]


def peak_mib(problem: Problem, params: Params) -> float:
    """The most that a tick holds at any time, in MiB."""
    tracemalloc.start()
    try:
        solve(problem, params, seed=1)
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()

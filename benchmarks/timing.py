"""CPU time of functions that do the same, taken in turns: A B A B."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import Final

Work = Callable[[], object]

MOST: Final = 9
"""Measured rounds at most."""
LEAST: Final = 3
"""Measured rounds at least, unless one round alone takes longer than the budget."""


def interleaved(works: Mapping[str, Work], budget_s: float, tell: Callable[[], None]) -> dict[str, float]:
    """Median CPU milliseconds of this process for each of ``works``; the garbage collector stands still meanwhile.

    A round calls each once, so that what disturbs the machine disturbs all alike. The first round warms up and sets the
    number of rounds so that they fit in ``budget_s``; it counts only if it alone takes that long. ``tell`` is called
    after each call.
    """
    with _no_collection():
        first = _round(works, tell)
        spent_s = sum(first.values()) / 1000
        if spent_s >= budget_s:
            return first
        rounds = max(LEAST, min(MOST, int(budget_s / max(spent_s, 1e-6))))
        every = [_round(works, tell) for _ in range(rounds)]
    return {name: median(times[name] for times in every) for name in works}


def _round(works: Mapping[str, Work], tell: Callable[[], None]) -> dict[str, float]:
    times = {}
    for name, work in works.items():
        times[name] = cpu_ms(work)
        tell()
    return times


def cpu_ms(work: Work) -> float:
    """CPU milliseconds of one call."""
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / 1e6


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.collect()
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

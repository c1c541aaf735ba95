"""Compares matchers on the product's own matchings, in CPU time, at equal total cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from benchmarks.peers.registry import MATCHERS_OF_PEERS, PEER_FAULTS, load_matcher, told
from benchmarks.phases import OURS, Bench, Pairs, make_bench
from benchmarks.rows import Row
from benchmarks.snapshots import make_snapshot
from benchmarks.timing import Work, cpu_ms, interleaved
from dispatch.solver.match import MATCHERS, Matcher
from dispatch.solver.params import Params
from dispatch.solver.walk import INFEASIBLE

COMMAND: Final = "python -m benchmarks.peers --part matching"
QUICK_MS: Final = 1000.0
"""What takes longer than this is measured once, the others in turns."""

ALL_PAIRS_UP_TO: Final = 2_000_000
"""Pairs of orders and riders up to which all are priced and matched, too."""

WARM_UP: Final = Pairs(*(np.array([number]) for number in (0, 0, 1, 2)))
"""One pair that pays: what is compiled or loaded at the first call is so before anything is measured."""

Tell = Callable[[str], None]
"""Told what is being measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """How one matcher fared: CPU milliseconds and the total cost, or why not."""

    name: str
    cpu_ms: float | None = None
    total: int | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """CPU seconds for the rounds of all quick matchers together, and for one run of a slow one at most."""

    budget_s: float = 10.0
    patience_s: float = 60.0


def paying(pairs: Pairs) -> Pairs:
    """The pairs that cost less than the way out: the ones that the product matches."""
    pays = pairs.cost < np.minimum(pairs.out[pairs.row], INFEASIBLE)
    return Pairs(pairs.row[pays], pairs.column[pays], pairs.cost[pays], pairs.out)


def instances(size: tuple[int, int], params: Params) -> Iterator[tuple[str, Pairs]]:
    """(what it is called, the pairs) of the matchings at this size: the product's candidates, and all pairs."""
    bench = make_bench(make_snapshot(*size), params)
    yield f"{bench.k} candidates", paying(bench.pairs())
    if size[0] * size[1] <= ALL_PAIRS_UP_TO:
        yield "all pairs", paying(_all_pairs(bench))


def _all_pairs(bench: Bench) -> Pairs:
    orders, riders = len(bench.lead), bench.problem.rider_count
    row, column = np.repeat(np.arange(orders), riders), np.tile(np.arange(riders), orders)
    return Pairs(row, column, bench.prices(row, column), bench.pairs().out)


def all_matchers(usual: str) -> dict[str, Callable[[], Matcher]]:
    """How to get each matcher: the policy's first, then the product's others, then the peers'."""
    own: dict[str, Callable[[], Matcher]] = {
        f"{OURS} ({name})": partial(MATCHERS.__getitem__, name) for name in sorted(MATCHERS, key=usual.__ne__)
    }
    return own | {name: partial(load_matcher, name) for name in MATCHERS_OF_PEERS}


def compare_matchers(
    pairs: Pairs,
    matchers: Mapping[str, Callable[[], Matcher]],
    foreseen_ms: Mapping[str, float],
    limits: Limits,
    tell: Tell,
) -> list[Matched]:
    """Run every matcher on the same pairs; who is foreseen to take longer than ``limits`` allow is left out.

    A matcher that fails is told so, and a peer whose matching is not the cheapest has failed. Raises RuntimeError where
    one of the product's own is not the cheapest.
    """
    tried = [_try(name, get, pairs, foreseen_ms.get(name, 0.0), limits, tell) for name, get in matchers.items()]
    least = min((match.total for match in tried if match.total is not None), default=0)
    tried = [_held_against(least, match) for match in tried]
    quick: dict[str, Work] = {
        match.name: partial(matchers[match.name](), *pairs)
        for match in tried
        if match.cpu_ms is not None and match.cpu_ms <= QUICK_MS
    }
    tell("all in turns")
    medians = interleaved(quick, limits.budget_s, lambda: None) if quick else {}
    return [
        Matched(name=match.name, cpu_ms=medians.get(match.name, match.cpu_ms), total=match.total, why_not=match.why_not)
        for match in tried
    ]


def _try(
    name: str, get: Callable[[], Matcher], pairs: Pairs, foreseen_ms: float, limits: Limits, tell: Tell
) -> Matched:
    """One run after warming up; it tells how long the matcher takes."""
    tell(name)
    if foreseen_ms > 1000 * limits.patience_s:
        return Matched(name=name, why_not=f"left out, as it should take some {foreseen_ms / 1000:,.0f} s")
    found = []
    try:
        match = get()
        match(*WARM_UP)
        taken_ms = cpu_ms(lambda: found.append(match(*pairs)))
    except PEER_FAULTS as fault:
        return Matched(name=name, why_not=told(fault))
    return Matched(name=name, cpu_ms=taken_ms, total=pairs.total(found[0]))


def _held_against(least: int, match: Matched) -> Matched:
    """The same, or failed where the total is not the least."""
    if match.total in {None, least}:
        return match
    if match.name.startswith(OURS):
        raise RuntimeError(f"{match.name} found {match.total:,} points where {least:,} are possible")
    return Matched(name=match.name, why_not=f"found {match.total:,} points where {least:,} are possible")


def foresee(matched: Sequence[Matched], before: tuple[int, int], now: tuple[int, int]) -> dict[str, float]:
    """CPU milliseconds to expect of each at (rows, pairs) of ``now``, after those of ``before``: rows x pairs grow."""
    growth = (now[0] * now[1]) / max(1, before[0] * before[1])
    return {match.name: growth * match.cpu_ms for match in matched if match.cpu_ms is not None}


def matching_rows(scope: str, matched: Sequence[Matched], size: tuple[int, int]) -> Iterator[Row]:
    """What was measured as rows; ratios are to the first of the product's."""
    command = f"{COMMAND} --size {size[0]} {size[1]}"
    reference = matched[0].cpu_ms
    for match in matched:
        if match.cpu_ms is None:
            metric = f"matching, no answer ({match.why_not}), {match.name}"
            yield Row(scope=scope, metric=metric, value=1, unit="runs", command=command)
            continue
        yield Row(scope=scope, metric=f"matching, {match.name}", value=match.cpu_ms, unit="ms CPU", command=command)
        if reference and match is not matched[0]:
            metric = f"matching, {match.name} / {matched[0].name}"
            yield Row(scope=scope, metric=metric, value=match.cpu_ms / reference, unit="times", command=command)

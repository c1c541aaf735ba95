"""One assignment, without the rest of a tick: candidates, insertion and matching, from snapshot to matched pairs.

Cold: nothing is known but the routes as they were given; the usual stack does the same three phases on the same
snapshot, and its matchings are held against the own one on the same pairs. By price: riders are shown by price, and the
matching is held against the best of all pairs, which is found by pricing them all. Warm: a minute later, when
riders have moved and one order in fifty is new, from the prices of the last matching and the riders who were best for
each order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import stack, stack_match
from benchmarks.phases import Bench, Pairs, make_bench, pairs_of
from benchmarks.rows import COLD_RATIO, Row
from benchmarks.snapshots import make_snapshot
from benchmarks.stack_ride import ride
from benchmarks.timing import Work, interleaved
from dispatch.solver.assign import way_out_costs
from dispatch.solver.bundles import Bundles
from dispatch.solver.match_own import match_at_prices
from dispatch.solver.pairs import pair_costs
from dispatch.solver.params import Params
from dispatch.solver.price_candidates import Guided, Known, match_guided, match_known
from dispatch.solver.problem import Ints, Problem
from dispatch.solver.walk import INFEASIBLE

COLD_MS: Final = {5000: 60.0, 20000: 600.0}
TIMES_STACK: Final = {5000: 6.0}
BY_PRICE_MS: Final = {5000: 250.0}
WARM_MS: Final = {5000: 25.0}
GAP: Final = {5000: 1.0}
"""Per cent over the best of all pairs."""

TURNS: Final = 3
NEW_EACH: Final = 50
"""One waiting order in so many is new in a warm assignment, and as many are gone."""

KEPT: Final = 4
"""Riders kept for each order that is not new."""

LATER_S: Final = 60
"""Seconds between the matching that is known and the warm one."""

GROWS_FROM: Final = 5000
"""Waiting orders at which the curve begins: below, what is not a matter of size counts too much."""

ALL_PAIRS_UP_TO: Final = 6000
"""Waiting orders up to which all pairs are priced."""

Tell = Callable[[str], None]


@dataclass(slots=True)
class _Sheet:
    """The rows of one size."""

    size: tuple[int, int]
    rows: list[Row]

    def add(self, metric: str, value: float, unit: str, target: float | None = None) -> None:
        """One more figure."""
        orders, riders = self.size
        command = f"python -m benchmarks --size {orders} {riders}"
        scope = f"{orders:,} x {riders:,}"
        self.rows.append(Row(scope=scope, metric=metric, value=value, target=target, unit=unit, command=command))


def measure_assignment(size: tuple[int, int], params: Params, budget_s: float, tell: Tell) -> list[Row]:
    """All rows of a size. Raises RuntimeError where two matchings of the same pairs do not cost the same."""
    sheet, problem = _Sheet(size, []), make_snapshot(*size)
    bench, later = make_bench(problem, params), make_bench(a_minute_later(problem), params)
    new = max(1, size[0] // NEW_EACH)
    known = cold_by_price(replace(bench, lead=bench.lead[:-new])).known(KEPT)
    later = replace(later, lead=later.lead[new:])
    works: dict[str, Work] = {
        "cold, ours": lambda: cold_nearest(bench),
        "cold, stack": lambda: cold_stack(bench),
        "by price, ours": lambda: cold_by_price(bench),
        "warm, ours": lambda: warm(later, known, new),
    }
    what = f"{size[0]:,} x {size[1]:,}: assignment"
    tell(what)
    times = interleaved(works, budget_s, lambda: tell(what))
    targets = {"cold, ours": COLD_MS, "by price, ours": BY_PRICE_MS, "warm, ours": WARM_MS}
    for name, milliseconds in times.items():
        sheet.add(f"assignment, {name}", milliseconds, "ms CPU", targets.get(name, {}).get(size[0]))
    sheet.add(COLD_RATIO, times["cold, stack"] / times["cold, ours"], "times", TIMES_STACK.get(size[0]))
    check_equal(bench.pairs())
    for name, at, found in (("by price", bench, cold_by_price(bench)), ("warm", later, warm(later, known, new))):
        sheet.add(f"assignment, {name}, pairs priced for an order", found.pairs / len(at.lead), "pairs")
        sheet.add(f"assignment, {name}, orders without a rider", int((found.rider < 0).sum()), "orders")
        if size[0] <= ALL_PAIRS_UP_TO:
            tell(f"{what}, all pairs")
            gap = 100 * (found.total / best_of_all_pairs(at, found) - 1)
            sheet.add(f"assignment, {name}, over the best of all pairs", gap, "%", GAP.get(size[0]))
    nearest = match_at_prices(*bench.pairs())
    sheet.add("assignment, cold, orders without a rider", int((nearest.chosen < 0).sum()), "orders")
    return sheet.rows


def growth_rows(rows: list[Row]) -> list[Row]:
    """The curve of cold assignments: CPU time over that of the smallest size of it, and what n log n would allow."""
    cold = [row for row in rows if row.metric == "assignment, cold, ours"]
    every = sorted((int(row.scope.split(" x ")[0].replace(",", "")), row.value, row) for row in cold)
    sized = [(orders, row) for orders, _, row in every if orders >= GROWS_FROM]
    if not sized:
        return []
    first, least = sized[0]
    return [
        Row(
            scope=row.scope,
            metric=f"assignment, cold, times that of {first:,} orders",
            value=row.value / least.value,
            target=orders * math.log(orders) / (first * math.log(first)),
            unit="times",
            command=row.command,
        )
        for orders, row in sized[1:]
    ]


def check_equal(pairs: Pairs) -> None:
    """Raises RuntimeError unless scipy, OR-Tools and the own matching of the same pairs cost the same."""
    totals = {
        "own": match_at_prices(*pairs).total,
        "scipy": pairs.total(stack_match.match_sparse(*pairs)),
        "OR-Tools": pairs.total(stack_match.match_flow(*pairs)),
    }
    if len(set(totals.values())) > 1:
        raise RuntimeError(f"matchings of the same pairs must cost the same, not {totals}")


def best_of_all_pairs(bench: Bench, found: Guided) -> int:
    """What the best matching of all orders and all riders costs.

    All pairs are priced. Those that would make the matching of some cheaper join them, until there are none: then its
    prices prove it the best of all (column generation).
    """
    cost, out = all_costs(bench), way_out_costs(bench.view, bench.lead, bench.params.options)
    has, price = np.zeros(cost.shape, np.bool_), found.price
    row, slot = np.nonzero(found.shown >= 0)
    has[row, found.shown[row, slot]] = True
    while True:
        row, column = np.nonzero(has)
        matching = match_at_prices(row, column, cost[row, column].astype(np.int64), out, price, columns=len(price))
        price = matching.price
        cheaper = (cost + price < (out - matching.profit)[:, None]) & ~has
        if not cheaper.any():
            return matching.total
        has |= cheaper


def all_costs(bench: Bench) -> NDArray[np.int32]:
    """What every waiting order costs with every rider, int32 (B, R); the largest number where it does not fit."""
    orders, riders = len(bench.lead), bench.problem.rider_count
    cost, most = np.empty((orders, riders), np.int32), np.iinfo(np.int32).max
    one, first, every = np.array([0, 1]), np.zeros(riders, np.int64), np.arange(riders)
    for row in range(orders):
        costs = pair_costs(bench.view, bench.table, one, bench.lead[row : row + 1], first, every, bench.scratch)
        cost[row] = np.minimum(costs, most)
    return cost


def a_minute_later(problem: Problem) -> Problem:
    """The snapshot ``LATER_S`` on: the idle have moved, the others will be free sooner or later than thought."""
    rng, riders, points = np.random.default_rng(1), problem.riders, problem.travel.points.copy()
    idle = np.diff(problem.routes.start) == 0
    place, count = riders.place[idle], int(idle.sum())
    up = points[place] / problem.travel.radius_m
    step = np.cross(up, rng.standard_normal((count, 3)))
    reach_m = LATER_S / problem.travel.pace[riders.profile[idle]] * rng.random(count)
    moved = points[place] + step * (reach_m / np.sqrt((step**2).sum(axis=1)))[:, None]
    points[place] = moved * (problem.travel.radius_m / np.sqrt((moved**2).sum(axis=1)))[:, None]
    now, slip_s = problem.now + LATER_S, rng.integers(-30, 61, len(idle))
    free_at = np.where(idle, riders.free_at, np.maximum(now, riders.free_at + slip_s))
    travel = problem.travel._replace(points=points)
    return replace(problem, now=now, travel=travel, riders=riders._replace(free_at=free_at))


def forget(bench: Bench) -> None:
    """Let no route count as ridden, as at the beginning of a tick."""
    bench.table.known[:] = 0


def cold_nearest(bench: Bench) -> int:
    """Candidates, insertion and matching; answers what the matching costs."""
    forget(bench)
    return match_at_prices(*bench.pairs()).total


def cold_stack(bench: Bench) -> int:
    """The same by the usual stack, at its own estimates; answers what its matching costs."""
    ahead = ride(bench.problem)
    row, column = pairs_of(stack.candidates(bench.problem, ahead, bench.lead, bench.k))
    most = bench.params.rules.max_orders_on_board
    cost = stack.score(bench.problem, ahead, bench.params.weights, bench.lead[row], column, most).cost
    fits = cost < INFEASIBLE
    pairs = Pairs(row[fits], column[fits], cost[fits], way_out_costs(bench.view, bench.lead, bench.params.options))
    return pairs.total(stack_match.match_sparse(*pairs))


def cold_by_price(bench: Bench) -> Guided:
    """Candidates by price, and the matching over them."""
    forget(bench)
    out = way_out_costs(bench.view, bench.lead, bench.params.options)
    return match_guided(bench.view, bench.table, singles(bench.lead), out, bench.scratch, turns=TURNS)


def warm(later: Bench, known: Known, new: int) -> Guided:
    """The assignment a minute later: of the orders that are known the first ``new`` are gone, as many have come.

    Kept are the last prices, and for each order that was there the riders who were best for it; every
    pair is priced anew, because riders have moved.
    """
    forget(later)
    shown = np.concatenate([known.shown[new:], np.full((new, known.shown.shape[1]), -1)])
    out = way_out_costs(later.view, later.lead, later.params.options)
    bundles, again = singles(later.lead), Known(known.price, shown)
    return match_known(later.view, later.table, bundles, out, later.scratch, again)


def singles(lead: Ints) -> Bundles:
    """Every order by itself."""
    return Bundles(np.arange(len(lead) + 1), lead)

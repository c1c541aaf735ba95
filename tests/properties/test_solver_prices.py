"""Candidates by price: the search that goes by prices, and the matching over all riders that comes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from benchmarks.snapshots import make_snapshot
from dispatch.solver.assign import way_out_costs
from dispatch.solver.bundles import Bundles, make_bundles
from dispatch.solver.candidates import nearest_riders, route_ends
from dispatch.solver.grid import make_grid
from dispatch.solver.match_own import match_at_prices
from dispatch.solver.pairs import pair_costs
from dispatch.solver.params import Params
from dispatch.solver.price_candidates import FIRST, Guided, Known, match_guided, match_known
from dispatch.solver.price_search import make_offer, riders_below
from dispatch.solver.problem import Ints
from dispatch.solver.solve import solve
from dispatch.solver.walk import INFEASIBLE
from tests.support.solving import Bench, bench

SIZES = pytest.mark.parametrize(("orders", "riders", "seed"), [(30, 45, 1), (60, 40, 2), (20, 120, 3), (1, 5, 4)])


def snapshot(orders: int, riders: int, seed: int) -> tuple[Bench, Ints]:
    """The state of a snapshot, and its waiting orders."""
    work = bench(make_snapshot(orders, riders, seed))
    return work, np.array(sorted(work.loose()), np.int64)


def singles(lead: Ints) -> Bundles:
    """Every order by itself."""
    return Bundles(np.arange(len(lead) + 1), lead)


def all_costs(work: Bench, bundles: Bundles) -> Ints:
    """What every bundle costs with every rider."""
    rows, riders = len(bundles.start) - 1, work.problem.rider_count
    row, rider = np.divmod(np.arange(rows * riders), riders)
    cost = pair_costs(work.view, work.table, bundles.start, bundles.members, row, rider, work.scratch)
    return cost.reshape(rows, riders)


def ways_out(work: Bench, bundles: Bundles) -> Ints:
    """What leaving each bundle out costs."""
    price_of = np.zeros(work.problem.order_count, np.int64)
    price_of[bundles.members] = way_out_costs(work.view, bundles.members, Params().options)
    return np.asarray(np.add.reduceat(price_of[bundles.members], bundles.start[:-1]))


def below(work: Bench, price: Ints, lead: Ints, limit: Ints, k: int, known: Ints) -> list[dict[int, int]]:
    """For each order, rider to what that rider comes at, of those whom the search finds."""
    offer = make_offer(work.view, make_grid(work.view, route_ends(work.view, work.table)), price)
    answers = []
    for order, below_s, tried in zip(lead, limit, known, strict=True):
        found, comes_at, last = np.empty((1, k), np.int64), np.empty(k, np.int64), np.full(len(price), -1)
        riders_below(work.view, work.table, offer, np.array([order]), np.array([below_s]), tried[None], found, comes_at,
                     last)  # fmt: skip
        count = int((found[0] >= 0).sum())
        assert (found[0, count:] == -1).all()
        answers.append(dict(zip(found[0, :count].tolist(), comes_at[:count].tolist(), strict=True)))
    return answers


@SIZES
def test_the_search_finds_those_who_come_at_least_at_any_prices(orders: int, riders: int, seed: int) -> None:
    work, lead = snapshot(orders, riders, seed)
    rng = np.random.default_rng(seed)
    price = rng.integers(0, 40_000, riders) * rng.integers(0, 2, riders)
    nobody = np.full((orders, 1), -1)
    free = below(work, np.zeros(riders, np.int64), lead, np.full(orders, INFEASIBLE), riders, nobody)
    limits, k = rng.integers(50_000, 400_000, orders), int(rng.integers(1, 12))
    tried = rng.integers(0, riders, (orders, 3))
    found = below(work, price, lead, limits, k, tried)
    for everybody, limit, gone, some in zip(free, limits, tried.tolist(), found, strict=True):
        at = {rider: cost + int(price[rider]) for rider, cost in everybody.items()}
        wanted = sorted(value for rider, value in at.items() if value < limit and rider not in gone)[:k]
        assert list(some.values()) == wanted
        assert all(at[rider] == value for rider, value in some.items())


@SIZES
def test_what_the_search_says_is_the_price_behind_most_routes(orders: int, riders: int, seed: int) -> None:
    work, lead = snapshot(orders, riders, seed)
    costs = all_costs(work, singles(lead))
    nobody = np.full((orders, 1), -1)
    found = below(work, np.zeros(riders, np.int64), lead, np.full(orders, INFEASIBLE), riders, nobody)
    near = [abs(at / int(costs[b, r]) - 1) < 0.05 for b, row in enumerate(found) for r, at in row.items()
            if costs[b, r] < INFEASIBLE]  # fmt: skip
    assert np.mean(near) > 0.5


def assert_sound(work: Bench, bundles: Bundles, found: Guided) -> int:
    """No rider twice, every cost as priced, and not below the best of all pairs, which is answered."""
    costs, out = all_costs(work, bundles), ways_out(work, bundles)
    kept = np.flatnonzero(found.rider >= 0)
    assert len(set(found.rider[kept].tolist())) == len(kept)
    assert found.total == costs[kept, found.rider[kept]].sum() + out[found.rider < 0].sum()
    row, slot = np.nonzero(found.shown >= 0)
    assert (found.cost[row, slot] == costs[row, found.shown[row, slot]]).all()
    assert len(set(zip(row.tolist(), found.shown[row, slot].tolist(), strict=True))) == len(row)
    best = best_of_all(costs, out)
    assert best <= found.total
    return best


def best_of_all(costs: Ints, out: Ints) -> int:
    """The least that any matching of all pairs costs."""
    rows, riders = costs.shape
    dense = np.full((rows, riders + rows), np.inf)
    dense[:, :riders] = np.where(costs < out[:, None], costs, np.inf)
    dense[np.arange(rows), riders + np.arange(rows)] = out
    return int(dense[linear_sum_assignment(dense)].sum())


@SIZES
@pytest.mark.parametrize("turns", [0, 1, 3])
def test_every_matching_by_price_is_sound(orders: int, riders: int, seed: int, turns: int) -> None:
    work, lead = snapshot(orders, riders, seed)
    bundles = singles(lead)
    assert_sound(work, bundles, match_guided(work.view, work.table, bundles, ways_out(work, bundles), work.scratch,
                                             turns=turns))  # fmt: skip


@pytest.mark.parametrize(("orders", "riders", "seed"), [(200, 300, 1), (150, 100, 2), (100, 400, 3)])
def test_it_ends_within_two_hundredths_of_the_best_of_all_pairs(orders: int, riders: int, seed: int) -> None:
    work, lead = snapshot(orders, riders, seed)
    bundles = singles(lead)
    out = ways_out(work, bundles)
    found = match_guided(work.view, work.table, bundles, out, work.scratch, turns=3)
    assert found.total <= 1.02 * assert_sound(work, bundles, found)
    assert found.pairs < 0.5 * orders * riders
    row, slot = np.nonzero((near := nearest_riders(work.view, work.table, lead, FIRST)) >= 0)
    cost = all_costs(work, bundles)[row, near[row, slot]]
    assert found.total < match_at_prices(row, near[row, slot], cost, out).total


def test_bundles_are_matched_soundly() -> None:
    work, lead = snapshot(80, 40, 5)
    bundles = make_bundles(work.view, lead, 40, Params().bundles)
    assert len(bundles) < len(lead)
    found = match_guided(work.view, work.table, bundles, ways_out(work, bundles), work.scratch, turns=3)
    assert found.total <= 1.02 * assert_sound(work, bundles, found)


def test_from_what_is_known_few_pairs_are_as_good() -> None:
    work, lead = snapshot(200, 300, 1)
    before, after = singles(lead[:-10]), singles(lead[10:])
    known = match_guided(work.view, work.table, before, ways_out(work, before), work.scratch, turns=3).known(5)
    shown = np.vstack([known.shown[10:], np.full((10, 5), -1)])
    found = match_known(work.view, work.table, after, ways_out(work, after), work.scratch, Known(known.price, shown))
    assert found.total <= 1.02 * assert_sound(work, after, found)
    assert found.pairs <= 5 * 180 + 14 * 10


def test_a_tick_by_price_costs_less_than_by_the_nearest_and_leaves_nobody() -> None:
    problem, params = make_snapshot(200, 300, 1), Params()
    quick = replace(params.search, passes=0)
    by_price = solve(problem, replace(params, search=quick))
    by_nearest = solve(problem, replace(params, search=replace(quick, turns=0)))
    assert by_price.cost < by_nearest.cost
    assert (by_price.verdict == by_nearest.verdict).all()


def test_as_many_candidates_as_orders_need_no_prices() -> None:
    problem, params = make_snapshot(20, 60, 2), Params()
    nearest = replace(params, search=replace(params.search, turns=0))
    assert solve(problem, params).cost == solve(problem, nearest).cost

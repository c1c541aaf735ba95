"""The usual stack solves the same problem as the product: same ends of routes, same prices where both can say one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.phases import (
    NO_SEARCH,
    STACK,
    STACK_MATCHERS,
    Bench,
    insert,
    make_bench,
    matchers,
    pairs_of,
    stack_tick,
    worth,
    worths,
)
from benchmarks.snapshots import make_snapshot
from benchmarks.stack import APPEND, BEFORE_NEXT, INFEASIBLE, candidates
from benchmarks.stack_ride import ride
from dispatch.engine.policy import load_policy
from dispatch.solver.candidates import route_ends
from dispatch.solver.match import MATCHERS
from dispatch.solver.problem import Ints


@pytest.fixture(scope="module")
def bench() -> Bench:
    params = load_policy("default").params
    # Turning against one's direction and joining a stop have no formula in the stack.
    return make_bench(make_snapshot(200, 300), replace(params, weights=params.weights._replace(heading=0)))


@pytest.fixture(scope="module")
def every_pair(bench: Bench) -> tuple[Ints, Ints]:
    lead, riders = np.arange(len(bench.lead)), np.arange(bench.problem.rider_count)
    return np.repeat(lead, len(riders)), np.tile(riders, len(lead))


def test_routes_end_where_and_when_the_product_says(bench: Bench) -> None:
    mine, ours = ride(bench.problem).end, route_ends(bench.view, bench.table)
    assert (mine.place == ours.place).all()
    assert (mine.at == ours.free_at).all()


def test_an_idle_rider_costs_the_same(bench: Bench, every_pair: tuple[Ints, Ints]) -> None:
    row, rider = every_pair
    idle = np.diff(bench.problem.routes.start)[rider] == 0
    scores, prices = bench.scores(row[idle], rider[idle]), bench.prices(row[idle], rider[idle])
    assert (scores.cost == prices).all()
    assert (prices < INFEASIBLE).any()


def test_the_best_of_all_places_is_never_dearer_than_the_end_of_the_route(
    bench: Bench, every_pair: tuple[Ints, Ints]
) -> None:
    scores, prices = bench.scores(*every_pair), bench.prices(*every_pair)
    last = (scores.slot == APPEND) & (scores.cost < INFEASIBLE)
    assert (prices[last] <= scores.cost[last]).all()
    assert (prices[last] < scores.cost[last]).any()
    assert (scores.slot == BEFORE_NEXT).any()


def test_candidates_are_the_nearest_in_place_and_time(bench: Bench) -> None:
    problem = bench.problem
    ahead = ride(problem)
    pace = problem.travel.pace[problem.riders.profile].mean()
    near = candidates(problem, ahead, bench.lead, 5)
    for row, order in enumerate(bench.lead.tolist()):
        way = problem.travel.points[ahead.end.place] - problem.travel.points[problem.orders.pickup[order]]
        far = (way**2).sum(axis=1) + ((ahead.end.at - problem.now) / pace) ** 2
        assert np.allclose(np.sort(far[near[row]]), np.sort(far)[:5])


def test_all_matchings_of_the_same_pairs_cost_the_same(bench: Bench) -> None:
    pairs = bench.pairs()
    totals = {name: pairs.total(match(*pairs)) for name, match in matchers(bench).items()}
    assert set(STACK_MATCHERS) < set(totals)
    assert len(totals) == len(STACK_MATCHERS) + 1
    assert len(set(totals.values())) == 1, totals


@given(st.integers(0, 2**32 - 1))
def test_all_matchings_of_random_pairs_cost_the_same_and_are_matchings(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(0, 8)), int(rng.integers(1, 8))
    row, column = np.nonzero(rng.random((rows, columns)) < rng.random())
    cost, out = rng.integers(-20, 100, len(row)), rng.integers(-20, 100, rows)
    totals = set()
    for match in (*STACK_MATCHERS.values(), *MATCHERS.values()):
        chosen = match(row, column, cost, out)
        taken = chosen[chosen >= 0]
        assert chosen.shape == (rows,)
        assert (row[taken] == np.flatnonzero(chosen >= 0)).all()
        assert len(set(column[taken].tolist())) == len(taken)
        totals.add(int(cost[taken].sum() + out[chosen < 0].sum()))
    assert len(totals) == 1


def test_orders_are_put_where_they_should_go(bench: Bench) -> None:
    routes = bench.problem.routes
    order, rider = bench.lead[:100], np.random.default_rng(1).permutation(300)[:100]
    slot = np.arange(100) % 2
    longer = insert(routes, order, rider, slot)
    for new, r, where in zip(order.tolist(), rider.tolist(), slot.tolist(), strict=True):
        before = list(zip(*_tasks(routes.start, routes.order, routes.kind, r), strict=True))
        at = len(before) if where == APPEND else int(routes.frozen[r])
        expected = [*before[:at], (new, 0), (new, 1), *before[at:]]
        assert list(zip(*_tasks(longer.start, longer.order, longer.kind, r), strict=True)) == expected
    untouched = sorted(set(range(300)) - set(rider.tolist()))
    assert (np.diff(longer.start)[untouched] == np.diff(routes.start)[untouched]).all()


def _tasks(start: Ints, order: Ints, kind: Ints, rider: int) -> tuple[list[int], list[int]]:
    return order[start[rider] : start[rider + 1]].tolist(), kind[start[rider] : start[rider + 1]].tolist()


def test_both_ticks_serve_the_waiting_orders_and_are_judged_alike(bench: Bench) -> None:
    found = worths(bench, (NO_SEARCH, STACK))
    assert found[NO_SEARCH].without_rider == found[STACK].without_rider == 0
    nothing_done = worth(bench, bench.problem.routes)
    assert nothing_done.without_rider == len(bench.lead)
    assert max(found[NO_SEARCH].points, found[STACK].points) < nothing_done.points


def test_the_stack_matches_its_own_pairs_only(bench: Bench) -> None:
    row, column = pairs_of(candidates(bench.problem, ride(bench.problem), bench.lead, bench.k))
    assert len(row) == len(bench.lead) * bench.k
    routes = stack_tick(bench)
    assert len(routes.order) == len(bench.problem.routes.order) + 2 * len(bench.lead)
    assert column.max() < bench.problem.rider_count

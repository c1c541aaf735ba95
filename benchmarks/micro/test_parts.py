"""The parts of a tick, from a view of the problem to one price."""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.phases import Bench, Pairs, make_bench
from dispatch.solver.candidates import route_ends
from dispatch.solver.insertion import cheapest_insertion
from dispatch.solver.match import MATCHERS
from dispatch.solver.walk import INFEASIBLE, walk


def test_laying_out(benchmark: BenchmarkFixture, bench: Bench) -> None:
    again = benchmark(make_bench, bench.problem, bench.params)
    assert (again.table.cost == bench.table.cost).all()


def test_ends_of_routes(benchmark: BenchmarkFixture, bench: Bench) -> None:
    ends = benchmark(route_ends, bench.view, bench.table)
    assert (ends.free_at >= bench.problem.now).all()


def test_candidates(benchmark: BenchmarkFixture, bench: Bench) -> None:
    near = benchmark(bench.near)
    assert near.shape == (len(bench.lead), bench.k)


def test_one_walk(benchmark: BenchmarkFixture, bench: Bench) -> None:
    rider, route = _longest(bench)
    broken = benchmark(walk, bench.view, rider, route, len(route), bench.scratch.ledger)
    assert broken == 0


def test_one_insertion(benchmark: BenchmarkFixture, bench: Bench) -> None:
    rider, route = _longest(bench)
    row = np.zeros(bench.table.route.shape[1], np.int64)
    row[: len(route)] = route
    frozen, order = int(bench.problem.routes.frozen[rider]), int(bench.lead[0])
    slot = benchmark(cheapest_insertion, bench.view, rider, row, len(route), frozen, order, INFEASIBLE, bench.scratch)
    assert slot.cost > bench.table.cost[rider]


def test_pair_costs(benchmark: BenchmarkFixture, bench: Bench, pairs: Pairs) -> None:
    prices = benchmark(bench.prices, pairs.row, pairs.column)
    assert (prices == pairs.cost).all()


@pytest.mark.parametrize("name", list(MATCHERS))
def test_matching(benchmark: BenchmarkFixture, pairs: Pairs, name: str) -> None:
    chosen = benchmark(MATCHERS[name], *pairs)
    assert pairs.total(chosen) < pairs.out.sum()


def _longest(bench: Bench) -> tuple[int, np.ndarray]:
    """A rider with a longest route, and the route."""
    routes = bench.problem.routes
    rider = int(np.diff(routes.start).argmax())
    tasks = routes.order * 2 + routes.kind
    return rider, tasks[routes.start[rider] : routes.start[rider + 1]]

"""Whole ticks of a small market, and what the checker costs beside them."""

from __future__ import annotations

from dataclasses import replace

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.phases import Bench, without_search
from benchmarks.snapshots import make_snapshot
from dispatch.solver.check import check
from dispatch.solver.solve import solve


def test_a_tick_without_local_search(benchmark: BenchmarkFixture, bench: Bench) -> None:
    params = without_search(bench.params)
    plan = benchmark(solve, bench.problem, params, seed=1)
    assert check(bench.problem, plan, params.rules) == ()


def test_a_whole_tick(benchmark: BenchmarkFixture, bench: Bench) -> None:
    problem = make_snapshot(20, 30)
    plan = benchmark(solve, problem, bench.params, seed=1)
    assert check(problem, plan, bench.params.rules) == ()


def test_a_tick_in_which_nothing_is_new(benchmark: BenchmarkFixture, bench: Bench) -> None:
    settled = replace(bench.problem, routes=solve(bench.problem, without_search(bench.params), seed=1).routes)
    plan = benchmark(solve, settled, bench.params, seed=1)
    assert (plan.routes.order == settled.routes.order).all()


def test_the_checker(benchmark: BenchmarkFixture, bench: Bench) -> None:
    plan = solve(bench.problem, without_search(bench.params), seed=1)
    assert benchmark(check, bench.problem, plan, bench.params.rules) == ()

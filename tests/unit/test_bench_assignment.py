"""The benchmark of assignments: its best of all pairs, the world a minute later, and the tables that it prints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.assignment import (
    LATER_S,
    a_minute_later,
    all_costs,
    best_of_all_pairs,
    cold_by_price,
    growth_rows,
    warm,
)
from benchmarks.memory import peak_mib
from benchmarks.phases import Bench, make_bench
from benchmarks.rows import COLD_RATIO, Row
from benchmarks.snapshots import make_snapshot
from benchmarks.speed_tables import markdown
from dispatch.solver.assign import way_out_costs
from dispatch.solver.params import Params
from dispatch.solver.solve import solve


def bench(orders: int = 60, riders: int = 80) -> Bench:
    return make_bench(make_snapshot(orders, riders), Params())


def dense_optimum(work: Bench) -> int:
    """scipy's answer on the full matrix."""
    out = way_out_costs(work.view, work.lead, work.params.options)
    cost = np.minimum(all_costs(work), out[:, None])
    none = np.full((len(out), len(out)), out[:, None])
    full = np.hstack([cost, none])
    return int(full[linear_sum_assignment(full)].sum())


def test_the_best_of_all_pairs_is_that_of_the_full_matrix() -> None:
    for orders, riders in ((60, 80), (40, 20), (3, 30)):
        work = bench(orders, riders)
        assert best_of_all_pairs(work, cold_by_price(work)) == dense_optimum(work)


def test_a_minute_later_the_idle_have_moved_a_little_and_nobody_is_free_in_the_past() -> None:
    problem = make_snapshot(40, 60)
    later = a_minute_later(problem)
    assert later.now == problem.now + LATER_S
    idle = np.diff(problem.routes.start) == 0
    place = problem.riders.place[idle]
    moved_m = np.sqrt(((later.travel.points - problem.travel.points)[place] ** 2).sum(axis=1))
    assert (moved_m > 0).any()
    assert (moved_m * problem.travel.pace[problem.riders.profile[idle]] <= LATER_S).all()
    others = np.setdiff1d(np.arange(len(problem.travel.points)), place)
    assert (later.travel.points[others] == problem.travel.points[others]).all()
    assert (later.riders.free_at[~idle] >= later.now).all()


def test_a_warm_assignment_prices_few_pairs_and_is_near_the_best() -> None:
    problem = make_snapshot(200, 300)
    work, later = make_bench(problem, Params()), make_bench(a_minute_later(problem), Params())
    known = cold_by_price(replace(work, lead=work.lead[:-4])).known(4)
    after = replace(later, lead=later.lead[4:])
    found = warm(after, known, 4)
    assert found.pairs <= 4 * 192 + 14 * 4
    assert found.total <= 1.05 * best_of_all_pairs(after, found)


def row(scope: str, metric: str, value: float, target: float | None = None) -> Row:
    return Row(scope=scope, metric=metric, value=value, target=target, unit="ms CPU", command="c")


def test_growth_is_held_against_n_log_n() -> None:
    sizes = {"5,000 x 2": 10.0, "20,000 x 2": 50.0, "10,000 x 2": 21.0, "1,000 x 2": 1.0}
    grown = growth_rows([row(scope, "assignment, cold, ours", value) for scope, value in sizes.items()])
    assert [each.value for each in grown] == [2.1, 5.0]
    assert [each.met for each in grown] == [True, False]
    assert growth_rows([row("1 x 1", "tick, ours", 1.0)]) == []


def test_tables_say_who_is_how_much_quicker_and_what_was_aimed_at() -> None:
    rows = [
        row("1 x 2", "tick, ours", 10.0),
        row("1 x 2", "tick, stack", 30.0),
        row("1 x 2", "tick, objective, ours", 90.0),
        row("1 x 2", "tick, objective, stack", 100.0),
        row("1 x 2", "assignment, by price, ours", 4.0, 3.0),
        row("1 x 2", "assignment, by price, over the best of all pairs", 0.5),
        row("1 x 2", COLD_RATIO, 7.0, 6.0),
    ]
    beside, assignments, targets = markdown(rows).split("\n\n")
    assert "| 1 x 2 | tick | 10 | 30 | 3.0 | -10.0 % |" in beside.split("\n")
    assert "| 1 x 2 | by price | 4 |  | 0.5 |" in assignments.split("\n")
    assert "| 1 x 2 | assignment, by price, ours | 4 ms CPU | <= 3 | missed |" in targets.split("\n")
    assert "| >= 6 | met |" in targets.split("\n")[-1]


def test_a_tick_of_more_orders_takes_more_memory() -> None:
    solve(make_snapshot(10, 30), Params())  # what is loaded or compiled for the first time does not count
    small, large = (peak_mib(make_snapshot(orders, 30), Params()) for orders in (10, 200))
    assert 0 < small < large

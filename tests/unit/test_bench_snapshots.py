"""Snapshots are consistent problems of the size asked for, and the plans for them are sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.phases import make_bench
from benchmarks.snapshots import NOW, RADIUS_M, make_snapshot
from dispatch.engine.policy import load_policy
from dispatch.geo.kernel import EARTH_RADIUS_M
from dispatch.solver.check import check
from dispatch.solver.plan import Verdict
from dispatch.solver.problem import DROPOFF, ON_BOARD, OPEN, PICKUP, Problem
from dispatch.solver.solve import solve

WAITING, RIDERS = 200, 300


@pytest.fixture(scope="module")
def problem() -> Problem:
    return make_snapshot(WAITING, RIDERS)


def waiting(problem: Problem) -> list[int]:
    return sorted(set(range(problem.order_count)) - set(problem.routes.order.tolist()))


def test_the_size_is_the_one_asked_for(problem: Problem) -> None:
    assert problem.rider_count == RIDERS
    assert len(waiting(problem)) == WAITING
    assert (problem.orders.state[waiting(problem)] == OPEN).all()
    assert (problem.orders.rider[waiting(problem)] == -1).all()


def test_routes_have_0_to_6_tasks_and_riders_carry_and_collect(problem: Problem) -> None:
    assert set(np.diff(problem.routes.start).tolist()) == set(range(7))
    assert (problem.orders.state == ON_BOARD).any()
    assert (problem.routes.kind == PICKUP).any()


def test_what_is_on_board_has_a_drop_off_only_and_what_is_planned_has_both(problem: Problem) -> None:
    orders, routes = problem.orders, problem.routes
    kinds: dict[int, list[int]] = {}
    owner = np.repeat(np.arange(RIDERS), np.diff(routes.start))
    for rider, order, kind in zip(owner.tolist(), routes.order.tolist(), routes.kind.tolist(), strict=True):
        kinds.setdefault(order, []).append(kind)
        assert orders.rider[order] in (rider, -1)
        if orders.state[order] == ON_BOARD:
            assert orders.rider[order] == rider
    for order, found in kinds.items():
        assert found == ([DROPOFF] if orders.state[order] == ON_BOARD else [PICKUP, DROPOFF])


def test_who_is_under_way_goes_to_the_first_stop(problem: Problem) -> None:
    orders, routes = problem.orders, problem.routes
    for rider in np.flatnonzero(np.diff(routes.start)).tolist():
        order, kind = routes.order[routes.start[rider]], routes.kind[routes.start[rider]]
        assert problem.riders.place[rider] == (orders.dropoff if kind == DROPOFF else orders.pickup)[order]
        assert problem.riders.free_at[rider] >= NOW
        assert routes.frozen[rider] == (1 if kind == DROPOFF else 0)
    idle = np.diff(routes.start) == 0
    assert (problem.riders.free_at[idle] <= NOW).all()
    assert (problem.riders.heading_trust[idle] == 0).all()


def test_times_are_in_order(problem: Problem) -> None:
    orders = problem.orders
    assert (orders.placed_at <= NOW).all()
    assert (orders.placed_at <= orders.ready_at).all()
    assert (orders.ready_at[orders.state == ON_BOARD] < NOW).all()


def test_merchants_lie_within_the_city(problem: Problem) -> None:
    points = problem.travel.points[problem.orders.pickup]
    middle = points.mean(axis=0)
    middle *= EARTH_RADIUS_M / np.linalg.norm(middle)
    assert np.linalg.norm(points - middle, axis=1).max() < 2 * RADIUS_M


def test_the_routes_given_keep_the_rules(problem: Problem) -> None:
    bench = make_bench(problem, load_policy("default").params)
    assert bench.lead.tolist() == waiting(problem)
    assert not bench.table.closed.any()


def test_the_same_seed_gives_the_same_problem_and_another_seed_another(problem: Problem) -> None:
    again, other = make_snapshot(WAITING, RIDERS), make_snapshot(WAITING, RIDERS, seed=2)
    assert all((a == b).all() for a, b in zip(problem.orders, again.orders, strict=True))
    assert all((a == b).all() for a, b in zip(problem.riders, again.riders, strict=True))
    assert (problem.travel.points == again.travel.points).all()
    assert (
        problem.travel.points.shape != other.travel.points.shape or (problem.travel.points != other.travel.points).any()
    )


def test_the_plan_is_sound_and_serves_every_order(problem: Problem) -> None:
    params = load_policy("default").params
    params = replace(params, search=replace(params.search, passes=1, neighbours=4))
    plan = solve(problem, params, seed=1)
    assert check(problem, plan, params.rules) == ()
    assert (plan.verdict == Verdict.PLANNED).all()


@pytest.mark.parametrize("size", [(0, 0), (0, 3), (3, 0), (1, 1)])
def test_the_smallest_sizes_can_be_solved(size: tuple[int, int]) -> None:
    problem, params = make_snapshot(*size), load_policy("default").params
    assert check(problem, solve(problem, params, seed=1), params.rules) == ()


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(ValueError, match="not -1 orders and 5 riders"):
        make_snapshot(-1, 5)

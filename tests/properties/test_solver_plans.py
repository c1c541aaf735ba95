"""What holds of every plan: sound, repeatable, no dearer than doing nothing, true about orders without a rider."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from dispatch.solver.check import check
from dispatch.solver.improve import MOVES, begin, improve
from dispatch.solver.neighbours import make_neighbours
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import DROPOFF, OPEN, PICKUP, Problem
from dispatch.solver.ruin import Rounds, ruin_and_recreate
from dispatch.solver.solve import solve
from dispatch.solver.walk import FINE, INFEASIBLE, walk
from dispatch.units import UNREACHABLE_S
from tests.support.plans import greedy, visits
from tests.support.random_problems import problems, random_problem
from tests.support.solving import Bench, all_params, bench


def cities(seed: int, count: int = 60) -> Iterator[tuple[Problem, Params]]:
    """Larger problems than hypothesis likes to draw, each with another way to search and other rules."""
    rng = random.Random(seed)
    for number in range(count):
        problem = random_problem(
            seed + number, orders=rng.randint(8, 24), riders=rng.randint(1, 8), spread=rng.choice((3, 24))
        )
        params = Params()
        rules = replace(
            params.rules,
            one_merchant_on_board=rng.random() < 0.5,
            last_pickup_in_shift=rng.random() < 0.7,
            max_stops=rng.randint(2, 16),
            max_orders_on_board=rng.randint(1, 5),
            max_food_age_s=rng.choice((0, 900, 1800)),
        )
        search = replace(
            params.search,
            matcher=rng.choice(("own", "flow", "sparse")),
            candidates=rng.choice((1, 3, 20)),
            neighbours=rng.choice((1, 4, 20)),
            ruins=rng.choice((0, 25)),
            ruin_size=rng.choice((2, 4)),
        )
        yield problem, replace(params, rules=rules, search=search)


def judge(problem: Problem, params: Params, plan: Plan) -> None:
    """Everything that is to be said of a plan made without ``replan``."""
    assert check(problem, plan, params.rules) == ()
    assert_no_dearer_than_nothing(problem, params, plan)
    after = bench(problem, params, plan.routes)
    for order in np.flatnonzero(plan.verdict != Verdict.PLANNED).tolist():
        assert problem.orders.state[order] == OPEN
        assert_true(after, params, order, Verdict(int(plan.verdict[order])))


def assert_no_dearer_than_nothing(problem: Problem, params: Params, plan: Plan) -> None:
    """Leaving the routes as given, and every order without a rider where it is, costs as much or more."""
    before = bench(problem, params)
    loose = [order for order in before.loose() if is_soon(problem, params, order)]
    nothing = int(before.table.cost.sum()) + sum(before.price_of(order, params) for order in loose)
    left = [order for order in loose if plan.verdict[order] != Verdict.PLANNED]
    assert plan.cost + sum(before.price_of(order, params) for order in left) <= nothing


def is_soon(problem: Problem, params: Params, order: int) -> bool:
    return bool(problem.orders.ready_at[order] <= problem.now + params.search.horizon_s)


def assert_true(after: Bench, params: Params, order: int, verdict: Verdict) -> None:
    """The verdict on an order without a rider, asked of the problem and the finished routes."""
    problem = after.problem
    orders, riders = problem.orders, problem.riders
    if not is_soon(problem, params, order):
        assert verdict is Verdict.NOT_YET
        return
    added = [after.added(order, r) for r in range(problem.rider_count) if after.may_have(order, r)]
    # Nobody could have it for less than leaving it costs: whatever the verdict, no order is forgotten.
    assert all(cost >= after.price_of(order, params) for cost in added)
    left = np.arange(problem.rider_count)
    doors = {
        Verdict.NO_RIDER_ON_SHIFT: riders.accepts == 1,
        Verdict.NO_VEHICLE: orders.vehicles[order] >> riders.profile & 1 == 1,
        Verdict.NO_ZONE: orders.zones[order] & riders.zones != 0,
        Verdict.NO_CAPACITY: orders.size[order] <= riders.capacity,
        Verdict.BARRED: np.array([[order, r] not in problem.bars.tolist() for r in left.tolist()], np.bool_),
    }
    for door, passes in doors.items():
        left = left[passes[left]]
        assert len(left) or verdict is door
        if len(left) == 0:
            return
    could = any(after.added(order, r) < INFEASIBLE for r in left.tolist() if not after.table.closed[r])
    waits = problem.now - int(orders.placed_at[order]) < params.options.patience_s
    if could:
        assert verdict is (Verdict.NOT_YET if waits else Verdict.TOO_COSTLY)
        return
    alone = {why_not_alone(problem, params, order, r) for r in left.tolist() if not after.table.closed[r]}
    if verdict is Verdict.LOST_TO_OTHERS:
        assert "" in alone or not alone
    else:
        assert "" not in alone
        assert verdict is (Verdict.SHIFT_ENDS if "shift" in alone else Verdict.UNREACHABLE)


def why_not_alone(problem: Problem, params: Params, order: int, rider: int) -> str:
    """The first rule that keeps a rider with nothing else to do from the order; "" where none does."""
    pickup, dropoff = visits(problem, rider, [(order, PICKUP), (order, DROPOFF)])
    if pickup.arrive_at - pickup.depart_at >= UNREACHABLE_S:
        return "way"
    if params.rules.last_pickup_in_shift and pickup.event_at > problem.riders.off_at[rider]:
        return "shift"
    if dropoff.arrive_at - dropoff.depart_at >= UNREACHABLE_S:
        return "way"
    limit = params.rules.max_food_age_s
    return "age" if limit and dropoff.event_at - pickup.event_at > limit else ""


def test_plans_of_cities() -> None:
    for problem, params in cities(0, count=150):
        judge(problem, params, solve(problem, params, seed=4))


@given(problems(), all_params())
def test_plans_of_drawn_problems(problem: Problem, params: Params) -> None:
    judge(problem, params, solve(problem, params, seed=3))


@given(problems(), all_params(replan=True))
def test_planning_everything_anew_is_sound_and_forgets_nobody(problem: Problem, params: Params) -> None:
    plan = solve(problem, params)
    assert check(problem, plan, params.rules) == ()
    after = bench(problem, replace(params, search=replace(params.search, replan=False)), plan.routes)
    for order in np.flatnonzero(plan.verdict != Verdict.PLANNED).tolist():
        assert_true(after, params, order, Verdict(int(plan.verdict[order])))


def test_the_same_problem_gives_the_same_plan_and_stays_as_it_was() -> None:
    for problem, params in cities(20_000):
        arrays = (*problem.orders, *problem.riders, *problem.routes, problem.bars)
        before = [array.copy() for array in arrays]
        assert solve(problem, params, seed=5).same_as(solve(problem, params, seed=5))
        assert all((a == b).all() for a, b in zip(before, arrays, strict=True))


def test_a_plan_solved_again_is_not_dearer() -> None:
    """What a plan gives riders is where the next one starts from."""
    for problem, params in cities(40_000):
        plan = solve(problem, params)
        again = solve(replace(problem, routes=plan.routes), params)
        assert_no_dearer_than_nothing(replace(problem, routes=plan.routes), params, again)


def consistent(work: Bench) -> None:
    """The table says of every route what it is, and of every order whose it is."""
    table, owner = work.table, np.full(work.problem.order_count, -1)
    for rider in range(work.problem.rider_count):
        tasks = table.route[rider, : table.length[rider]]
        owner[tasks >> 1] = rider
        broken = walk(work.view, rider, table.route[rider], int(table.length[rider]), work.scratch.ledger)
        assert table.cost[rider] == work.scratch.ledger.terms.sum()
        assert broken == FINE or table.closed[rider] == 1
    assert (table.rider == owner).all()


@pytest.mark.parametrize("exchanges", [0, 1])
def test_local_search_lowers_the_total_and_keeps_its_books(exchanges: int) -> None:
    moved = 0
    for problem, params in cities(50_000 + exchanges, count=100):
        work = bench(problem, params, greedy(problem, params.rules).routes)
        movable, table = np.flatnonzero((work.table.fixed == 0) & (work.table.rider >= 0)), work.table
        changed = np.ones(problem.rider_count, np.int64)
        known = make_neighbours(work.view, table, changed, params.search.neighbours)
        rows = np.zeros((2, table.route.shape[1]), np.int64)
        before = int(table.cost.sum())
        at, spent = begin(), -1
        while not improve(work.view, table, movable, known, 5, exchanges, at, spent + 40, rows, work.scratch):
            assert known.work[0] > spent
            spent = int(known.work[0])
        moves = int(at[MOVES])
        assert (int(table.cost.sum()) < before) == (moves > 0)
        assert int(table.cost.sum()) <= before
        consistent(work)
        moved += moves
    assert moved > 100


@pytest.mark.parametrize("heat", [0, 15_000, 10_000_000])
def test_ruin_and_recreate_lowers_the_total_and_keeps_its_books(heat: int) -> None:
    """However much dearer a plan may get in between, the cheapest one met stays."""
    found = 0
    for problem, params in cities(60_000):
        work = bench(problem, params, greedy(problem, params.rules).routes)
        movable, table = np.flatnonzero((work.table.fixed == 0) & (work.table.rider >= 0)), work.table
        known = make_neighbours(work.view, table, np.ones(problem.rider_count, np.int64), 4)
        rounds = Rounds(30, params.search.ruin_size, heat)
        before = int(table.cost.sum())
        better = ruin_and_recreate(work.view, table, movable, movable, known, rounds, 11, work.scratch)
        assert (int(table.cost.sum()) < before) == (better > 0)
        consistent(work)
        assert sorted(movable) == sorted(np.flatnonzero((table.fixed == 0) & (table.rider >= 0)))
        found += better
    assert found > 20

"""A bound is one: below the best plan that there is, which is below any plan that is found."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from dispatch.solver.bound import independent_bound, stakes_of
from dispatch.solver.costs import Weights
from dispatch.solver.insertion import make_scratch
from dispatch.solver.least import make_bases
from dispatch.solver.params import Options, Params, SearchParams
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Problem
from dispatch.solver.reach import reach
from dispatch.solver.rules import Rules
from dispatch.solver.slot_bound import slot_bound
from dispatch.solver.solve import solve
from dispatch.solver.summary import summarize
from dispatch.solver.view import make_view
from dispatch.units import NEVER
from tests.support.best_plans import least_cost_of_any_plan
from tests.support.random_problems import random_problem

CASES = 800


def params_of(seed: int) -> Params:
    """Any rules, weights and prices."""
    pick = random.Random(f"params-{seed}").randint
    return Params(
        rules=Rules(
            one_merchant_on_board=bool(pick(0, 3) == 3),
            last_pickup_in_shift=bool(pick(0, 3)),
            max_stops=pick(2, 12),
            max_orders_on_board=pick(1, 4),
            max_food_age_s=(0, 1200, 3600)[pick(0, 2)],
        ),
        weights=Weights(
            food_waiting=pick(0, 1) * 40,
            rider_waiting=pick(0, 1) * 20,
            travel=pick(0, 40),
            heading=pick(0, 30),
            load=pick(0, 1) * 900,
            churn=pick(0, 9000),
        ),
        options=Options(not_yet_s=pick(300, 3600), nobody_s=7200),
        search=SearchParams(horizon_s=pick(600, 2400)),
    )


def cases(tables: tuple[str, ...]) -> Iterator[tuple[Problem, Params, Plan]]:
    """Tiny problems, close together or far apart, each with our plan."""
    for seed in range(CASES):
        pick = random.Random(f"bound-{seed}").randint
        problem = random_problem(seed, orders=pick(1, 4), riders=pick(1, 3), tables=tables, spread=pick(2, 24))
        params = params_of(seed)
        yield problem, params, solve(problem, params)


@pytest.mark.parametrize("tables", [("plane",), ("sphere",), ("matrix",)])
def test_no_plan_costs_less_than_the_bound(tables: tuple[str, ...]) -> None:
    met = higher = 0
    for number, (problem, params, plan) in enumerate(cases(tables)):
        summary = summarize(problem, params, plan)
        stakes = stakes_of(problem, make_view(problem, params.rules, params.weights), params, plan)
        best = least_cost_of_any_plan(problem, params, stakes.counts, stakes.out)
        assert summary.bound <= best <= summary.cost, f"{tables} {number}"
        met += summary.bound == best
        tight = slot_bound(problem, params, plan)
        assert summary.bound <= tight <= best, f"{tables} {number}"
        higher += summary.bound < tight
    assert met > CASES // 20  # it is not only valid: single orders are priced to the point
    assert higher > CASES // 50


def test_the_bound_holds_however_few_riders_are_listed() -> None:
    for seed in range(150):
        problem, params = random_problem(seed, orders=12, riders=30, tables=("plane", "sphere")), params_of(seed)
        plan = solve(problem, params)
        view = make_view(problem, params.rules, params.weights)
        bases = make_bases(problem, view, make_scratch(48, problem.order_count))
        stakes = stakes_of(problem, view, params, plan)
        every = np.arange(problem.order_count)
        bounds = [independent_bound(view, bases, stakes, reach(view, bases, every, k)) for k in (1, 3, 30)]
        assert bounds == sorted(bounds)
        assert bounds[-1] <= summarize(problem, params, plan).cost


def test_nobody_who_is_not_listed_can_be_there_before() -> None:
    for seed in range(200):
        problem, params = random_problem(seed, orders=10, riders=60, spread=8 + seed % 60), params_of(seed)
        view = make_view(problem, params.rules, params.weights)
        bases = make_bases(problem, view, make_scratch(48, problem.order_count))
        few = reach(view, bases, np.arange(problem.order_count), 4)
        every = reach(view, bases, np.arange(problem.order_count), 60)
        willing = set(np.flatnonzero(problem.riders.accepts).tolist())
        for row, all_ in zip(few.riders, every.riders, strict=True):
            assert set(all_[all_ >= 0].tolist()) == willing
            assert set(row[row >= 0].tolist()) <= willing
            assert len(set(row.tolist())) == len(row) or len(willing) < 4
        assert (every.beyond_at == NEVER).all()
        if problem.travel.matrix.shape[0] == 0:
            assert (few.riders == every.riders[:, :4]).all()

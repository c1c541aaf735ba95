"""The baselines keep every hard rule, whatever the market looks like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from dispatch.engine.dispatcher import Solver
from dispatch.solver.check import check
from dispatch.solver.params import Params
from dispatch.solver.plan import Verdict
from dispatch.solver.problem import OPEN, Problem
from dispatch.solver.rules import Rules
from simulations.policies import SOLVERS
from tests.support.plans import rows_of
from tests.support.random_problems import problems, random_problem, rules

BASELINES = [SOLVERS["nearest"], SOLVERS["window"]]


@pytest.mark.parametrize("baseline", BASELINES)
@given(problem=problems(), limits=rules())
def test_plans_are_sound(baseline: Solver, problem: Problem, limits: Rules) -> None:
    plan = baseline(problem, Params(rules=limits), seed=0)
    assert check(problem, plan, limits) == ()
    assert plan.cost == plan.terms.sum()


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("seed", range(3))
def test_plans_of_larger_markets_are_sound_and_the_same_again(baseline: Solver, seed: int) -> None:
    problem = random_problem(seed, orders=150, riders=60, tables=("plane", "sphere"))
    plan = baseline(problem, Params(), seed=1)
    assert check(problem, plan, Params().rules) == ()
    assert baseline(problem, Params(), seed=2).same_as(plan)


@given(problem=problems(), limits=rules())
def test_window_adds_one_order_a_rider(problem: Problem, limits: Rules) -> None:
    plan = SOLVERS["window"](problem, Params(rules=limits), seed=0)
    for rider, row in enumerate(rows_of(plan.routes)):
        new = {order for order, _ in row} - {order for order, _ in rows_of(problem.routes)[rider]}
        assert len(new) <= 1


@pytest.mark.parametrize("baseline", BASELINES)
@given(problem=problems())
def test_an_order_that_nobody_may_carry_says_so(baseline: Solver, problem: Problem) -> None:
    plan = baseline(_nobody_works(problem), Params(), seed=0)
    waiting = (problem.orders.state == OPEN) & (problem.orders.rider < 0)
    ready = problem.orders.ready_at <= problem.now + Params().search.horizon_s
    assert set(plan.verdict[waiting & ready].tolist()) <= {Verdict.NO_RIDER_ON_SHIFT, Verdict.BARRED}


def _nobody_works(problem: Problem) -> Problem:
    return replace(problem, riders=problem.riders._replace(accepts=np.zeros(problem.rider_count, np.int64)))

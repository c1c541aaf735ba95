"""The cost terms of whole plans against the same rules in plain Python."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dispatch.solver.costs import TERMS, Weights
from dispatch.solver.costs.terms import HEADING
from dispatch.solver.params import Params
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve
from tests.support.random_problems import problems
from tests.support.solving import terms_by_hand

weights = st.builds(
    Weights,
    click_to_door=st.integers(0, 200),
    lateness=st.integers(0, 50),
    lateness_scale_s=st.integers(1, 3600),
    food_waiting=st.integers(0, 50),
    rider_waiting=st.integers(0, 50),
    travel=st.integers(0, 50),
    heading=st.integers(0, 50),
    load=st.integers(0, 9000),
    churn=st.integers(0, 9000),
    ending=st.integers(0, 50),
    ending_time=st.integers(0, 300),
)


@given(problems(max_orders=9, max_riders=3), weights)
def test_terms_are_what_the_rules_say_and_sum_to_the_cost(problem: Problem, weighed: Weights) -> None:
    plan = solve(problem, replace(Params(), weights=weighed))
    by_hand = terms_by_hand(problem, plan, weighed)
    others = [k for k in range(len(TERMS)) if k != HEADING]
    assert (plan.terms[:, others] == by_hand[:, others]).all()
    # Each turn is rounded down; another sequence of the same multiplications may differ in the last bit.
    assert (np.abs(plan.terms[:, HEADING] - by_hand[:, HEADING]) <= np.diff(plan.routes.start)).all()
    assert plan.cost == plan.terms.sum()

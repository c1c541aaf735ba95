"""What is told of every plan agrees with what is told of one order when somebody asks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.solver.explain import explain
from dispatch.solver.explanation import HelpKind, Standing
from dispatch.solver.free_rider import reach_s
from dispatch.solver.inquiry import inquire
from dispatch.solver.params import Params, SearchParams
from dispatch.solver.plan import Verdict
from dispatch.solver.problem import OPEN, Problem
from dispatch.solver.rules import Rules
from dispatch.solver.shortages import CODES
from dispatch.solver.solve import solve
from dispatch.solver.summary import summarize
from dispatch.solver.walk import INFEASIBLE
from dispatch.units import MINUTE_S
from tests.support.random_problems import problems, rules

EXAMPLES = settings(max_examples=120)


def params_with(some: Rules, *, neighbours: int = 12) -> Params:
    """Parameters with these rules."""
    return Params(rules=some, search=SearchParams(neighbours=neighbours))


@given(problems(max_orders=8, max_riders=5), rules())
@EXAMPLES
def test_costs_verdicts_and_changes_add_up(problem: Problem, some: Rules) -> None:
    params = params_with(some)
    plan = solve(problem, params)
    summary = summarize(problem, params, plan)
    assert summary.terms.sum() == plan.cost
    assert summary.verdicts.sum() == problem.order_count
    assert summary.verdicts[Verdict.PLANNED] == (plan.verdict == Verdict.PLANNED).sum()
    assert 0.0 <= summary.gap <= 1.0
    assert summary.bound <= summary.cost
    assert summary.changes.planned + summary.changes.moved == summary.chosen


@given(problems(max_orders=8, max_riders=5), rules())
@EXAMPLES
def test_choices_are_priced_as_in_an_explanation(problem: Problem, some: Rules) -> None:
    params = params_with(some)
    plan = solve(problem, params)
    choices = summarize(problem, params, plan).choices
    for n, order in enumerate(choices.order.tolist()):
        told = explain(problem, params, plan, order, riders=problem.rider_count)
        by_rider = {candidate.rider: candidate for candidate in told.candidates}
        chosen = by_rider[int(choices.rider[n])]
        assert chosen.standing is Standing.CHOSEN
        assert chosen.terms == tuple(choices.terms[n].tolist())
        others = [candidate for candidate in told.candidates if candidate is not chosen]
        if not others:
            assert choices.other[n] == -1
            continue
        # With five riders at most all of them are looked at, so the runner-up is the best there is; where a detour may
        # be the shorter way, places for an order are given up by an estimate.
        second = choices.other_terms[n].sum()
        least = min(candidate.total for candidate in others)
        assert second == least if problem.travel.matrix.shape[0] == 0 else second >= least
        assert by_rider[int(choices.other[n])].total <= second


@given(problems(max_orders=8, max_riders=5), rules(), st.integers(0, 4))
@EXAMPLES
def test_riders_are_kept_away_by_the_rules_that_an_explanation_names(problem: Problem, some: Rules, left: int) -> None:
    params = replace(params_with(some), search=SearchParams(horizon_s=86_400))
    plan = solve(problem, params)
    shortages = summarize(problem, params, plan).shortages
    for n, order in enumerate(shortages.order.tolist()):
        asked = inquire(problem, params, plan, order)
        counts = [sum(code is why for why in asked.obstacles.values()) for code in CODES]
        assert counts == shortages.kept_away[n].tolist()
        assert problem.rider_count - sum(counts) == len(asked.ranking)
        if asked.ranking:
            assert shortages.total[n] == asked.trials.total[asked.ranking[0]]
        else:
            assert (shortages.rider[n], shortages.total[n]) == (-1, INFEASIBLE)
        assert shortages.out[n] == asked.left_out


@given(problems(max_orders=8, max_riders=5), rules())
@EXAMPLES
def test_what_would_help_is_what_an_explanation_says(problem: Problem, some: Rules) -> None:
    params = replace(params_with(some), search=SearchParams(horizon_s=86_400))
    plan = solve(problem, params)
    shortages = summarize(problem, params, plan).shortages
    for n, order in enumerate(shortages.order.tolist()):
        asked = inquire(problem, params, plan, order)
        rider = int(shortages.rider[n])
        if rider >= 0:
            profile, capacity = int(problem.riders.profile[rider]), int(problem.riders.capacity[rider])
            reach = reach_s(asked.view, order, profile, capacity, asked.left_out)
            assert shortages.reach_s[n] == (-1 if reach is None else reach)
        told = explain(problem, params, plan, order)
        fewest = next((help_.amount for help_ in told.helps if help_.kind is HelpKind.LONGER_SHIFT), None)
        if fewest is not None:
            assert shortages.late_rider[n] >= 0
            assert fewest <= -(-int(shortages.late_s[n]) // MINUTE_S)  # the least there is may be at a dearer place


@given(problems(max_orders=8, max_riders=5), rules())
@EXAMPLES
def test_an_empty_plan_is_short_of_riders_for_every_free_order(problem: Problem, some: Rules) -> None:
    orders = problem.orders._replace(
        state=np.full(problem.order_count, OPEN, np.int64), rider=np.full(problem.order_count, -1, np.int64)
    )
    idle = problem.routes._replace(
        start=np.zeros_like(problem.routes.start),
        order=np.zeros(0, np.int64),
        kind=np.zeros(0, np.int64),
        frozen=np.zeros_like(problem.routes.frozen),
    )
    asked = replace(problem, orders=orders, routes=idle)
    params = replace(params_with(some), search=SearchParams(horizon_s=86_400))
    plan = solve(replace(asked, riders=asked.riders._replace(accepts=np.zeros_like(asked.riders.accepts))), params)
    summary = summarize(asked, params, plan)
    assert summary.short == problem.order_count
    assert summary.cost == summary.left_out
    assert (summary.shortages.kept_away.sum(axis=1) <= problem.rider_count).all()

"""Explanations of random problems: they add up, miss nobody, and what they say would happen does happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.solver.costs import TERMS, Weights
from dispatch.solver.explain import explain
from dispatch.solver.explanation import Explanation, HelpKind, Obstacle, Standing
from dispatch.solver.inquiry import inquire
from dispatch.solver.params import Options, Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve
from dispatch.solver.view import make_view, may_carry
from dispatch.units import UNREACHABLE_S
from tests.support.explaining import cheapest_place, nothing_planned, route_cost
from tests.support.plans import rows_of
from tests.support.random_problems import problems, rules

METRIC = ("plane", "sphere")
"""Tables in which no detour is shorter than the direct way, so that the cheapest place is found for certain."""

WEIGHTS = st.builds(
    Weights,
    click_to_door=st.integers(1, 200),
    lateness=st.integers(0, 50),
    lateness_scale_s=st.integers(60, 1200),
    rider_waiting=st.just(0),
    food_waiting=st.integers(0, 20),
    travel=st.integers(0, 20),
    heading=st.integers(0, 20),
    load=st.integers(0, 5000),
    churn=st.integers(0, 5000),
    ending=st.integers(0, 20),
    ending_time=st.integers(0, 300),
)
PARAMS = st.builds(Params, rules=rules(), weights=WEIGHTS)


def solved(problem: Problem, params: Params) -> tuple[Plan, list[Explanation]]:
    """The plan, and the explanation of every order with every candidate."""
    plan = solve(problem, params)
    every = range(problem.order_count)
    return plan, [explain(problem, params, plan, order, riders=max(1, problem.rider_count)) for order in every]


@given(problems(), PARAMS)
def test_terms_add_up_for_every_order_and_candidate(problem: Problem, params: Params) -> None:
    for told in solved(problem, params)[1]:
        for found in told.candidates:
            assert len(found.terms) == len(TERMS)
            assert sum(found.terms) == found.total


@given(problems(), PARAMS)
def test_every_rider_is_a_candidate_or_kept_out_by_one_rule(problem: Problem, params: Params) -> None:
    for told in solved(problem, params)[1]:
        riders = [found.rider for found in told.candidates] + [r for group in told.exclusions for r in group.riders]
        assert sorted(riders) == list(range(problem.rider_count))
        assert told.possible == len(told.candidates)


@given(problems(), PARAMS)
def test_the_chosen_one_costs_what_the_plan_would_save_without_the_order(problem: Problem, params: Params) -> None:
    plan, explanations = solved(problem, params)
    rows = rows_of(plan.routes)
    for told in explanations:
        chosen = [found for found in told.candidates if found.standing is Standing.CHOSEN]
        assert [found.rider for found in chosen] == ([] if told.rider is None else [told.rider])
        if told.rider is None or not told.movable:
            continue
        without = [task for task in rows[told.rider] if task[0] != told.order]
        rest = route_cost(problem, params, told.rider, without)
        assert rest is None or chosen[0].total == int(plan.terms[told.rider].sum()) - rest


@given(problems(tables=METRIC), PARAMS)
def test_candidates_are_at_their_cheapest_place_and_nobody_else_has_one(problem: Problem, params: Params) -> None:
    """Held against trying every place with the rules of routes and every pair with ``may_carry``."""
    plan, explanations = solved(problem, params)
    rows, view = rows_of(plan.routes), make_view(problem, params.rules, params.weights)
    for told in (told for told in explanations if told.movable):
        totals = {found.rider: found.total for found in told.candidates if found.rider != told.rider}
        for rider in range(problem.rider_count):
            rest = route_cost(problem, params, rider, rows[rider])
            first = int(plan.routes.frozen[rider])
            if rider == told.rider:
                continue
            best = None
            if rest is not None and may_carry(view, told.order, rider):
                best = cheapest_place(problem, params, rider, rows[rider], told.order, first)
            assert totals.get(rider) == (None if best is None or rest is None else best - rest)


@given(problems(tables=METRIC), PARAMS)
def test_the_plan_with_the_order_elsewhere_costs_what_is_said(problem: Problem, params: Params) -> None:
    plan, explanations = solved(problem, params)
    rows = rows_of(plan.routes)
    for told in (told for told in explanations if told.rider is not None and told.movable):
        assert told.rider is not None
        left = [task for task in rows[told.rider] if task[0] != told.order]
        rest = route_cost(problem, params, told.rider, left)
        for found in told.candidates[1:]:
            first = int(plan.routes.frozen[found.rider])
            there = cheapest_place(problem, params, found.rider, rows[found.rider], told.order, first)
            assert rest is not None
            assert there is not None
            others = sum(
                int(plan.terms[r].sum()) for r in range(problem.rider_count) if r not in (told.rider, found.rider)
            )
            assert found.plan_cost == others + rest + there


@given(problems(tables=METRIC), PARAMS)
def test_standings_say_what_the_numbers_say(problem: Problem, params: Params) -> None:
    for told in solved(problem, params)[1]:
        reference = told.left_out if told.rider is None else told.candidates[0].total
        for found in told.candidates:
            assert found.text
            assert (found.total < reference) == (found.standing is Standing.CHEAPER) or found.rider == told.rider
            if found.standing is Standing.NEEDED_ELSEWHERE:
                assert found.alone is not None
                assert found.alone < found.total
        others = [found.total for found in told.candidates if found.rider != told.rider]
        assert others == sorted(others)


@given(problems(), PARAMS)
def test_rules_of_the_pair_are_those_of_the_solver(problem: Problem, params: Params) -> None:
    plan = solve(problem, params)
    for order in range(problem.order_count):
        asked = inquire(problem, params, plan, order)
        if not asked.movable:
            continue
        for rider in range(problem.rider_count):
            broken = any(mask[rider] for mask in asked.breaks.values())
            assert broken != may_carry(asked.view, order, rider)


@given(problems(), PARAMS)
def test_help_that_is_enough_is_less_than_leaving_the_order_out(problem: Problem, params: Params) -> None:
    for told in solved(problem, params)[1]:
        assert not told.helps or told.rider is None
        for found in told.helps:
            assert found.text.endswith(".")
            if found.total is not None:
                assert found.enough == (found.total < told.left_out)


def changed(problem: Problem, told: Explanation, found: HelpKind, rider: int, amount: int) -> Problem | None:
    """The problem in which the help was given, None where this test does not know how."""
    riders, orders = problem.riders, problem.orders
    one = np.arange(problem.rider_count) == rider
    that = np.arange(problem.order_count) == told.order
    bars = problem.bars
    givers: dict[HelpKind, Callable[[], Problem]] = {
        HelpKind.RESUME: lambda: replace(problem, riders=riders._replace(accepts=np.maximum(riders.accepts, one))),
        HelpKind.LONGER_SHIFT: lambda: replace(
            problem, riders=riders._replace(off_at=riders.off_at + 60 * amount * one)
        ),
        HelpKind.LARGER_VEHICLE: lambda: replace(
            problem,
            riders=riders._replace(capacity=np.where(one, np.maximum(riders.capacity, amount), riders.capacity)),
        ),
        HelpKind.LIFT_BAR: lambda: replace(problem, bars=bars[(bars != [told.order, rider]).any(axis=1)]),
        HelpKind.ZONE: lambda: replace(
            problem, riders=riders._replace(zones=np.where(one, orders.zones[told.order], riders.zones))
        ),
        HelpKind.VEHICLE: lambda: replace(
            problem, orders=orders._replace(vehicles=np.where(that, (1 << 62) - 1, orders.vehicles))
        ),
    }
    return givers[found]() if found in givers else None


@given(problems(max_orders=6, max_riders=4), PARAMS)
def test_help_that_is_given_makes_the_rider_named_a_candidate_at_its_price(problem: Problem, params: Params) -> None:
    plan, explanations = solved(problem, params)
    for told in explanations:
        for found in told.helps:
            if found.rider is None:
                continue
            helped = changed(problem, told, found.kind, found.rider, found.amount or 0)
            if helped is None:
                continue
            again = explain(helped, params, plan, told.order, riders=problem.rider_count)
            totals = {other.rider: other.total for other in again.candidates}
            assert totals.get(found.rider) == found.total


@given(problems(max_orders=6, max_riders=4), st.integers(1, 6))
def test_a_shift_prolonged_by_a_minute_less_helps_nobody(problem: Problem, late: int) -> None:
    riders = problem.riders._replace(off_at=np.minimum(problem.riders.off_at, problem.now + 60 * late))
    problem, params = replace(problem, riders=riders), Params()
    plan, explanations = solved(problem, params)
    for told in explanations:
        for found in (found for found in told.helps if found.kind is HelpKind.LONGER_SHIFT):
            assert found.amount is not None
            for less in range(max(0, found.amount - 2), found.amount):
                shorter = replace(problem, riders=riders._replace(off_at=riders.off_at + 60 * less))
                again = explain(shorter, params, plan, told.order)
                late_ones = next(g.riders for g in told.exclusions if g.obstacle is Obstacle.SHIFT_ENDS)
                assert not {other.rider for other in again.candidates} & set(late_ones)


@given(problems(max_orders=1, max_riders=0, tables=("plane",)), st.integers(300, 7200))
def test_a_rider_within_the_reach_named_gets_the_order(problem: Problem, not_yet_s: int) -> None:
    """A rider is put as far from the merchant as was said, and one step farther."""
    assume(problem.order_count == 1)
    params = Params(options=Options(not_yet_s=not_yet_s, nobody_s=7200))
    problem = replace(problem, travel=problem.travel._replace(step_s=1))
    _, (told,) = solved(problem, params)
    assert told.verdict in (Verdict.NO_RIDER_ON_SHIFT, Verdict.NOT_YET)
    reach = next((found.amount for found in told.helps if found.kind is HelpKind.FREE_RIDER), None)
    if reach is None:
        assert told.helps
        return
    assert solve(with_rider(problem, reach), params).verdict[0] == Verdict.PLANNED
    assert solve(with_rider(problem, reach + 1), params).verdict[0] != Verdict.PLANNED


def with_rider(problem: Problem, leg_s: int) -> Problem:
    """The problem of one order with one rider, so many seconds from its merchant, on the vehicle that is quickest."""
    orders, travel = problem.orders, problem.travel
    allowed = [p for p in range(len(travel.pace)) if orders.vehicles[0] >> p & 1]
    places = len(travel.points)
    ways = np.linalg.norm(travel.points[:, None] - travel.points[None, :], axis=2)
    matrix = np.zeros((len(travel.pace), places + 1, places + 1), np.int32)
    matrix[:, :places, :places] = np.ceil(ways * travel.pace[:, None, None] - 1e-9)
    matrix[:, places, :places] = leg_s
    points = np.vstack([travel.points, travel.points[:1]])

    def one(value: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([value], np.int64)

    riders = problem.riders._replace(
        place=one(places),
        free_at=one(problem.now),
        profile=one(min(allowed, key=lambda p: float(travel.pace[p]))),
        capacity=one(9),
        off_at=one(2**53),
        zones=one((1 << 62) - 1),
        accepts=one(1),
        heading=np.zeros((1, 3)),
        heading_trust=np.zeros(1),
    )
    routes = problem.routes._replace(start=np.zeros(2, np.int64), frozen=one(0))
    return replace(
        problem,
        travel=travel._replace(points=points, matrix=matrix),
        riders=riders,
        routes=routes,
        rider_ids=("r",),
    )


@given(problems(tables=("matrix",)), st.data())
def test_a_farther_rider_never_lowers_the_best_cost(problem: Problem, data: st.DataObject) -> None:
    assume(problem.order_count and problem.rider_count)
    problem, plan = nothing_planned(problem)
    rider = data.draw(st.integers(0, problem.rider_count - 1))
    more_s = data.draw(st.integers(0, 1800))
    place = len(problem.travel.points)
    farther = with_own_place(problem, rider, more_s)
    nearer = with_own_place(problem, rider, 0)
    assert farther.riders.place[rider] == place
    for order in range(problem.order_count):
        near, far = (best_cost(world, plan, order) for world in (nearer, farther))
        assert near is None or far is None or far >= near
        assert near is not None or far is None


def best_cost(problem: Problem, plan: Plan, order: int) -> int | None:
    """What the best candidate costs."""
    candidates = explain(problem, Params(), plan, order).candidates
    return candidates[0].total if candidates else None


def with_own_place(problem: Problem, rider: int, more_s: int) -> Problem:
    """The rider stands in a place apart, so many seconds farther from everywhere than where he stood."""
    travel, riders = problem.travel, problem.riders
    here, places = int(riders.place[rider]), len(travel.points)
    matrix = np.zeros((len(travel.pace), places + 1, places + 1), np.int32)
    matrix[:, :places, :places] = travel.matrix
    matrix[:, places, :places] = np.minimum(travel.matrix[:, here, :].astype(np.int64) + more_s, UNREACHABLE_S)
    moved = np.where(np.arange(len(riders.place)) == rider, places, riders.place)
    points = np.vstack([travel.points, travel.points[here]])
    table = travel._replace(points=points, matrix=matrix)
    return replace(problem, travel=table, riders=riders._replace(place=moved))

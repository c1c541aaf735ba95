"""Random problems are consistent, repeatable, and varied enough to be worth testing with."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from dispatch.solver.problem import DROPOFF, FIXED, ON_BOARD, OPEN, PICKUP, Problem
from tests.support.plans import rows_of
from tests.support.random_problems import problems, random_problem

SEEDS = range(60)


@given(problems())
def test_what_is_held_is_in_its_riders_route_and_nothing_else_is(problem: Problem) -> None:
    expected = []
    for rider, row in enumerate(rows_of(problem.routes)):
        frozen = {order for order, _ in row[: int(problem.routes.frozen[rider])]}
        assert not [order for order in frozen if problem.orders.state[order] == OPEN]
        for order in np.flatnonzero(problem.orders.rider == rider).tolist():
            kinds = [kind for o, kind in row if o == order]
            assert kinds == ([DROPOFF] if problem.orders.state[order] == ON_BOARD else [PICKUP, DROPOFF])
            expected += kinds
    assert problem.routes.order.size == len(expected)
    assert (problem.orders.state[problem.orders.rider < 0] == OPEN).all()


@given(problems())
def test_every_reference_is_valid(problem: Problem) -> None:
    places, profiles = problem.travel.points.shape[0], problem.travel.pace.shape[0]
    for column in (problem.orders.pickup, problem.orders.dropoff, problem.riders.place):
        assert ((column >= 0) & (column < places)).all()
    assert (problem.riders.profile < profiles).all()
    assert ((problem.routes.frozen >= 0) & (problem.routes.frozen <= np.diff(problem.routes.start))).all()
    pairs = [tuple(pair) for pair in problem.bars.tolist()]
    assert pairs == sorted(set(pairs))
    assert all(order < problem.order_count and rider < problem.rider_count for order, rider in pairs)
    assert {column.dtype for column in (*problem.orders, *problem.routes, problem.bars)} == {np.dtype(np.int64)}


def test_a_seed_gives_the_same_problem_again() -> None:
    once, again = (random_problem(5, orders=9, riders=4) for _ in range(2))
    for mine, theirs in zip((*once.orders, *once.routes), (*again.orders, *again.routes), strict=True):
        assert mine.tolist() == theirs.tolist()
    assert once.travel.points.tolist() == again.travel.points.tolist()


def test_every_kind_of_order_rider_and_table_comes_up() -> None:
    made = [random_problem(seed, orders=10, riders=4) for seed in SEEDS]
    assert {int(state) for problem in made for state in problem.orders.state} == {OPEN, FIXED, ON_BOARD}
    assert {(problem.travel.radius_m > 0, len(problem.travel.matrix) > 0) for problem in made} == {
        (False, False),
        (True, False),
        (False, True),
    }
    for found in (
        [problem.routes.frozen.any() for problem in made],
        [problem.bars.size > 0 for problem in made],
        [(problem.riders.accepts == 0).any() for problem in made],
        [(problem.riders.off_at < problem.now).any() for problem in made],
        [np.isin(problem.riders.place, problem.orders.pickup).any() for problem in made],
        [np.unique(problem.orders.merchant).size > np.unique(problem.orders.pickup).size for problem in made],
    ):
        assert 0 < sum(map(bool, found)) < len(made)

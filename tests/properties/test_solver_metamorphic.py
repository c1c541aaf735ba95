"""How plans must answer to changes of their problem whose effect is known."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from dispatch.geo.kernel import TravelTable, travel_matrix
from dispatch.solver.params import Params, SearchParams
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import EVERYWHERE, OPEN, Floats, Ints, Orders, Problem
from dispatch.solver.solve import solve
from dispatch.units import NEVER
from tests.support.plans import rows_of
from tests.support.problems import to_routes
from tests.support.random_problems import random_problem
from tests.support.solving import bench, pairs

METRIC = ("plane", "sphere")
COUNT = 80


def cities(seed: int, orders: int | None = None) -> Iterator[Problem]:
    """Random problems with up to ten orders, or with that many."""
    rng = random.Random(seed)
    for number in range(COUNT):
        many = rng.randint(1, 10) if orders is None else orders
        yield random_problem(seed + number, orders=many, riders=rng.randint(1, 6), tables=METRIC)


def left_cost(problem: Problem, plan: Plan, params: Params | None = None) -> int:
    """What the plan costs, with the prices of the orders it leaves out."""
    params = params or Params()
    work = bench(problem, params)
    left = np.flatnonzero((plan.verdict != Verdict.PLANNED) & (problem.orders.state == OPEN)).tolist()
    return plan.cost + sum(work.price_of(order, params) for order in left)


def test_moving_a_rider_farther_never_lowers_what_an_order_costs_him() -> None:
    """Ten times as far from the merchant in the same direction; the first leg is all that changes."""
    dearer = 0
    for problem in map(free, cities(0, orders=1)):
        flat = replace(problem, travel=problem.travel._replace(radius_m=0.0))
        for rider in range(problem.rider_count):
            far = ten_times_as_far(flat, rider)
            near_cost, far_cost = bench(flat).added(0, rider), bench(far).added(0, rider)
            assert far_cost >= near_cost
            dearer += far_cost > near_cost
    assert dearer > COUNT


def ten_times_as_far(problem: Problem, rider: int) -> Problem:
    """The problem with one more place, where the rider stands."""
    merchant = problem.travel.points[problem.orders.pickup[0]]
    point = merchant + 10 * (problem.travel.points[problem.riders.place[rider]] - merchant)
    places = problem.riders.place.copy()
    places[rider] = len(problem.travel.points)
    travel = problem.travel._replace(points=np.vstack([problem.travel.points, point]))
    return replace(problem, travel=travel, riders=problem.riders._replace(place=places))


def free(problem: Problem) -> Problem:
    """The problem with every order open and with nobody, and no direction to turn from."""
    nobody = np.full(problem.order_count, -1)
    return replace(
        problem,
        orders=problem.orders._replace(rider=nobody, state=nobody * 0 + OPEN),
        riders=problem.riders._replace(heading_trust=np.zeros(problem.rider_count)),
        routes=to_routes([[]] * problem.rider_count, [0] * problem.rider_count),
    )


def test_another_rider_never_makes_a_single_order_dearer() -> None:
    for problem in cities(1000, orders=1):
        before = left_cost(problem, solve(problem, Params()))
        after = with_rider(problem, at=int(problem.orders.pickup[0]))
        assert left_cost(after, solve(after, Params())) <= before


def with_rider(problem: Problem, at: int) -> Problem:
    """The problem with one more rider, who may have everything."""
    riders = problem.riders
    usual = dict(zip(riders._fields[:7], (at, problem.now, 0, 9, NEVER, EVERYWHERE, 1), strict=True))
    longer = {name: np.append(getattr(riders, name), value) for name, value in usual.items()}
    return replace(
        problem,
        riders=riders._replace(
            heading=np.vstack([riders.heading, np.zeros(3)]),
            heading_trust=np.append(riders.heading_trust, 0.0),
            **longer,
        ),
        routes=to_routes([*rows_of(problem.routes), []], [*problem.routes.frozen.tolist(), 0]),
        rider_ids=(*problem.rider_ids, "one more"),
    )


def test_taking_away_a_rider_with_nothing_to_do_changes_nothing() -> None:
    taken = 0
    for problem in cities(2000, orders=1):
        plan = solve(problem, Params())
        idle = np.flatnonzero(np.diff(plan.routes.start) + np.diff(problem.routes.start) == 0)
        if len(idle) == 0:
            continue
        taken += 1
        fewer = riders_in_order(problem, np.delete(np.arange(problem.rider_count), idle[0]))
        again = solve(fewer, Params())
        assert left_cost(fewer, again) == left_cost(problem, plan)
        assert rows_of(again.routes) == [row for r, row in enumerate(rows_of(plan.routes)) if r != idle[0]]
    assert taken > COUNT // 2


def riders_in_order(problem: Problem, kept: Ints) -> Problem:
    """The problem with these riders, in this order; orders of riders who are left out have nobody."""
    place_of = np.full(problem.rider_count + 1, -1)
    place_of[kept] = np.arange(len(kept))
    rows = rows_of(problem.routes)
    bars = np.column_stack([problem.bars[:, 0], place_of[problem.bars[:, 1]]])
    bars = bars[bars[:, 1] >= 0]
    return replace(
        problem,
        riders=problem.riders._replace(**{name: column[kept] for name, column in problem.riders._asdict().items()}),
        orders=problem.orders._replace(rider=place_of[problem.orders.rider]),
        routes=to_routes([rows[r] for r in kept.tolist()], problem.routes.frozen[kept]),
        bars=bars[np.lexsort((bars[:, 1], bars[:, 0]))],
        rider_ids=tuple(problem.rider_ids[r] for r in kept.tolist()),
    )


def orders_in_order(problem: Problem, kept: Ints) -> Problem:
    """The problem with its orders numbered in this order."""
    number = np.argsort(kept)
    rows = [[(int(number[order]), kind) for order, kind in row] for row in rows_of(problem.routes)]
    bars = np.column_stack([number[problem.bars[:, 0]], problem.bars[:, 1]])
    return replace(
        problem,
        orders=Orders(*(column[kept] for column in problem.orders)),
        routes=to_routes(rows, problem.routes.frozen),
        bars=bars[np.lexsort((bars[:, 1], bars[:, 0]))],
        order_ids=tuple(problem.order_ids[o] for o in kept.tolist()),
    )


def test_the_order_of_riders_changes_no_cost_of_a_single_order() -> None:
    rng = np.random.default_rng(3)
    for problem in cities(3000, orders=1):
        mixed = riders_in_order(problem, rng.permutation(problem.rider_count))
        assert left_cost(mixed, solve(mixed, Params())) == left_cost(problem, solve(problem, Params()))


def test_the_order_of_orders_changes_no_price_of_a_route() -> None:
    rng = np.random.default_rng(4)
    for problem in cities(4000):
        kept = rng.permutation(problem.order_count)
        mixed = orders_in_order(problem, kept)
        before, after = bench(problem), bench(mixed)
        assert (before.table.cost == after.table.cost).all()
        for order, rider in pairs(before):
            assert before.added(order, rider) == after.added(kept.tolist().index(order), rider)


@pytest.mark.parametrize("shift_s", [-86_400, 3600, 10**8])
def test_another_time_of_day_changes_nothing_but_the_times(shift_s: int) -> None:
    for problem in cities(5000):
        plan, later = solve(problem, Params()), solve(at_another_time(problem, shift_s), Params())
        assert later.cost == plan.cost
        assert (later.verdict == plan.verdict).all()
        assert rows_of(later.routes) == rows_of(plan.routes)
        assert (later.event_at == plan.event_at + shift_s).all()
        assert (later.depart_at == plan.depart_at + shift_s).all()


def at_another_time(problem: Problem, shift_s: int) -> Problem:
    orders, riders = problem.orders, problem.riders
    moved = {name: getattr(orders, name) + shift_s for name in ("placed_at", "ready_at", "due_at")}
    opens = np.where(orders.not_before_at > 0, orders.not_before_at + shift_s, 0)
    off_at = np.where(riders.off_at == NEVER, NEVER, riders.off_at + shift_s)
    return replace(
        problem,
        now=problem.now + shift_s,
        orders=orders._replace(not_before_at=opens, **moved),
        riders=riders._replace(free_at=riders.free_at + shift_s, off_at=off_at),
    )


def test_a_city_turned_and_moved_on_its_plane_has_the_same_plan() -> None:
    for problem in cities(6000):
        flat = replace(problem, travel=problem.travel._replace(radius_m=0.0))
        points = np.add(turned(problem.travel.points), [5000.0, -250.0, 0.0])
        heading = turned(problem.riders.heading)
        there = replace(
            flat, travel=flat.travel._replace(points=points), riders=problem.riders._replace(heading=heading)
        )
        assert solve(flat, Params()).same_as(solve(there, Params()))


def turned(vectors: Floats) -> Floats:
    """A quarter turn to the left."""
    return np.ascontiguousarray(vectors[:, [1, 0, 2]] * [-1.0, 1.0, 1.0])


def as_matrix(table: TravelTable) -> TravelTable:
    places = np.arange(len(table.points))
    rows = [travel_matrix(table, profile, places, places) for profile in range(len(table.pace))]
    return table._replace(matrix=np.array(rows, np.int32))


def test_a_matrix_of_the_same_times_gives_the_same_plan() -> None:
    for problem in cities(7000):
        plan = solve(problem, Params())
        assert solve(replace(problem, travel=as_matrix(problem.travel)), Params()).same_as(plan)


def test_all_weights_twice_as_high_choose_the_same() -> None:
    params = Params()
    twice = params.weights._replace(
        **{name: 2 * value for name, value in params.weights._asdict().items() if name != "lateness_scale_s"}
    )
    for problem in cities(8000):
        still = replace(problem, riders=problem.riders._replace(heading_trust=np.zeros(problem.rider_count)))
        plan, other = solve(still, params), solve(still, replace(params, weights=twice))
        assert other.cost == 2 * plan.cost
        assert rows_of(other.routes) == rows_of(plan.routes)
        assert (other.verdict == plan.verdict).all()


def test_what_no_rule_needs_to_forbid_is_not_missed() -> None:
    """Looser rules never make the cost of a single order higher."""
    strict = Params()
    loose = replace(strict, rules=replace(strict.rules, last_pickup_in_shift=False))
    for problem in cities(9000, orders=1):
        tight, wide = (left_cost(problem, solve(problem, params)) for params in (strict, loose))
        assert wide <= tight


def test_more_search_never_costs_more_where_the_same_orders_have_riders() -> None:
    """Local search and ruins only lower the total of the routes that the matching left."""
    none, local, ruins = (Params(search=SearchParams(passes=p, ruins=r)) for p, r in ((0, 0), (8, 0), (8, 50)))
    for problem in cities(10_000):
        totals = [left_cost(problem, solve(problem, params), params) for params in (none, local, ruins)]
        assert totals == sorted(totals, reverse=True)

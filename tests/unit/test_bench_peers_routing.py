"""Other people's routers answer the product's problem, the checker judges them, and one that fails spoils no table."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from benchmarks.peers.first import first_routes
from benchmarks.peers.judge import judge
from benchmarks.peers.outcome import Outcome, Task, outcome_of, run_router
from benchmarks.peers.prices import points_of
from benchmarks.peers.registry import INSTALL, OURS, ROUTERS, load_router
from benchmarks.peers.route import Prepare, Rows, routes_of_rows, rows_of_routes
from benchmarks.peers.routing import compare_routers, routing_rows
from benchmarks.peers.static import make_model, make_static
from benchmarks.peers.tables import routing_table
from dispatch.engine.policy import load_policy
from dispatch.solver.params import Params
from dispatch.solver.problem import DROPOFF, PICKUP, Problem
from dispatch.solver.violation import ViolationCode

ORDERS, RIDERS = 6, 4
TASK = Task(orders=ORDERS, riders=RIDERS, seed=1, policy="colombia", seconds=0.1, patience_s=60.0)


@pytest.fixture(scope="module")
def problem() -> Problem:
    return make_static(ORDERS, RIDERS)


@pytest.fixture(scope="module")
def params() -> Params:
    return load_policy("colombia").params


def nothing() -> Rows:
    return [[] for _ in range(RIDERS)]


def router(name: str) -> Prepare:
    try:
        return load_router(name)
    except ModuleNotFoundError as fault:
        pytest.skip(f"{fault.name} is {INSTALL}")


def test_a_static_problem_has_the_size_asked_for_and_nobody_at_work(problem: Problem) -> None:
    assert (problem.order_count, problem.rider_count) == (ORDERS, RIDERS)
    assert len(problem.routes.order) == 0
    assert len(set(problem.riders.place.tolist())) == RIDERS
    assert not set(problem.riders.place.tolist()) & {*problem.orders.pickup.tolist(), *problem.orders.dropoff.tolist()}
    again = make_static(ORDERS, RIDERS)
    assert (again.travel.points == problem.travel.points).all()
    assert (make_static(ORDERS, RIDERS, seed=2).travel.points[:1] != problem.travel.points[:1]).any()


@pytest.mark.parametrize("name", ROUTERS)
def test_every_router_answers_routes_that_the_checker_finds_sound(name: str, problem: Problem, params: Params) -> None:
    judged = judge(problem, params, router(name)(problem, params)(0.5))
    assert judged.violations == ()
    assert judged.unserved == 0
    assert judged.points < judge(problem, params, nothing()).points


@pytest.mark.parametrize("seed", range(5))
def test_what_a_router_is_told_costs_what_the_product_says(seed: int, params: Params) -> None:
    problem = make_static(12, 5, seed)
    model, now = make_model(problem, params), problem.now
    over = params.weights.click_to_door * int((now - problem.orders.placed_at).sum())
    nobody: Rows = [[] for _ in range(5)]
    for rows in (first_routes(model), nobody):
        judged = judge(problem, params, rows)
        assert judged.violations == ()
        assert judged.points == points_of(model, rows) + over


def test_orders_of_one_merchant_are_handled_together_as_in_the_product(problem: Problem, params: Params) -> None:
    same = replace(problem, orders=problem.orders._replace(pickup=np.full(ORDERS, problem.orders.pickup[0]),
                                                           merchant=np.zeros(ORDERS, np.int64)))  # fmt: skip
    rows = nothing()
    rows[1] = [(0, PICKUP), (1, PICKUP), (1, DROPOFF), (0, DROPOFF)]
    over = params.weights.click_to_door * int((same.now - same.orders.placed_at).sum())
    assert judge(same, params, rows).points == points_of(make_model(same, params), rows) + over


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ([(0, DROPOFF), (0, PICKUP)], ViolationCode.DROPOFF_FIRST),
        ([(0, PICKUP)], ViolationCode.TASK_MISSING),
        ([(0, PICKUP), (0, DROPOFF), (0, PICKUP), (0, DROPOFF)], ViolationCode.TASK_REPEATED),
        ([*((order, PICKUP) for order in range(5)), *((order, DROPOFF) for order in range(5))], ViolationCode.CAPACITY),
    ],
)
def test_a_rider_who_breaks_a_rule_does_nothing_at_all(
    row: list[tuple[int, int]], code: ViolationCode, problem: Problem, params: Params
) -> None:
    rows = nothing()
    rows[0], rows[1] = row, [(5, PICKUP), (5, DROPOFF)]
    judged = judge(problem, params, rows)
    assert code in {violation.code for violation in judged.violations}
    without = judge(problem, params, [[], rows[1], [], []])
    assert (judged.points, judged.unserved) == (without.points, ORDERS - 1)


def test_an_order_with_two_riders_is_with_neither(problem: Problem, params: Params) -> None:
    rows = nothing()
    rows[0], rows[2] = [(3, PICKUP)], [(3, DROPOFF)]
    judged = judge(problem, params, rows)
    assert ViolationCode.ORDER_SPLIT in {violation.code for violation in judged.violations}
    assert judged.unserved == ORDERS


@pytest.mark.parametrize(
    "rows", [[], [[(ORDERS, PICKUP)], [], [], []], [[(0, 7)], [], [], []], [[(-1, DROPOFF)], [], [], []]]
)
def test_what_are_no_routes_at_all_is_refused(rows: Rows, problem: Problem, params: Params) -> None:
    with pytest.raises(ValueError, match=r"must be a row for each|is no task"):
        judge(problem, params, rows)


def test_rows_and_routes_are_the_same_thing() -> None:
    rows: Rows = [[], [(2, PICKUP), (2, DROPOFF)], [(0, PICKUP), (0, DROPOFF)], []]
    assert rows_of_routes(routes_of_rows(rows)) == rows


def test_a_router_runs_in_a_process_of_its_own() -> None:
    outcome = run_router("append to who is there first", TASK)
    assert outcome.why_not == ""
    assert outcome.judgement is not None
    assert outcome.judgement.violations == ()


def test_a_router_that_takes_too_long_is_ended() -> None:
    outcome = run_router(OURS, replace(TASK, patience_s=0.001))
    assert outcome.judgement is None
    assert "without an answer" in outcome.why_not


@pytest.mark.parametrize(
    ("code", "printed", "why_not"),
    [
        (-11, "", "its process ended with code -11"),
        (0, "", "its process ended with code 0"),
        (0, 'chatter\n{"why_not": "no luck"}\n', "no luck"),
        (0, '{"rows": [], "took_s": 1, "cpu_s": 1}', f"there must be a row for each of {RIDERS} riders, not 0"),
    ],
)
def test_a_process_without_routes_says_why(code: int, printed: str, why_not: str) -> None:
    assert outcome_of("peer", TASK, code, printed) == Outcome(router="peer", why_not=why_not)


def test_a_router_that_failed_is_not_asked_again_and_stands_in_the_table(problem: Problem, params: Params) -> None:
    asked: list[tuple[str, float]] = []
    good = judge(problem, params, first_routes(make_model(problem, params)))

    def run(router: str, task: Task) -> Outcome:
        asked.append((router, task.seconds))
        if router == "VROOM":
            return Outcome(router=router, why_not="ended after 60 s without an answer")
        return Outcome(router=router, judgement=good, took_s=0.5, cpu_s=0.25)

    results = list(compare_routers(TASK, (2.0, 10.0), lambda _: None, run))
    assert [scope for scope, _ in results] == ["6 x 4, the time of ours", "6 x 4, 2 s", "6 x 4, 10 s"]
    assert [seconds for name, seconds in asked if name == "PyVRP"] == [0.25, 2.0, 10.0]
    assert len([name for name, _ in asked if name == "VROOM"]) == len([name for name, _ in asked if name == OURS]) == 1

    screen = StringIO()
    Console(file=screen, width=200).print(routing_table(results))
    assert screen.getvalue().count("ended after 60 s without an answer") == 3
    rows = [row for scope, outcomes in results for row in routing_rows(scope, outcomes, (ORDERS, RIDERS))]
    assert {row.value for row in rows if row.metric == "routing, points, PyVRP / ours"} == {1.0}
    assert [row.value for row in rows if row.metric.endswith("VROOM")] == [1.0] * 3
    assert all("without an answer" in row.metric for row in rows if row.metric.endswith("VROOM"))


def test_a_table_stands_where_the_product_itself_has_no_routes() -> None:
    failed = [Outcome(router=OURS, why_not="x"), Outcome(router="peer", why_not="y")]
    assert len(list(routing_rows("s", failed, (1, 1)))) == 2
    assert routing_table([("s", failed)]).row_count == 2

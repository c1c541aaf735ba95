"""What routes are worth, whoever made them: judged by the checker, and priced by the product's costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from benchmarks.peers.route import Rows, routes_of_rows
from dispatch.solver.assign import way_out_costs
from dispatch.solver.check import Violation, check
from dispatch.solver.costs import TERMS
from dispatch.solver.insertion import make_scratch
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import DROPOFF, PICKUP, Problem, Routes
from dispatch.solver.solve import finish
from dispatch.solver.tableau import make_tableau
from dispatch.solver.timing import route_times
from dispatch.solver.view import make_view

KINDS: Final = (PICKUP, DROPOFF)


@dataclass(frozen=True, slots=True)
class Judgement:
    """points: of all routes and ways out. unserved: orders without a rider. click_to_door_s: mean over the others.

    violations: what the routes as answered do that they must not. A rider with one is taken to do nothing at all.
    """

    points: int
    unserved: int
    click_to_door_s: float
    violations: tuple[Violation, ...]


def judge(problem: Problem, params: Params, rows: Rows) -> Judgement:
    """Judge routes for a static problem.

    Raises ValueError where they are not routes of its riders and orders at all.
    """
    _refuse_nonsense(problem, rows)
    violations = found = _wrong(problem, params, rows)
    while found:
        guilty = {violation.rider for violation in found}
        rows = [[] if rider in guilty else row for rider, row in enumerate(rows)]
        found = _wrong(problem, params, rows)
    plan, points_of_ways_out = _priced(problem, params, routes_of_rows(rows))
    unserved = plan.verdict != Verdict.PLANNED
    return Judgement(
        points=plan.cost + points_of_ways_out,
        unserved=int(unserved.sum()),
        click_to_door_s=_click_to_door_s(problem, plan),
        violations=violations,
    )


def _refuse_nonsense(problem: Problem, rows: Rows) -> None:
    if len(rows) != problem.rider_count:
        raise ValueError(f"there must be a row for each of {problem.rider_count} riders, not {len(rows)}")
    strange = [task for row in rows for task in row if not (0 <= task[0] < problem.order_count and task[1] in KINDS)]
    if strange:
        raise ValueError(f"{strange[0]} is no task of the problem")


def _wrong(problem: Problem, params: Params, rows: Rows) -> tuple[Violation, ...]:
    """What the checker says of the routes as they were answered."""
    routes = routes_of_rows(rows)
    arrive_at, event_at, leave_at, depart_at = route_times(make_view(problem, params.rules, params.weights), routes)
    verdict = np.full(problem.order_count, Verdict.NOT_YET, np.int64)
    verdict[routes.order] = Verdict.PLANNED
    plan = Plan(
        routes=routes,
        arrive_at=arrive_at,
        event_at=event_at,
        leave_at=leave_at,
        depart_at=depart_at,
        verdict=verdict,
        terms=np.zeros((problem.rider_count, len(TERMS)), np.int64),
        cost=0,
    )
    return check(problem, plan, params.rules)


def _priced(problem: Problem, params: Params, routes: Routes) -> tuple[Plan, int]:
    """(the plan with its costs, points of the ways out) of sound routes."""
    view = make_view(problem, params.rules, params.weights)
    scratch = make_scratch(params.rules.max_stops, problem.order_count)
    given = replace(problem, routes=routes)
    table = make_tableau(given, view, scratch, width=params.rules.max_stops, replan=False)
    plan = finish(view, table, np.full(problem.order_count, Verdict.NOT_YET, np.int64), scratch)
    if plan.routes.order.tolist() != routes.order.tolist():
        raise RuntimeError("the solver took routes apart in which the checker found nothing wrong")
    out = way_out_costs(view, np.flatnonzero(plan.verdict != Verdict.PLANNED), params.options)
    return plan, int(out.sum())


def _click_to_door_s(problem: Problem, plan: Plan) -> float:
    """Mean seconds from placing to the drop-off over the orders in routes; 0 where there is none."""
    drops = plan.routes.kind == DROPOFF
    waited = plan.event_at[drops] - problem.orders.placed_at[plan.routes.order[drops]]
    return float(waited.mean()) if len(waited) else 0.0

"""The benchmark of explanations measures what it says."""

from __future__ import annotations

import numpy as np

from benchmarks.explanation import NEW_EACH, measure_explanation, settled
from benchmarks.snapshots import make_snapshot
from dispatch.solver.params import Params
from dispatch.solver.problem import OPEN
from dispatch.solver.solve import solve
from dispatch.solver.summary import summarize


def test_a_settled_snapshot_misses_one_order_in_fifty() -> None:
    problem = make_snapshot(120, 90)
    plan = solve(problem, Params())
    after = settled(problem, plan)
    missing = np.setdiff1d(plan.routes.order, after.routes.order)
    assert (problem.orders.state[missing] == OPEN).all()
    assert 1 <= len(missing) <= len(set(plan.routes.order.tolist())) / NEW_EACH + 1
    again = solve(after, Params())
    assert set(missing.tolist()) <= set(again.routes.order.tolist())
    assert summarize(after, Params(), again).changes.planned == len(missing)


def test_every_size_has_a_share_with_a_target() -> None:
    rows = measure_explanation((20, 30), Params(), 0.01, lambda _: None)
    shares = {row.metric: row.target for row in rows if row.metric.startswith("explanation share")}
    assert shares == {"explanation share, cold": 5.0, "explanation share, settled": 5.0}
    assert all(row.value >= 0 for row in rows)
    assert {row.scope for row in rows} == {"20 x 30"}

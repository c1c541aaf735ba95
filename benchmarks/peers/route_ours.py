"""The product's solver as a router: as it is, and with ruin and recreate for as long as the others are given."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from benchmarks.peers.route import Rows, Search, rows_of_routes
from benchmarks.peers.static import make_static
from dispatch.solver.params import Params
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve

WARM_UP: Final = (12, 8)
SEED: Final = 1
TRIAL_RUINS: Final = 200
HASTE: Final = 0.9
"""Share of the time left that the last run should take, as rounds are not equally long."""


def prepare(problem: Problem, params: Params) -> Search:
    """The policy as it is; it ends by itself."""
    _compile(params)
    return lambda _: _run(problem, params)


def prepare_longer(problem: Problem, params: Params) -> Search:
    """The policy with as many rounds of ruin and recreate as fit into the time."""
    _compile(params)
    return lambda budget_s: _run_longer(problem, params, budget_s)


def _compile(params: Params) -> None:
    solve(make_static(*WARM_UP), with_ruins(params, 1), seed=SEED)


def _run(problem: Problem, params: Params) -> Rows:
    return rows_of_routes(solve(problem, params, seed=SEED).routes)


def _run_longer(problem: Problem, params: Params, budget_s: float) -> Rows:
    """Two runs tell how long a round takes, the third fills the time; the last of them that fits counts."""
    began = time.perf_counter()
    rows, plain_s = _run(problem, params), time.perf_counter() - began
    if budget_s < 4 * plain_s:
        return rows
    rows = _run(problem, with_ruins(params, TRIAL_RUINS))
    spent_s = time.perf_counter() - began
    round_s = max(1e-7, (spent_s - 2 * plain_s) / TRIAL_RUINS)
    ruins = int(HASTE * (budget_s - spent_s - plain_s) / round_s)
    return _run(problem, with_ruins(params, ruins)) if ruins > TRIAL_RUINS else rows


def with_ruins(params: Params, ruins: int) -> Params:
    """The same policy with so many rounds of ruin and recreate."""
    return replace(params, search=replace(params.search, ruins=ruins))

"""What another policy would have done at the same tick, in figures beside what was done."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dispatch.solver.check import check
from dispatch.solver.costs import TERMS
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import DROPOFF, Ints, Problem
from dispatch.solver.summary import summarize
from dispatch.units import Cost, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One plan. cost: at the prices of the policy that counts, what it leaves out included; None where it breaks one of
    that policy's rules. planned: orders with a rider. riders: with something to do. wait_s: from placing to delivery,
    over the orders that both plans have a rider for. late: of these, those delivered after what was promised.
    """

    cost: Cost | None
    planned: int
    riders: int
    wait_s: Seconds
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Two plans of one problem. both: orders that both have a rider for; same_rider: of these, those with the same."""

    orders: int
    riders: int
    both: int
    same_rider: int
    acting: Figures
    shadow: Figures


def beside(problem: Problem, params: Params, acting: Plan, shadow: Plan) -> Beside:
    """Hold the plan of a shadow against the one that counts; ``params`` are of the policy that counts."""
    mine, theirs = _riders(problem, acting), _riders(problem, shadow)
    both = (mine >= 0) & (theirs >= 0)
    return Beside(
        orders=problem.order_count,
        riders=problem.rider_count,
        both=int(both.sum()),
        same_rider=int((both & (mine == theirs)).sum()),
        acting=_figures(problem, params, acting, both),
        shadow=_figures(problem, params, shadow, both),
    )


def _riders(problem: Problem, plan: Plan) -> Ints:
    """The rider of each order, -1 for nobody."""
    found = np.full(problem.order_count, -1, np.int64)
    found[plan.routes.order] = np.repeat(np.arange(problem.rider_count), np.diff(plan.routes.start))
    return found


def _figures(problem: Problem, params: Params, plan: Plan, both: NDArray[np.bool_]) -> Figures:
    at_door = plan.routes.kind == DROPOFF
    delivered_at = np.zeros(problem.order_count, np.int64)
    delivered_at[plan.routes.order[at_door]] = plan.event_at[at_door]
    cost = None
    if not check(problem, plan, params.rules):
        plain = replace(plan, terms=np.zeros((0, len(TERMS)), np.int64), view=None, summary=None)
        cost = summarize(problem, params, plain).cost
    return Figures(
        cost=cost,
        planned=int((plan.verdict == Verdict.PLANNED).sum()),
        riders=int((np.diff(plan.routes.start) > 0).sum()),
        wait_s=int((delivered_at - problem.orders.placed_at)[both].sum()),
        late=int((delivered_at > problem.orders.due_at)[both].sum()),
    )

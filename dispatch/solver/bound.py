"""A cost below which no plan for a problem can come, quick enough for every tick.

Each order counts the least that it can cost with any rider, as if the others did not exist, or its way out if that is
less; what riders hold already counts the least that it still costs them. What orders take from each other is not in it:
the fewer riders there are for an order, the wider the gap that it leaves.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import inlined_kernel, kernel
from dispatch.solver.assign import way_out_costs
from dispatch.solver.least import DONE, Bases, least_added, least_held, least_own, least_way_s
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import OPEN, Ints, Problem
from dispatch.solver.reach import Reach
from dispatch.solver.view import View
from dispatch.solver.walk import INFEASIBLE
from dispatch.units import NEVER, UNREACHABLE_S, Cost

_NOBODY: Final = -1


class Stakes(NamedTuple):
    """What a plan decides about. counts: int64 (O,), 1 for orders that have a rider or could have been given one.

    out: int64 (O,), price of leaving the order out. left_out: of those that the plan leaves out, together.
    """

    counts: Ints
    out: Ints
    left_out: Cost


def stakes_of(problem: Problem, view: View, params: Params, plan: Plan) -> Stakes:
    """Orders that are ready after the horizon are not looked at yet: without a rider they count nothing."""
    routed = np.zeros(problem.order_count, np.bool_)
    routed[plan.routes.order] = True
    open_ = problem.orders.state == OPEN
    soon = problem.orders.ready_at <= problem.now + params.search.horizon_s
    out = way_out_costs(view, np.arange(problem.order_count), params.options)
    left = ~routed & open_ & soon
    return Stakes((routed | left).astype(np.int64), out, int(out[left].sum()))


def independent_bound(view: View, bases: Bases, stakes: Stakes, near: Reach) -> Cost:
    """No plan for the orders at stake costs less, ways out of those without a rider included.

    Holds for plans that the checker passes. ``near`` must have a row for each order at stake that may go to anybody.
    """
    least = np.zeros(len(stakes.counts), np.int64)
    _fill_least(view, bases, stakes, near, int(bases.most_aboard.max(initial=1)), least)
    return int(least.sum() + bases.cost.sum())


@kernel
def _fill_least(view: View, bases: Bases, stakes: Stakes, near: Reach, most_aboard: int, least: Ints) -> None:
    """The least that each order at stake costs."""
    for order in range(least.shape[0]):
        if stakes.counts[order] == 0 or bases.stage[order] == DONE:
            continue
        if bases.stage[order] > 0:
            least[order] = least_held(view, bases, order)
            continue
        row = near.row[view.orders.pickup[order]]
        best, home = stakes.out[order], view.orders.rider[order]
        if home != _NOBODY:
            best = min(best, least_added(view, bases, order, home))
        best = min(best, _least_of_rest(view, bases, order, near.beyond_at[row], most_aboard))
        for rider in near.riders[row]:
            if rider < 0:
                break
            best = min(best, least_added(view, bases, order, rider))
        least[order] = best


@inlined_kernel
def _least_of_rest(view: View, bases: Bases, order: int, beyond_at: int, most_aboard: int) -> int:
    """The least that the order costs with anybody who is not listed, and cannot be at the merchant before then."""
    if beyond_at >= NEVER:
        return INFEASIBLE
    orders, best = view.orders, INFEASIBLE
    picked = max(beyond_at + orders.pickup_before_s[order], orders.ready_at[order], view.now)
    change = view.weights.churn if orders.rider[order] >= 0 else 0
    for profile in range(view.travel.pace.shape[0]):
        way = least_way_s(view, bases, profile, orders.pickup[order], orders.dropoff[order])
        if (orders.vehicles[order] >> profile) & 1 == 1 and way < UNREACHABLE_S:
            riding = view.weights.travel * way // most_aboard
            best = min(best, least_own(view, order, picked, way) + riding + change)
    return int(best)

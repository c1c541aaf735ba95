"""A cost below which no plan for a problem can come, quick enough for every tick.

Each order counts the least that it can cost with any rider, as if the others did not exist, or its way out if that is
less; what riders hold already counts the least that it still costs them. What orders take from each other is not in it:
the fewer riders there are for an order, the wider the gap that it leaves.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import inlined_kernel, kernel
from dispatch.solver.changes import riders_of
from dispatch.solver.costs.click_to_door import click_to_door_cost
from dispatch.solver.costs.lateness import lateness_cost
from dispatch.solver.least import DONE, Bases, direct_m, least_added, least_held, least_over_s, least_own
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

    out: int64 (O,), price of leaving the order out.
    """

    counts: Ints
    out: Ints


class Prices(NamedTuple):
    """When an order that is left out counts as served: ``Options`` as integers. Later than horizon_at it waits free."""

    not_yet_s: int
    nobody_s: int
    patience_s: int
    horizon_at: int


def stakes_of(problem: Problem, view: View, params: Params, plan: Plan) -> Stakes:
    """Orders that are ready after the horizon are not looked at yet: without a rider they count nothing."""
    stakes = Stakes(*np.zeros((2, problem.order_count), np.int64))
    fill_stakes(view, prices_of(problem, params), riders_of(plan.routes, problem.order_count), stakes)
    return stakes


def prices_of(problem: Problem, params: Params) -> Prices:
    """What ``params`` say of orders that are left out."""
    options = params.options
    return Prices(options.not_yet_s, options.nobody_s, options.patience_s, problem.now + params.search.horizon_s)


@kernel
def fill_stakes(view: View, prices: Prices, rider: Ints, stakes: Stakes) -> int:
    """Fill ``stakes`` for a plan with the orders in the routes of ``rider`` (O,); answers what it leaves out, together.

    The price of an order is that of ``dispatch.solver.assign.way_out_costs``.
    """
    orders, weights, left_out = view.orders, view.weights, 0
    for order in range(rider.shape[0]):
        patient = view.now - orders.placed_at[order] < prices.patience_s
        served_at = max(view.now, orders.ready_at[order]) + (prices.not_yet_s if patient else prices.nobody_s)
        wait = click_to_door_cost(weights, orders.placed_at[order], served_at)
        late = lateness_cost(weights, orders.due_at[order], served_at)
        stakes.out[order] = (wait + late) * (1 + orders.priority[order])
        missed = rider[order] < 0 and orders.state[order] == OPEN and orders.ready_at[order] <= prices.horizon_at
        stakes.counts[order] = int(rider[order] >= 0 or missed)
        left_out += stakes.out[order] if missed else 0
    return int(left_out)


def independent_bound(view: View, bases: Bases, stakes: Stakes, near: Reach) -> Cost:
    """No plan for the orders at stake costs less, ways out of those without a rider included.

    Holds for plans that the checker passes. ``near`` must have a row for each order at stake that may go to anybody.
    """
    return int(sum_of_least(view, bases, stakes, near))


@kernel
def sum_of_least(view: View, bases: Bases, stakes: Stakes, near: Reach) -> int:
    """The least that each order at stake costs, and the frozen tasks, together."""
    least, most_aboard = 0, 1
    for r in range(bases.cost.shape[0]):
        least += bases.cost[r]
        most_aboard = max(most_aboard, bases.most_aboard[r])
    for order in range(stakes.counts.shape[0]):
        if stakes.counts[order] == 0 or bases.stage[order] == DONE:
            continue
        if bases.stage[order] > 0:
            least += least_held(view, bases, order)
            continue
        row = near.row[view.orders.pickup[order]]
        best, home, metres = stakes.out[order], view.orders.rider[order], direct_m(view, order)
        if home != _NOBODY:
            best = min(best, least_added(view, bases, order, home, metres))
        best = min(best, _least_of_rest(view, bases, order, near.beyond_at[row], most_aboard, metres))
        for rider in near.riders[row]:
            if rider < 0:
                break
            best = min(best, least_added(view, bases, order, rider, metres))
        least += best
    return int(least)


@inlined_kernel
def _least_of_rest(view: View, bases: Bases, order: int, beyond_at: int, most_aboard: int, metres: float) -> int:
    """The least that the order costs with anybody who is not listed, and cannot be at the merchant before then."""
    if beyond_at >= NEVER:
        return INFEASIBLE
    orders, way = view.orders, UNREACHABLE_S
    for profile in range(view.travel.pace.shape[0]):  # the quickest is the cheapest
        if (orders.vehicles[order] >> profile) & 1 == 1:
            way = min(way, least_over_s(view, bases, profile, orders.pickup[order], orders.dropoff[order], metres))
    if way >= UNREACHABLE_S:
        return INFEASIBLE
    picked = max(beyond_at + orders.pickup_before_s[order], orders.ready_at[order], view.now)
    change = view.weights.churn if orders.rider[order] >= 0 else 0
    return int(least_own(view, order, picked, way) + view.weights.travel * way // most_aboard + change)

"""Window matching: at each tick the waiting orders and the riders are matched one to one.

The matching is the best there is for the seconds until the customers have their orders plus those ridden to the
merchants. A rider gets at most one order, behind what was given before; what was matched and not given yet is matched
anew at the next tick. There are no bundles, and no order gets into a route under way.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Problem
from simulations.policies.board import Board

IMPOSSIBLE = 1e12
"""Cost of a pair that breaks a hard rule: above any sum of costs of pairs that do not."""


def window(problem: Problem, params: Params, *, seed: int = 0) -> Plan:
    """Plan one market at one instant; nothing is random, so ``seed`` changes nothing."""
    board = Board(problem, params)
    waiting = board.waiting()
    every = [board.appended(order) for order in waiting]
    if every:
        cost = np.full((len(waiting), problem.rider_count), IMPOSSIBLE)
        for row, (order, appended) in enumerate(zip(waiting, every, strict=True)):
            # With more orders than riders, who has waited longer goes first: waiting so far counts as a discount.
            waited = problem.now - problem.orders.placed_at[order]
            seconds = appended.dropoff_at - problem.now + appended.leg_s - waited
            cost[row, appended.fits] = seconds[appended.fits]
        matched, riders = linear_sum_assignment(cost)
        for at, rider in zip(matched.tolist(), riders.tolist(), strict=True):
            if cost[at, rider] < IMPOSSIBLE:
                board.append(waiting[at], rider, int(every[at].leave_at[rider]))
    return board.plan()

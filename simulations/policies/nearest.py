"""Nearest rider first: what a dispatcher without a computer does.

The longest waiting order goes to the rider nearest to its merchant among those with the fewest orders on hand, then the
next one. No bundles, no looking ahead, and nothing is taken back.
"""

from __future__ import annotations

import numpy as np

from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Problem
from simulations.policies.board import Board


def nearest(problem: Problem, params: Params, *, seed: int = 0) -> Plan:
    """Plan one market at one instant; nothing is random, so ``seed`` changes nothing."""
    board = Board(problem, params)
    for order in board.waiting():
        appended = board.appended(order)
        riders = np.flatnonzero(appended.fits)
        if len(riders):
            rider = int(riders[np.lexsort((appended.leg_s[riders], board.on_hand[riders]))[0]])
            board.append(order, rider, int(appended.leave_at[rider]))
    return board.plan()

"""Changing one's mind: an order taken from a rider who was told to carry it."""

from __future__ import annotations

from dispatch.geo.kernel import inlined_kernel
from dispatch.solver.costs.terms import Weights


@inlined_kernel
def churn_cost(weights: Weights, present_rider: int, rider: int) -> int:
    """Points for one order that goes to another rider than the one who has it now (-1: nobody has it)."""
    if present_rider < 0 or present_rider == rider:
        return 0
    return weights.churn

"""Riding: what the insertion of an order adds to the rider's live route is the difference of two of these."""

from __future__ import annotations

from dispatch.geo.kernel import inlined_kernel
from dispatch.solver.costs.terms import Weights


@inlined_kernel
def travel_cost(weights: Weights, leg_s: int) -> int:
    """Points for one leg."""
    return weights.travel * leg_s

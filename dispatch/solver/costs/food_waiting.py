"""Food that is ready and gets cold at the merchant."""

from __future__ import annotations

from dispatch.geo.kernel import inlined_kernel
from dispatch.solver.costs.terms import Weights


@inlined_kernel
def food_waiting_cost(weights: Weights, ready_at: int, pickup_at: int) -> int:
    """Points for the time between ready and pickup (ready_to_pickup) of one order."""
    return weights.food_waiting * max(0, pickup_at - ready_at)

"""A rider standing idle at a merchant whose food is not ready."""

from __future__ import annotations

from dispatch.geo.kernel import inlined_kernel
from dispatch.solver.costs.terms import Weights


@inlined_kernel
def rider_waiting_cost(weights: Weights, could_at: int, pickup_at: int) -> int:
    """Points for one pickup stop: from when the rider could have picked up until it happens."""
    return weights.rider_waiting * max(0, pickup_at - could_at)

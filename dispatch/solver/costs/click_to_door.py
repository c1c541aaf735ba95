"""How long the customer waits: the time from placing the order to its drop-off."""

from __future__ import annotations

from dispatch.geo.kernel import inlined_kernel
from dispatch.solver.costs.terms import Weights


@inlined_kernel
def click_to_door_cost(weights: Weights, placed_at: int, dropoff_at: int) -> int:
    """Points for one order; grows by the second, whatever was promised."""
    return weights.click_to_door * (dropoff_at - placed_at)

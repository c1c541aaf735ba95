"""Orders on hand: the second order of a full rider costs more than the first of an empty one."""

from __future__ import annotations

from dispatch.geo.kernel import inlined_kernel
from dispatch.solver.costs.terms import Weights


@inlined_kernel
def load_cost(weights: Weights, orders_on_hand: int, capacity: int) -> int:
    """Points for one rider: the square of the orders in the route over the capacity."""
    if weights.load == 0:
        return 0  # a division saved for each pair of order and rider
    return weights.load * orders_on_hand * orders_on_hand // capacity

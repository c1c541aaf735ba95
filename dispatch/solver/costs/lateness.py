"""A promise broken: convex, so that one very late order weighs more than many a little late."""

from __future__ import annotations

from dispatch.geo.kernel import inlined_kernel
from dispatch.solver.costs.terms import Weights


@inlined_kernel
def lateness_cost(weights: Weights, due_at: int, dropoff_at: int) -> int:
    """Points for one order: late + late^2 / scale, in weighted seconds; 0 in time."""
    late_s = dropoff_at - due_at
    if late_s <= 0:
        return 0
    return weights.lateness * (late_s + late_s * late_s // weights.lateness_scale_s)

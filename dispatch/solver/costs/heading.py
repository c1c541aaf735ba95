"""Against the grain: an order that leads away from where its rider is going."""

from __future__ import annotations

import math

from dispatch.geo.kernel import TravelTable, distance_m, inlined_kernel
from dispatch.solver.costs.terms import Weights
from dispatch.solver.problem import Riders

FULL_TURN_S = 900
"""A turn never weighs more than this many seconds of riding: far drop-offs say little about direction."""


@inlined_kernel
def heading_cost(weights: Weights, table: TravelTable, riders: Riders, rider: int, dropoff: int) -> int:
    """Points for one order: 0 straight ahead, one weighted second for each second of travel to a drop-off right behind.

    The share is (1 - cos angle) / 2, faded by ``riders.heading_trust`` (age and speed of the position).
    """
    trust = riders.heading_trust[rider]
    if weights.heading == 0 or trust <= 0.0:
        return 0
    here = riders.place[rider]
    length = distance_m(table, here, dropoff)
    if length <= 0.0:
        return 0
    dot = 0.0
    for axis in range(3):
        dot += riders.heading[rider, axis] * (table.points[dropoff, axis] - table.points[here, axis])
    against = 0.5 * (1.0 - max(-1.0, min(1.0, dot / length)))
    seconds = min(float(FULL_TURN_S), length * table.pace[riders.profile[rider]])
    return int(math.floor(weights.heading * trust * against * seconds))

"""Where a route ends: a rider who ends far from all merchants has a long way to whatever comes next.

So of two riders who would do, the one who stands farther out gets the order, and the one among the merchants is left
for an order in a hurry. The idea that a vehicle's place has a value of its own is that of approximate dynamic
programming for fleets (Godfrey & Powell, 2002); here the value is the way to the nearest part of the demand.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatch.geo.kernel import inlined_kernel
from dispatch.solver.costs.terms import Weights
from dispatch.solver.problem import Floats, Riders
from dispatch.units import Instant, Seconds

FADE_S: Final[Seconds] = 1800
"""The price fades over this last part of a shift: who is about to go home need not be anywhere."""


def ending_prices(weights: Weights, riders: Riders, pace: Floats, now: Instant) -> Floats:
    """Points a metre between the end of each rider's route and the next pickup, float64 (R,)."""
    faded = np.clip((riders.off_at - now) / FADE_S, 0.0, 1.0)
    return weights.ending * pace[riders.profile] * faded


@inlined_kernel
def ending_cost(price: float, onward_m: int) -> int:
    """Points for a route that ends so many metres from where the next pickup is expected."""
    return int(price * onward_m)

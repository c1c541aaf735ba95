"""Where and when a route ends: what its rider is worth to whatever comes next.

A rider who ends far from all merchants has a long way to the next order. So of two riders who would do, the one who
stands farther out gets the order, and the one among the merchants is left for an order in a hurry. The idea that a
vehicle's place has a value of its own is that of approximate dynamic programming for fleets (Godfrey & Powell, 2002);
here the value is the way to the nearest part of the demand.

While orders crowd, every second of a rider delays the orders that the same rider could serve afterwards, those not yet
known as well. So the time until a route ends has a price, in proportion to how many orders come for each rider above
what riders can serve; the way to the next pickup is part of that time.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatch.geo.kernel import inlined_kernel
from dispatch.solver.costs.terms import Weights
from dispatch.solver.problem import Floats, Orders, Riders
from dispatch.units import Instant, Seconds

FADE_S: Final[Seconds] = 1800
"""The price fades over this last part of a shift: who is about to go home need not be anywhere."""

LATELY_S: Final[Seconds] = 1200
"""Orders placed in this time are held against the riders who are free within it."""

SERVED: Final = 0.5
"""So many orders for each of these riders are no crowd: each keeps a rider busy for half of an hour or so."""

CROWD: Final = 2.0
"""More orders for each rider than this above SERVED raise the price no further."""


def time_price(weights: Weights, orders: Orders, riders: Riders, now: Instant) -> int:
    """Points a second of each rider until the end of the route, 0 while there are riders enough."""
    if weights.ending_time == 0:
        return 0
    lately = int((orders.placed_at > now - LATELY_S).sum())
    soon = int((riders.free_at < now + LATELY_S).sum())
    return int(weights.ending_time * min(max(lately / max(soon, 1) - SERVED, 0.0), CROWD))


def ending_prices(weights: Weights, riders: Riders, pace: Floats, now: Instant, time_points: int) -> Floats:
    """Points a metre between the end of each rider's route and the next pickup, float64 (R,).

    time_points: the price of a second of a rider, see ``time_price``.
    """
    faded = np.clip((riders.off_at - now) / FADE_S, 0.0, 1.0)
    return (weights.ending + time_points) * pace[riders.profile] * faded


@inlined_kernel
def ending_cost(price: float, onward_m: int) -> int:
    """Points for a route that ends so many metres from where the next pickup is expected."""
    return int(price * onward_m)


@inlined_kernel
def ending_time_cost(points: int, now: int, off_at: int, at: int) -> int:
    """Points for a route that ends then; time after the shift counts nothing."""
    return points * max(0, min(at, off_at) - now)

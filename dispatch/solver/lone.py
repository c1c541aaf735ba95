"""What an order costs with a rider who has nothing else to do, by the way to the merchant: quick enough for a tick.

The same as ``dispatch.solver.free_rider``, in compiled code.
"""

from __future__ import annotations

from typing import Final

from dispatch.geo.kernel import inlined_kernel, kernel, travel_s
from dispatch.solver.costs.food_waiting import food_waiting_cost
from dispatch.solver.costs.load import load_cost
from dispatch.solver.costs.rider_waiting import rider_waiting_cost
from dispatch.solver.costs.travel import travel_cost
from dispatch.solver.least import least_dropped
from dispatch.solver.view import View
from dispatch.solver.walk import INFEASIBLE
from dispatch.units import DAY_S, UNREACHABLE_S

FARTHEST_S: Final = DAY_S
"""No answer is larger than this."""

NO_LEG: Final = -1


@inlined_kernel
def lone_cost(view: View, order: int, way_s: int, capacity: int, leg_s: int) -> int:
    """What the order costs with a rider ``leg_s`` from its merchant, free from now on; INFEASIBLE where it cannot be.

    way_s: from the merchant to the customer.
    """
    orders, weights = view.orders, view.weights
    could = view.now + leg_s + orders.pickup_before_s[order]
    picked = max(could, orders.ready_at[order], view.now)
    dropped = picked + orders.pickup_after_s[order] + way_s + orders.dropoff_before_s[order]
    dropped = max(dropped, orders.not_before_at[order], view.now)
    if way_s >= UNREACHABLE_S or 0 < view.rules.max_food_age_s < dropped - picked:
        return INFEASIBLE
    waiting = food_waiting_cost(weights, orders.ready_at[order], picked) + rider_waiting_cost(weights, could, picked)
    riding = travel_cost(weights, leg_s + way_s)
    load = load_cost(weights, 1, max(capacity, orders.size[order]))
    change = weights.churn if orders.rider[order] >= 0 else 0
    return int(least_dropped(view, order, dropped) + waiting + riding + load + change)


@kernel
def farthest_s(view: View, order: int, profile: int, capacity: int, below: int) -> int:
    """The longest leg to the merchant with which the order costs less than ``below``; NO_LEG where none does."""
    orders = view.orders
    way = travel_s(view.travel, profile, orders.pickup[order], orders.dropoff[order])
    # Who is there early waits, which may cost; so the best leg is none, or the one that ends when the food is ready.
    near = max(0, orders.ready_at[order] - orders.pickup_before_s[order] - view.now)
    if lone_cost(view, order, way, capacity, near) >= below:
        near = 0
    if lone_cost(view, order, way, capacity, near) >= below:
        return NO_LEG
    far = FARTHEST_S
    if lone_cost(view, order, way, capacity, far) < below:
        return far
    while far - near > 1:
        middle = (near + far) // 2
        if lone_cost(view, order, way, capacity, middle) < below:
            near = middle
        else:
            far = middle
    return int(near)

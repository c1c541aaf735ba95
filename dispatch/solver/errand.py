"""One order for one rider: all that its place in the rider's route depends on, besides the route."""

from __future__ import annotations

from typing import NamedTuple

from dispatch.geo.kernel import inlined_kernel
from dispatch.solver.costs.churn import churn_cost
from dispatch.solver.costs.ending import ending_cost
from dispatch.solver.costs.heading import heading_cost
from dispatch.solver.view import View
from dispatch.solver.walk import load_term


class Errand(NamedTuple):
    """Read once from the arrays of the view, because the search for a place asks for it again and again.

    until, not_before_at: no pickup, no drop-off before; both at least now. weight: what the customer counts for.
    points: of the order with this rider wherever its place is. load_points: of the whole route with the order in it.
    direct_s: from the merchant to the door. last_points, else_points: for where the route ends if this order's door is
    its last stop, and if it is not.
    """

    order: int
    pickup: int
    dropoff: int
    ready_at: int
    until: int
    before_s: int
    after_s: int
    door_before_s: int
    door_after_s: int
    not_before_at: int
    placed_at: int
    due_at: int
    weight: int
    size: int
    profile: int
    capacity: int
    off_at: int
    points: int
    load_points: int
    direct_s: int
    last_points: int
    else_points: int


@inlined_kernel
def errand_of(view: View, rider: int, order: int, tasks: int, end: int) -> Errand:
    """The order for a rider whose route has so many tasks without it, and ends in place ``end``."""
    orders, riders = view.orders, view.riders
    dropoff, profile = orders.dropoff[order], riders.profile[rider]
    points = churn_cost(view.weights, orders.rider[order], rider)
    points += heading_cost(view.weights, view.travel, riders, rider, dropoff)
    return Errand(
        order,
        orders.pickup[order],
        dropoff,
        orders.ready_at[order],
        max(view.now, orders.ready_at[order]),
        orders.pickup_before_s[order],
        orders.pickup_after_s[order],
        orders.dropoff_before_s[order],
        orders.dropoff_after_s[order],
        max(view.now, orders.not_before_at[order]),
        orders.placed_at[order],
        orders.due_at[order],
        1 + orders.priority[order],
        orders.size[order],
        profile,
        riders.capacity[rider],
        riders.off_at[rider],
        points,
        load_term(view, rider, tasks + 2),
        view.direct_s[order, profile],
        ending_cost(view.ending[rider], view.onward_m[dropoff]),
        ending_cost(view.ending[rider], view.onward_m[end]),
    )

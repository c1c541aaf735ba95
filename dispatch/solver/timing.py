"""The times of finished routes, with just-in-time departures."""

from __future__ import annotations

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.solver.problem import Ints, Routes
from dispatch.solver.view import View
from dispatch.solver.walk import FINE, Ride, dropoff_times, earliest_arrival, leg_s, pickup_times, start_ride, stop_end


def route_times(view: View, routes: Routes) -> tuple[Ints, Ints, Ints, Ints]:
    """(arrive_at, event_at, leave_at, depart_at) of every task; int64 (T,) each, as ``Plan`` defines them."""
    count = len(routes.order)
    arrive_at, event_at, leave_at, depart_at = (np.empty(count, np.int64) for _ in range(4))
    _times(view, routes.start, routes.order * 2 + routes.kind, arrive_at, event_at, leave_at, depart_at)
    return arrive_at, event_at, leave_at, depart_at


@kernel
def _times(
    view: View, start: Ints, tasks: Ints, arrive_at: Ints, event_at: Ints, leave_at: Ints, depart_at: Ints
) -> None:
    """Fill the four times of all tasks, route by route."""
    orders = view.orders
    for r in range(start.shape[0] - 1):
        row, count = tasks[start[r] : start[r + 1]], start[r + 1] - start[r]
        ride, first = start_ride(view, r), 0
        while first < count:
            order, end = row[first] >> 1, stop_end(view, row, count, first)
            there = orders.dropoff[order] if row[first] & 1 else orders.pickup[order]
            arrive = earliest_arrival(view, ride, there, leg_s(view, r, ride, there))
            if row[first] & 1:
                could, event, leave = dropoff_times(view, order, arrive)
            else:
                could, event, leave = pickup_times(view, row, first, end, arrive)
            stands = ride.moved == 0 and ride.here == there
            slack = 0 if stands else event - could
            for k in range(start[r] + first, start[r] + end):
                arrive_at[k], event_at[k], leave_at[k] = arrive + slack, event, leave
                depart_at[k] = ride.t if stands else max(ride.t, view.now) + slack
            ride = Ride(leave, there, 0, 0, 0, 1, FINE)
            first = end

"""Which riders are looked at for which bundle: those who could be at its merchant first.

The k nearest by straight line leave orders without a rider when riders are scarce, so nearness is judged by when a rider could be
there after what is already in the route, and ``k`` is widened, in the end to all riders, for what no candidate could take.
"""

from __future__ import annotations

import numpy as np

from dispatch.geo.kernel import kernel, travel_s
from dispatch.solver.problem import Ints
from dispatch.solver.tableau import Tableau
from dispatch.solver.view import View, may_carry
from dispatch.solver.walk import dropoff_times, earliest_arrival, leg_s, pickup_times, start_ride, stop_end, Ride, FINE
from dispatch.units import UNREACHABLE_S


@kernel
def route_ends(view: View, table: Tableau, place: Ints, free_at: Ints) -> None:
    """Where and when each rider would be free after the present route; fills ``place`` and ``free_at`` (R,)."""
    orders = view.orders
    for r in range(place.shape[0]):
        ride, row, count = start_ride(view, r), table.route[r], table.count[r]
        first = 0
        while first < count:
            order = row[first] >> 1
            end = stop_end(view, row, count, first)
            there = orders.dropoff[order] if row[first] & 1 else orders.pickup[order]
            arrive = earliest_arrival(view, ride, there, leg_s(view, r, ride, there))
            if row[first] & 1:
                _, _, leave = dropoff_times(view, order, arrive)
            else:
                _, _, leave = pickup_times(view, row, first, end, arrive)
            ride = Ride(leave, there, 0, 0, 0, 1, FINE)
            first = end
        place[r], free_at[r] = ride.here, max(ride.t, view.now)


@kernel
def _collects_there(view: View, table: Tableau, rider: int, order: int) -> bool:
    """Whether the rider still has a pickup at the order's merchant before him."""
    for k in range(table.frozen[rider], table.count[rider]):
        task = table.route[rider, k]
        if task & 1 == 0 and view.orders.merchant[task >> 1] == view.orders.merchant[order]:
            return True
    return False


@kernel
def _nearest(view: View, table: Tableau, place: Ints, free_at: Ints, lead: Ints, near: Ints) -> None:
    """Fill ``near`` (B, k) with the riders who could be at the pickup of order lead[b] first, -1 where there are no more."""
    k = near.shape[1]
    when = np.empty(k, np.int64)
    for b in range(lead.shape[0]):
        order, found = lead[b], 0
        for r in range(place.shape[0]):
            if table.closed[r] == 1 or not may_carry(view, order, r):
                continue
            leg = travel_s(view.travel, view.riders.profile[r], place[r], view.orders.pickup[order])
            if leg >= UNREACHABLE_S:
                continue
            # Who collects there anyway comes before everybody else: that is how bundles grow.
            at = view.now if _collects_there(view, table, r, order) else free_at[r] + leg
            if found == k and at >= when[k - 1]:
                continue
            slot = min(found, k - 1)
            while slot > 0 and when[slot - 1] > at:
                when[slot], near[b, slot] = when[slot - 1], near[b, slot - 1]
                slot -= 1
            when[slot], near[b, slot] = at, r
            found = min(found + 1, k)
        near[b, found:] = -1


def nearest_riders(view: View, table: Tableau, lead: Ints, k: int) -> Ints:
    """The ``k`` riders who could be first at the pickup of each order in ``lead``; int64 (B, min(k, R)), -1 padded."""
    riders = table.count.shape[0]
    place, free_at = np.empty(riders, np.int64), np.empty(riders, np.int64)
    route_ends(view, table, place, free_at)
    near = np.full((lead.shape[0], min(k, riders)), -1, np.int64)
    if near.size:
        _nearest(view, table, place, free_at, lead, near)
    return near

"""Which riders are looked at for an order: who collects at its merchant anyway, then who could be there first.

The k nearest by straight line leave orders without a rider when riders are scarce. So nearness is judged by when a
rider could be at the merchant after all that is already in the route, and whoever asks widens ``k`` for what no
candidate could take.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.geo.kernel import allocating_kernel, is_beyond, kernel, travel_s
from dispatch.solver.problem import Ints
from dispatch.solver.tableau import Tableau
from dispatch.solver.view import View, may_carry
from dispatch.solver.walk import (
    FINE,
    Ride,
    dropoff_times,
    earliest_arrival,
    leg_s,
    pickup_times,
    start_ride,
    stop_end,
)


class Ends(NamedTuple):
    """Where and when each rider would be free after the present route; int64 (R,) each."""

    place: Ints
    free_at: Ints


def route_ends(view: View, table: Tableau) -> Ends:
    """The ends of all routes as they are now."""
    riders = len(table.length)
    ends = Ends(np.empty(riders, np.int64), np.empty(riders, np.int64))
    _fill_ends(view, table, ends)
    return ends


@kernel
def _fill_ends(view: View, table: Tableau, ends: Ends) -> None:
    """Ride every route to its end."""
    orders = view.orders
    for r in range(ends.place.shape[0]):
        ride, row, count = start_ride(view, r), table.route[r], table.length[r]
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
        ends.place[r], ends.free_at[r] = ride.here, max(ride.t, view.now)


@allocating_kernel
def first_riders(view: View, table: Tableau, ends: Ends, order: int, near: Ints) -> None:
    """Fill ``near`` (k,) with the riders who could be at the order's merchant first, -1 where there are no more."""
    found, k = _collecting(view, table, order, near), near.shape[0]
    kept = found  # riders who collect there come before all others: that is how bundles grow
    when = np.empty(k, np.int64)
    pickup = view.orders.pickup[order]
    for r in range(ends.place.shape[0]):
        if found == k and (kept == k or ends.free_at[r] >= when[k - 1]):
            continue
        profile = view.riders.profile[r]
        if found == k and is_beyond(view.travel, profile, ends.place[r], pickup, when[k - 1] - ends.free_at[r]):
            continue
        # Who has no way there from the end of the route may have one from the middle of it, and comes last.
        at = ends.free_at[r] + travel_s(view.travel, profile, ends.place[r], pickup)
        if found == k and at >= when[k - 1]:
            continue
        if table.closed[r] == 1 or not may_carry(view, order, r) or _is_among(r, near, kept):
            continue
        slot = min(found, k - 1)
        while slot > kept and when[slot - 1] > at:
            when[slot], near[slot] = when[slot - 1], near[slot - 1]
            slot -= 1
        when[slot], near[slot] = at, r
        found = min(found + 1, k)
    near[found:] = -1


@kernel
def _collecting(view: View, table: Tableau, order: int, near: Ints) -> int:
    """Put the riders who have an order of the same merchant to collect at the head of ``near``; answers how many."""
    found = 0
    merchant = view.orders.merchant[order]
    for m in range(view.mates_start[merchant], view.mates_start[merchant + 1]):
        rider = table.rider[view.mates[m]]
        if rider < 0 or found == near.shape[0] or _is_among(rider, near, found):
            continue
        if table.closed[rider] == 0 and may_carry(view, order, rider):
            near[found] = rider
            found += 1
    return found


@kernel
def _is_among(rider: int, near: Ints, count: int) -> bool:
    """Whether the rider is one of the first ``count``."""
    found = 0
    for k in range(count):
        found += int(near[k] == rider)
    return found > 0


def nearest_riders(view: View, table: Tableau, lead: Ints, k: int) -> Ints:
    """The ``k`` riders who could be first at the pickup of each order in ``lead``; int64 (B, min(k, R)), -1 padded."""
    near = np.full((len(lead), min(k, len(table.length))), -1, np.int64)
    if near.size:
        _fill_near(view, table, route_ends(view, table), lead, near)
    return near


@kernel
def _fill_near(view: View, table: Tableau, ends: Ends, lead: Ints, near: Ints) -> None:
    """One row of candidates for each order."""
    for b in range(lead.shape[0]):
        first_riders(view, table, ends, lead[b], near[b])

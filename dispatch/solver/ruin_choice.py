"""Which orders a round of ruin and recreate takes out: some that belong together, around one that could be sooner.

Either the likest, with near merchants and near ready times (Shaw 1998), or strings, orders that follow each other in
the routes of riders near the first one's merchant (Christiaens & Vanden Berghe 2020).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatch.geo.kernel import allocating_kernel, kernel, travel_s
from dispatch.solver.ahead import EVENT
from dispatch.solver.neighbours import Neighbours, find_neighbours
from dispatch.solver.problem import Ints
from dispatch.solver.tableau import Tableau, ridden
from dispatch.solver.view import View
from dispatch.units import Seconds

LATE_S: Final[Seconds] = 60
"""Who is this much later at the door than a rider waiting at the merchant could be has something to gain."""


@kernel
def draw(state: Ints, below: int) -> int:
    """The next pseudo-random integer in 0..below-1 (Knuth's MMIX multiplier, upper bits)."""
    state[0] = state[0] * 6364136223846793005 + 1442695040888963407
    return int((state[0] >> 33) & 0x3FFFFFFF) % below


@allocating_kernel
def find_delayed(view: View, table: Tableau, movable: Ints) -> Ints:
    """The ``movable`` orders that reach the door later than they have to."""
    found, delayed = 0, np.empty(movable.shape[0], np.int64)
    for order in movable:
        if _is_delayed(view, table, order):
            delayed[found] = order
            found += 1
    return delayed[:found]


@kernel
def _is_delayed(view: View, table: Tableau, order: int) -> bool:
    rider, orders = table.rider[order], view.orders
    if rider < 0:
        return False
    at = ridden(view, table, rider)
    least = max(view.now, orders.ready_at[order]) + orders.pickup_after_s[order]
    least += view.direct_s[order, view.riders.profile[rider]] + orders.dropoff_before_s[order]
    least = max(least, orders.not_before_at[order])
    for k in range(table.length[rider]):
        if table.route[rider, k] == order * 2 + 1:
            return bool(table.ahead[at + k, EVENT] >= least + LATE_S)
    return False


@kernel
def choose(
    view: View, table: Tableau, movable: Ints, known: Neighbours, first: int, state: Ints, likeness: Ints, removed: Ints
) -> int:
    """Fill ``removed`` with orders that belong to the ``first`` one, by likeness or by strings; answers how many.

    likeness: int64, as long as ``removed``, scratch.
    """
    if draw(state, 2) == 0:
        return _likest(view, table, movable, first, state, likeness, removed)
    find_neighbours(view, table, known, first)
    return _strings(table, known.near[first], first, state, removed)


@kernel
def _likest(view: View, table: Tableau, movable: Ints, first: int, state: Ints, likeness: Ints, removed: Ints) -> int:
    """The first order and those likest to it, with a little chance in the measure."""
    orders, size, count = view.orders, removed.shape[0], 0
    for order in movable:
        if table.rider[order] < 0:
            continue
        apart = travel_s(view.travel, 0, orders.pickup[first], orders.pickup[order])
        apart += abs(orders.ready_at[first] - orders.ready_at[order])
        apart = 0 if order == first else 1 + apart * (16 + draw(state, 32)) // 16
        if count == size and apart >= likeness[size - 1]:
            continue
        slot = min(count, size - 1)
        while slot > 0 and likeness[slot - 1] > apart:
            likeness[slot], removed[slot] = likeness[slot - 1], removed[slot - 1]
            slot -= 1
        likeness[slot], removed[slot] = apart, order
        count = min(count + 1, size)
    return count


@kernel
def _strings(table: Tableau, near: Ints, first: int, state: Ints, removed: Ints) -> int:
    """One string with the first order in it, and one of every second rider nearby until there are enough."""
    home, size = table.rider[first], removed.shape[0]
    longest = 1 + draw(state, size)
    count = _string(table, home, first, longest, state, removed, 0)
    for rider in near:
        if rider < 0 or count == size:
            break
        if rider != home and table.closed[rider] == 0 and draw(state, 2) == 1:
            count = _string(table, rider, -1, min(longest, size - count), state, removed, count)
    return count


@kernel
def _string(table: Tableau, rider: int, through: int, longest: int, state: Ints, removed: Ints, count: int) -> int:
    """Append up to ``longest`` orders of one route, in the sequence of their drop-offs, to the ``count`` removed ones.

    With ``through`` among them, if it is not -1. Answers how many are removed then.
    """
    row, free, at = table.route[rider], 0, -1
    for k in range(table.length[rider]):
        if row[k] & 1 and table.fixed[row[k] >> 1] == 0:
            at = free if row[k] >> 1 == through else at
            free += 1
    if free == 0:
        return count
    length = min(longest, free)
    at = draw(state, free) if at < 0 else at
    begin, seen = max(0, min(at - draw(state, length), free - length)), 0
    for k in range(table.length[rider]):
        if row[k] & 1 and table.fixed[row[k] >> 1] == 0:
            if begin <= seen < begin + length:
                removed[count] = row[k] >> 1
                count += 1
            seen += 1
    return count

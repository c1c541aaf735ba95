"""Ruin and recreate: take a few related orders out of the plan, put them back one by one where they are cheapest.

After Shaw (1998) and Schrimpf et al. (2000); related are orders with near merchants and near ready times. A round that
does not lower the cost is undone, so the plan only gets better. The generator is a linear congruence with a given seed.
"""

from __future__ import annotations

import numpy as np

from dispatch.geo.kernel import allocating_kernel, travel_s
from dispatch.solver.insertion import Scratch, least_cost
from dispatch.solver.neighbours import Neighbours, find_neighbours
from dispatch.solver.problem import Ints
from dispatch.solver.tableau import Tableau, most_saved_at_end, put_at, slot_for, take_out
from dispatch.solver.view import View, may_carry
from dispatch.solver.walk import FINE, INFEASIBLE


@allocating_kernel
def draw(state: Ints, below: int) -> int:
    """The next pseudo-random integer in 0..below-1 (Knuth's MMIX multiplier, upper bits)."""
    state[0] = state[0] * 6364136223846793005 + 1442695040888963407
    return int((state[0] >> 33) & 0x3FFFFFFF) % below


@allocating_kernel
def ruin_and_recreate(
    view: View,
    table: Tableau,
    movable: Ints,
    known: Neighbours,
    rounds: int,
    size: int,
    seed: int,
    saved: Ints,
    scratch: Scratch,
) -> int:
    """Run ``rounds`` rounds over the ``movable`` orders, ``size`` of them each; answers how many lowered the cost.

    saved: int64 (2 * size, W + 2), room for the routes that a round may have to restore.
    """
    if movable.shape[0] < 2:
        return 0
    state = np.array([seed], np.int64)
    better = 0
    removed = np.empty(size, np.int64)
    homes = np.empty(size * 2, np.int64)
    for _ in range(rounds):
        first = movable[draw(state, movable.shape[0])]
        if table.rider[first] < 0:
            continue
        count = _related(view, table, movable, first, size, state, removed)
        better += _round(view, table, removed[:count], known, homes, saved, state, scratch)
    return better


@allocating_kernel
def _related(view: View, table: Tableau, movable: Ints, first: int, size: int, state: Ints, removed: Ints) -> int:
    """Choose up to ``size`` orders: the first and those likest to it, with a little chance in the measure."""
    orders = view.orders
    likeness = np.empty(size, np.int64)
    count = 0
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


@allocating_kernel
def _save(table: Tableau, rider: int, homes: Ints, kept: int, saved: Ints) -> int:
    """Remember a route before its first change in this round; answers how many are remembered."""
    for k in range(kept):
        if homes[k] == rider:
            return kept
    width = table.route.shape[1]
    homes[kept] = rider
    saved[kept, :width] = table.route[rider]
    saved[kept, width], saved[kept, width + 1] = table.length[rider], table.cost[rider]
    return kept + 1


@allocating_kernel
def _round(
    view: View,
    table: Tableau,
    removed: Ints,
    known: Neighbours,
    homes: Ints,
    saved: Ints,
    state: Ints,
    scratch: Scratch,
) -> int:
    """One round; 1 if the plan got cheaper, 0 if it was restored."""
    kept, fits = 0, True
    for order in removed:
        kept = _save(table, table.rider[order], homes, kept, saved)
        # Two stops at one merchant may become one, where an order with time waits for the others: a rule can break.
        fits = take_out(view, table, order, scratch) == FINE and fits
    for k in range(removed.shape[0]):  # put back in random sequence
        if not fits:
            break
        other = k + draw(state, removed.shape[0] - k)
        removed[k], removed[other] = removed[other], removed[k]
        find_neighbours(view, table, known, removed[k])
        near = known.near[removed[k]]
        rider, i, j, cost = _cheapest(view, table, removed[k], near, scratch)
        fits = rider >= 0
        if fits:
            kept = _save(table, rider, homes, kept, saved)
            put_at(table, rider, removed[k], i, j, cost, scratch)
    before, after, width = 0, 0, table.route.shape[1]
    for k in range(kept):
        before += saved[k, width + 1]
        after += table.cost[homes[k]]
    if fits and after < before:
        return 1
    for order in removed:
        table.rider[order] = -1
    for k in range(kept):
        _restore(table, homes[k], saved[k])
    return 0


@allocating_kernel
def _restore(table: Tableau, rider: int, saved: Ints) -> None:
    """Put a remembered route back."""
    width = table.route.shape[1]
    table.route[rider] = saved[:width]
    table.length[rider], table.cost[rider] = saved[width], saved[width + 1]
    table.known[rider] = 0
    for k in range(table.length[rider]):
        table.rider[table.route[rider, k] >> 1] = rider


@allocating_kernel
def _cheapest(view: View, table: Tableau, order: int, near: Ints, scratch: Scratch) -> tuple[int, int, int, int]:
    """(rider, pickup position, drop-off position, cost of the route) of the cheapest place.

    Rider -1 where there is none.
    """
    best, best_rider, best_i, best_j, best_cost = INFEASIBLE, -1, -1, -1, INFEASIBLE
    for rider in near:
        if rider < 0 or table.closed[rider] == 1 or not may_carry(view, order, rider):
            continue
        if least_cost(view, rider, order) - most_saved_at_end(view, table, rider) >= best:
            continue
        limit = INFEASIBLE if best == INFEASIBLE else table.cost[rider] + best
        slot = slot_for(view, table, rider, order, limit, scratch)
        if slot.pickup_at >= 0:
            best, best_rider, best_cost = slot.cost - table.cost[rider], rider, slot.cost
            best_i, best_j = slot.pickup_at, slot.dropoff_at
    return best_rider, best_i, best_j, best_cost

"""What each candidate pair of bundle and rider costs: the least that the bundle adds to the rider's live route."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.kernel import inlined_kernel, kernel, move
from dispatch.solver.insertion import Scratch, Slot, cheapest_insertion, copy_with
from dispatch.solver.problem import Ints
from dispatch.solver.sweep import by_place
from dispatch.solver.tableau import Tableau, put, slot_for
from dispatch.solver.view import View, may_carry
from dispatch.solver.walk import INFEASIBLE

Mask = NDArray[np.bool_]
"""One flag for each member of the bundles."""


def pair_costs(
    view: View, table: Tableau, start: Ints, members: Ints, bundle: Ints, rider: Ints, scratch: Scratch
) -> Ints:
    """The price of each candidate pair (bundle[i], rider[i]), int64 (n,); INFEASIBLE where it does not fit.

    The orders of bundle b are members[start[b]:start[b + 1]], put in one after the other, each where it is cheapest
    then. ``bundle`` never decreases.
    """
    costs = np.empty(len(bundle), np.int64)
    first = np.searchsorted(bundle, np.arange(len(start)))
    sequence = by_place(view, members[start[:-1]])
    _fill_costs(view, table, start, members, first, sequence, rider, scratch, costs)
    return costs


@kernel
def _fill_costs(
    view: View, table: Tableau, start: Ints, members: Ints, first: Ints, sequence: Ints, rider: Ints,
    scratch: Scratch, costs: Ints,
) -> None:  # fmt: skip
    """Price the pairs of each bundle b, which are first[b]:first[b + 1], in a sequence of bundles."""
    for b in sequence:
        for i in range(first[b], first[b + 1]):
            costs[i] = pair_cost(view, table, members[start[b] : start[b + 1]], rider[i], scratch)


@inlined_kernel
def pair_cost(view: View, table: Tableau, orders: Ints, rider: int, scratch: Scratch) -> int:
    """What the orders add to the rider's route."""
    if table.closed[rider] == 1 or not may_carry(view, orders[0], rider):
        return INFEASIBLE
    slot = slot_for(view, table, rider, orders[0], INFEASIBLE, scratch)
    cost = slot.cost
    if cost < INFEASIBLE and orders.shape[0] > 1:
        cost = _with_others(view, table, orders, rider, slot, scratch)
    return int(cost - table.cost[rider]) if cost < INFEASIBLE else INFEASIBLE


@kernel
def _with_others(view: View, table: Tableau, orders: Ints, rider: int, slot: Slot, scratch: Scratch) -> int:
    """What the route costs with all orders of a bundle; ``slot`` is that of the first."""
    row, count = scratch.bundle, table.length[rider] + 2
    copy_with(table.route[rider], count - 2, orders[0], slot.pickup_at, slot.dropoff_at, row)
    for order in orders[1:]:
        if not may_carry(view, order, rider):
            return INFEASIBLE
        slot = cheapest_insertion(view, rider, row, count, table.frozen[rider], order, INFEASIBLE, scratch)
        if slot.pickup_at < 0:
            return INFEASIBLE
        copy_with(row, count, order, slot.pickup_at, slot.dropoff_at, scratch.row)
        count += 2
        move(scratch.row, 0, count, row, 0)
    return slot.cost


@kernel
def put_bundles(
    view: View, table: Tableau, start: Ints, members: Ints, bundle: Ints, rider: Ints, scratch: Scratch, taken: Mask
) -> None:
    """Insert the orders of bundle[i] into the route of rider[i], each where it is cheapest; marks those that fit."""
    for i in range(bundle.shape[0]):
        for m in range(start[bundle[i]], start[bundle[i] + 1]):
            taken[m] = put(view, table, rider[i], members[m], scratch)

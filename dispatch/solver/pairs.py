"""What each candidate pair of bundle and rider costs: the least that the bundle adds to the rider's live route."""

from __future__ import annotations

from dispatch.geo.kernel import kernel, move
from dispatch.solver.insertion import Scratch, cheapest_insertion, copy_with
from dispatch.solver.problem import Ints
from dispatch.solver.tableau import Tableau
from dispatch.solver.view import View, may_carry
from dispatch.solver.walk import INFEASIBLE


@kernel
def pair_costs(
    view: View, table: Tableau, start: Ints, members: Ints, bundle: Ints, rider: Ints, scratch: Scratch, costs: Ints
) -> None:
    """Price each candidate pair (bundle[i], rider[i]) into ``costs``; INFEASIBLE where it does not fit.

    The orders of bundle b are members[start[b]:start[b + 1]], put in one after the other, each where it is cheapest
    then.
    """
    for i in range(bundle.shape[0]):
        costs[i] = pair_cost(view, table, members[start[bundle[i]] : start[bundle[i] + 1]], rider[i], scratch)


@kernel
def pair_cost(view: View, table: Tableau, orders: Ints, rider: int, scratch: Scratch) -> int:
    """What the orders add to the rider's route."""
    if table.closed[rider] == 1:
        return INFEASIBLE
    count, cost, row = table.length[rider], table.cost[rider], scratch.bundle
    move(table.route[rider], 0, count, row, 0)
    for k in range(orders.shape[0]):
        order = orders[k]
        if not may_carry(view, order, rider):
            return INFEASIBLE
        slot = cheapest_insertion(view, rider, row, count, table.frozen[rider], order, INFEASIBLE, scratch)
        if slot.pickup_at < 0:
            return INFEASIBLE
        cost = slot.cost
        if k + 1 < orders.shape[0]:
            copy_with(row, count, order, slot.pickup_at, slot.dropoff_at, scratch.row)
            count += 2
            move(scratch.row, 0, count, row, 0)
    return int(cost - table.cost[rider])

"""Move one order to a better place."""

from __future__ import annotations

from dispatch.geo.kernel import kernel
from dispatch.solver.insertion import Scratch, cheapest_insertion, least_cost
from dispatch.solver.neighbours import Neighbours, find_neighbours, note_change, saving_of, worth_trying
from dispatch.solver.problem import Ints
from dispatch.solver.tableau import Tableau, copy_without, most_saved_at_end, put_at, write_row
from dispatch.solver.view import View


@kernel
def relocate(view: View, table: Tableau, known: Neighbours, order: int, rows: Ints, scratch: Scratch) -> int:
    """Move the order to its cheapest place, with its own rider or a neighbour.

    1 if that was better than where it is.
    """
    home = table.rider[order]
    best, best_rider, best_i, best_j = saving_of(view, table, known, order, scratch), -1, -1, -1
    if table.closed[home] == 1 or best <= 0:
        return 0
    left = table.cost[home] - best
    count = copy_without(table.route[home], table.length[home], order, rows[0])
    if known.dirty[home]:
        known.work[0] += 1
        slot = cheapest_insertion(view, home, rows[0], count, table.frozen[home], order, table.cost[home], scratch)
        if slot.pickup_at >= 0:
            best, best_rider, best_i, best_j = slot.cost - left, home, slot.pickup_at, slot.dropoff_at
    find_neighbours(view, table, known, order)
    for rider in known.near[order]:
        if not worth_trying(view, table, known, order, rider):
            continue
        if least_cost(view, rider, order) - most_saved_at_end(view, table, rider) >= best:
            continue
        known.work[0] += 1
        row, limit = table.route[rider], table.cost[rider] + best
        slot = cheapest_insertion(view, rider, row, table.length[rider], table.frozen[rider], order, limit, scratch)
        if slot.pickup_at >= 0:
            best, best_rider, best_i, best_j = slot.cost - table.cost[rider], rider, slot.pickup_at, slot.dropoff_at
    if best_rider < 0:
        return 0
    write_row(table, home, rows[0], count, left)
    put_at(table, best_rider, order, best_i, best_j, table.cost[best_rider] + best, scratch)
    note_change(table, known, home)
    note_change(table, known, best_rider)
    return 1

"""Let two orders change riders."""

from __future__ import annotations

from dispatch.geo.kernel import kernel
from dispatch.solver.insertion import Scratch, cheapest_insertion, copy_with, least_cost
from dispatch.solver.neighbours import Neighbours, find_neighbours, note_change, saving_of, worth_trying
from dispatch.solver.problem import Ints
from dispatch.solver.tableau import Tableau, copy_without, most_saved_at_end, write_row
from dispatch.solver.view import View, may_carry


@kernel
def exchange(view: View, table: Tableau, known: Neighbours, order: int, rows: Ints, scratch: Scratch) -> int:
    """Let the order change riders with one of a neighbour's: the first exchange that is better is made."""
    home = table.rider[order]
    saving = saving_of(view, table, known, order, scratch)
    if table.closed[home] == 1 or saving <= 0:
        return 0
    count = copy_without(table.route[home], table.length[home], order, rows[0])
    find_neighbours(view, table, known, order)
    for rider in known.near[order]:
        if not worth_trying(view, table, known, order, rider):
            continue
        saved = most_saved_at_end(view, table, rider) + most_saved_at_end(view, table, home)
        least = least_cost(view, rider, order) - saved
        for k in range(table.frozen[rider], table.length[rider]):
            task = table.route[rider, k]
            other = task >> 1
            if task & 1 or table.fixed[other] == 1:
                continue
            # Worth a closer look only if both together may cost less in their new places than their removal saves.
            other_saving = saving_of(view, table, known, other, scratch)
            if least + least_cost(view, home, other) >= saving + other_saving or not may_carry(view, other, home):
                continue
            known.work[0] += 1
            limit = table.cost[home] + other_saving - least
            if _try_pair(view, table, order, other, count, limit, rows, scratch):
                note_change(table, known, home)
                note_change(table, known, rider)
                return 1
    return 0


@kernel
def _try_pair(
    view: View, table: Tableau, order: int, other: int, count: int, limit: int, rows: Ints, scratch: Scratch
) -> bool:
    """Exchange the riders of two orders if that is cheaper.

    rows[0] holds the first order's route without it, ``count`` tasks; it must cost less than ``limit`` with the other
    order.
    """
    home, rider = table.rider[order], table.rider[other]
    other_count = copy_without(table.route[rider], table.length[rider], other, rows[1])
    mine = cheapest_insertion(view, home, rows[0], count, table.frozen[home], other, limit, scratch)
    if mine.pickup_at < 0:
        return False
    limit = table.cost[home] + table.cost[rider] - mine.cost
    theirs = cheapest_insertion(view, rider, rows[1], other_count, table.frozen[rider], order, limit, scratch)
    if theirs.pickup_at < 0:
        return False
    copy_with(rows[0], count, other, mine.pickup_at, mine.dropoff_at, scratch.row)
    write_row(table, home, scratch.row, count + 2, mine.cost)
    copy_with(rows[1], other_count, order, theirs.pickup_at, theirs.dropoff_at, scratch.row)
    write_row(table, rider, scratch.row, other_count + 2, theirs.cost)
    table.rider[order], table.rider[other] = rider, home
    return True

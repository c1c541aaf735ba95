"""Let two riders change the ends of their routes, cut where both bags are empty (2-opt*, Potvin & Rousseau 1995)."""

from __future__ import annotations

from dispatch.geo.kernel import kernel, move
from dispatch.solver.insertion import Scratch
from dispatch.solver.neighbours import Neighbours, find_neighbours, note_change, worth_trying
from dispatch.solver.problem import Ints
from dispatch.solver.tableau import Tableau, write_row
from dispatch.solver.view import View, may_carry
from dispatch.solver.walk import INFEASIBLE, price


@kernel
def exchange_tails(view: View, table: Tableau, known: Neighbours, order: int, rows: Ints, scratch: Scratch) -> int:
    """Try to give the route from the pickup of ``order`` on to a neighbour for that one's end; 1 if done.

    Only cuts at an empty bag behind everything that must stay are tried; the first exchange that is better is made.
    """
    home = table.rider[order]
    cut = _position(table, home, order)
    if table.closed[home] == 1 or not _may_cut(view, table, home, cut):
        return 0
    find_neighbours(view, table, known, order)
    for rider in known.near[order]:
        if not worth_trying(view, table, known, order, rider) or not _may_carry_tail(view, table, home, cut, rider):
            continue
        for other in range(table.length[rider], table.frozen[rider] - 1, -1):
            if not _may_cut(view, table, rider, other) or not _may_carry_tail(view, table, rider, other, home):
                continue
            known.work[0] += 1
            if _try(view, table, home, cut, rider, other, rows, scratch):
                note_change(table, known, home)
                note_change(table, known, rider)
                return 1
    return 0


@kernel
def _position(table: Tableau, rider: int, order: int) -> int:
    """Where the order's first task stands in the rider's route."""
    for k in range(table.length[rider]):
        if table.route[rider, k] >> 1 == order:
            return k
    return -1


@kernel
def _may_cut(view: View, table: Tableau, rider: int, cut: int) -> bool:
    """Whether the bag is empty before task ``cut``, no fixed order comes behind it, and it does not split a stop."""
    if cut < table.frozen[rider]:
        return False
    row, aboard = table.route[rider], view.aboard[rider]
    for k in range(cut):
        aboard += -1 if row[k] & 1 else 1
    if aboard != 0:
        return False
    fixed = 0
    for k in range(cut, table.length[rider]):
        fixed += table.fixed[row[k] >> 1]
    return bool(fixed == 0)


@kernel
def _may_carry_tail(view: View, table: Tableau, rider: int, cut: int, other: int) -> bool:
    """Whether ``other`` may carry every order from task ``cut`` of the rider's route on."""
    for k in range(cut, table.length[rider]):
        task = table.route[rider, k]
        if task & 1 == 0 and not may_carry(view, task >> 1, other):
            return False
    return True


@kernel
def _try(view: View, table: Tableau, a: int, cut_a: int, b: int, cut_b: int, rows: Ints, scratch: Scratch) -> bool:
    """Exchange the ends of two routes if that is cheaper."""
    count_a, count_b = table.length[a], table.length[b]
    new_a, new_b = cut_a + count_b - cut_b, cut_b + count_a - cut_a
    if max(new_a, new_b) > view.rules.max_tasks:
        return False
    limit = table.cost[a] + table.cost[b]
    move(table.route[b], 0, cut_b, rows[1], 0)
    move(table.route[a], cut_a, count_a - cut_a, rows[1], cut_b)
    cost_b = price(view, b, rows[1], new_b, scratch.ledger)
    if cost_b >= limit:
        return False
    move(table.route[a], 0, cut_a, rows[0], 0)
    move(table.route[b], cut_b, count_b - cut_b, rows[0], cut_a)
    cost_a = price(view, a, rows[0], new_a, scratch.ledger)
    if cost_a >= INFEASIBLE or cost_a + cost_b >= limit:
        return False
    write_row(table, a, rows[0], new_a, cost_a)
    write_row(table, b, rows[1], new_b, cost_b)
    for k in range(cut_a, new_a):
        table.rider[rows[0, k] >> 1] = a
    for k in range(cut_b, new_b):
        table.rider[rows[1, k] >> 1] = b
    return True

"""Local search over the whole plan, around what has changed.

Always in the same order and without a clock, so that the same problem gives the same plan.
"""

from __future__ import annotations

from dispatch.geo.kernel import kernel
from dispatch.solver.exchange import exchange
from dispatch.solver.insertion import Scratch
from dispatch.solver.neighbours import Neighbours, end_pass
from dispatch.solver.problem import Ints
from dispatch.solver.relocate import relocate
from dispatch.solver.tableau import Tableau
from dispatch.solver.tails import exchange_tails
from dispatch.solver.view import View


@kernel
def improve(
    view: View,
    table: Tableau,
    movable: Ints,
    known: Neighbours,
    passes: int,
    exchanges: int,
    rows: Ints,
    scratch: Scratch,
) -> int:
    """Improve the tableau in place until a pass finds nothing or ``passes`` are used up; answers the number of moves.

    movable: orders that may move. exchanges: 1 to let orders and ends of routes change riders, too. rows: int64 (2, W),
    scratch. Only moves that touch a dirty route are tried.
    """
    moves = 0
    for _ in range(passes):
        found = 0
        for order in movable:
            if table.rider[order] >= 0:
                found += relocate(view, table, known, order, rows, scratch)
        for order in movable:
            if exchanges == 1 and table.rider[order] >= 0:
                found += exchange(view, table, known, order, rows, scratch)
        for order in movable:
            if exchanges == 1 and table.rider[order] >= 0:
                found += exchange_tails(view, table, known, order, rows, scratch)
        moves += found
        end_pass(known)
        if found == 0:
            break
    return moves

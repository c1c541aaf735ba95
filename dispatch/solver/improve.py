"""Local search over the whole plan, around what has changed.

Always in the same order and without a clock, so that the same problem and the same work give the same plan.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.solver.exchange import exchange
from dispatch.solver.insertion import Scratch
from dispatch.solver.neighbours import Neighbours, end_pass
from dispatch.solver.problem import Ints
from dispatch.solver.relocate import relocate
from dispatch.solver.tableau import Tableau
from dispatch.solver.tails import exchange_tails
from dispatch.solver.view import View

PASS: Final = 0
STEP: Final = 1
FOUND: Final = 2
MOVES: Final = 3
"""Where a search stands: passes done, orders done in this pass (each kind of move goes over all of them), moves found
in this pass, and in all."""


def begin() -> Ints:
    """A search that has done nothing yet."""
    return np.zeros(4, np.int64)


@kernel
def improve(
    view: View,
    table: Tableau,
    movable: Ints,
    known: Neighbours,
    passes: int,
    exchanges: int,
    at: Ints,
    most: int,
    rows: Ints,
    scratch: Scratch,
) -> bool:
    """Improve the tableau in place until ``most`` work is done: whether that is all, as a pass finds nothing or
    ``passes`` are used up. Else the next call goes on.

    movable: orders that may move. exchanges: 1 to let orders and ends of routes change riders, too. at: where the
    search stands, see ``begin``. rows: int64 (2, W), scratch. Only moves that touch a dirty route are tried.
    """
    count = movable.shape[0]
    steps = count * (3 if exchanges == 1 else 1)
    while at[PASS] < passes:
        if at[STEP] == steps:
            end_pass(known)
            at[PASS] = at[PASS] + 1 if at[FOUND] > 0 else passes
            at[STEP], at[FOUND] = 0, 0
            continue
        if known.work[0] >= most:
            return False
        kind, order = at[STEP] // count, movable[at[STEP] % count]
        at[STEP] += 1
        if table.rider[order] < 0:
            continue
        known.work[0] += 1
        found = 0
        if kind == 0:
            found = relocate(view, table, known, order, rows, scratch)
        elif kind == 1:
            found = exchange(view, table, known, order, rows, scratch)
        else:
            found = exchange_tails(view, table, known, order, rows, scratch)
        at[FOUND] += found
        at[MOVES] += found
    return True

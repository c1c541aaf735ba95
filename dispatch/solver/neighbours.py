"""What local search remembers between moves: riders to try, routes that changed, what removing an order saves."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.solver.candidates import first_riders, route_ends
from dispatch.solver.grid import Grid, make_grid
from dispatch.solver.insertion import Scratch
from dispatch.solver.problem import Ints
from dispatch.solver.tableau import Tableau, copy_without
from dispatch.solver.view import View, may_carry
from dispatch.solver.walk import INFEASIBLE, price

UNKNOWN: Final = -2


class Neighbours(NamedTuple):
    """Worked out when first asked for.

    near: int64 (O, k), riders to try for an order, UNKNOWN in the first column until asked for. grid: the riders by
    the ends of their routes, by which nearness is judged; when: int64 (k,), scratch.
    dirty: int64 (R,), not 0 where a route has changed since it was last searched.
    saving: int64 (O,), what taking the order out of its route saves, UNKNOWN until asked for.
    work: int64 (1,), routes tried so far, and orders taken up: what a search may do is counted in these.
    """

    near: Ints
    grid: Grid
    when: Ints
    dirty: Ints
    saving: Ints
    work: Ints


def make_neighbours(view: View, table: Tableau, changed: Ints, k: int) -> Neighbours:
    """Nothing known yet; the ``changed`` routes are dirty."""
    orders, riders = len(table.rider), len(table.length)
    k = max(1, min(k, riders))
    return Neighbours(
        near=np.full((orders, k), UNKNOWN, np.int64),
        grid=make_grid(view, route_ends(view, table)),
        when=np.zeros(k, np.int64),
        dirty=changed,
        saving=np.full(orders, UNKNOWN, np.int64),
        work=np.zeros(1, np.int64),
    )


@kernel
def end_pass(known: Neighbours) -> None:
    """Routes changed in this pass stay dirty for the next one; those that were only searched are clean."""
    for r in range(known.dirty.shape[0]):
        known.dirty[r] = known.dirty[r] >> 1


@kernel
def note_change(table: Tableau, known: Neighbours, rider: int) -> None:
    """The rider's route is another now."""
    known.dirty[rider] = 2
    for k in range(table.length[rider]):
        known.saving[table.route[rider, k] >> 1] = UNKNOWN


@kernel
def find_neighbours(view: View, table: Tableau, known: Neighbours, order: int) -> None:
    """Make sure that ``known.near[order]`` holds the riders to try for the order, -1 padded."""
    if known.near[order, 0] == UNKNOWN:
        first_riders(view, table, known.grid, order, known.near[order], known.when)


@kernel
def saving_of(view: View, table: Tableau, known: Neighbours, order: int, scratch: Scratch) -> int:
    """What taking the order out of its route saves; -INFEASIBLE where the rest would break a rule."""
    if known.saving[order] == UNKNOWN:
        rider = table.rider[order]
        count = copy_without(table.route[rider], table.length[rider], order, scratch.bundle)
        left = price(view, rider, scratch.bundle, count, scratch.ledger)
        known.saving[order] = -INFEASIBLE if left >= INFEASIBLE else table.cost[rider] - left
    return int(known.saving[order])


@kernel
def worth_trying(view: View, table: Tableau, known: Neighbours, order: int, rider: int) -> bool:
    """Whether the rider is another than the order's, one of both routes is dirty, and the rider may have the order."""
    home = table.rider[order]
    if rider < 0 or rider == home or known.dirty[home] + known.dirty[rider] == 0:
        return False
    return bool(table.closed[rider] == 0 and may_carry(view, order, rider))

"""Local search over the whole plan: move an order to a better place, or let two orders change riders.

Always in the same order and without a clock, so that the same problem gives the same plan.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.solver.candidates import Ends, first_riders, route_ends
from dispatch.solver.insertion import Scratch, cheapest_insertion, copy_with, least_cost
from dispatch.solver.problem import Ints
from dispatch.solver.tableau import Tableau, copy_without, put_at, write_row
from dispatch.solver.tails import exchange_tails
from dispatch.solver.view import View, may_carry
from dispatch.solver.walk import INFEASIBLE, price


UNKNOWN: Final = -2


class Neighbours(NamedTuple):
    """Riders worth trying for an order, worked out when first asked for.

    near: int64 (O, k), UNKNOWN in the first column until then. ends: the ends of the routes, by which nearness is judged.
    dirty: int64 (R,), not 0 where a route has changed since it was last searched. touched: int64 (R,), the riders with a dirty
    route in its first touched_count[0] entries; for an order in a clean route only these are tried.
    """

    near: Ints
    ends: Ends
    dirty: Ints
    touched: Ints
    touched_count: Ints


def make_neighbours(view: View, table: Tableau, changed: Ints, k: int) -> Neighbours:
    """Nothing known yet; the ``changed`` routes are dirty."""
    riders = len(table.count)
    near = np.full((len(table.rider), max(1, min(k, riders))), UNKNOWN, np.int64)
    return Neighbours(near, route_ends(view, table), changed, np.zeros(riders, np.int64), np.zeros(1, np.int64))


@kernel
def neighbours_of(view: View, table: Tableau, known: Neighbours, order: int) -> Ints:
    """The riders to try for the order."""
    if known.dirty[table.rider[order]] == 0:
        return known.touched[: known.touched_count[0]]
    if known.near[order, 0] == UNKNOWN:
        first_riders(view, table, known.ends, order, known.near[order])
    return known.near[order]


@kernel
def _note_touched(known: Neighbours) -> None:
    """List the riders with a dirty route."""
    count = 0
    for r in range(known.dirty.shape[0]):
        if known.dirty[r]:
            known.touched[count] = r
            count += 1
    known.touched_count[0] = count


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
    """Improve the tableau in place until a pass finds nothing, or ``passes`` are used up; answers how many moves were made.

    movable: orders that may move. exchanges: 1 to let orders and ends of routes change riders, too. rows: int64 (2, W), scratch.
    Only moves that touch a dirty route are tried.
    """
    moves = 0
    for _ in range(passes):
        found = 0
        _note_touched(known)
        for order in movable:
            if table.rider[order] >= 0:
                near = neighbours_of(view, table, known, order)
                found += relocate(view, table, order, near, known.dirty, rows, scratch)
        for order in movable:
            if exchanges == 1 and table.rider[order] >= 0:
                near = neighbours_of(view, table, known, order)
                found += _exchange(view, table, order, near, known.dirty, rows, scratch)
        for order in movable:
            if exchanges == 1 and table.rider[order] >= 0:
                near = neighbours_of(view, table, known, order)
                found += exchange_tails(view, table, order, near, known.dirty, rows, scratch)
        moves += found
        for r in range(known.dirty.shape[0]):
            known.dirty[r] = known.dirty[r] >> 1  # 2, changed in this pass, becomes 1; 1, searched now, becomes 0
        if found == 0:
            break
    return moves


@kernel
def _may_take(view: View, table: Tableau, rider: int, order: int) -> bool:
    """Whether the rider's route is open for the order."""
    return bool(rider >= 0 and table.closed[rider] == 0 and may_carry(view, order, rider))


@kernel
def relocate(view: View, table: Tableau, order: int, near: Ints, dirty: Ints, rows: Ints, scratch: Scratch) -> int:
    """Move one order to its cheapest place among the riders ``near`` and its own; 1 if that was better than where it is."""
    home = table.rider[order]
    if table.closed[home] == 1:
        return 0
    count = copy_without(table.route[home], table.count[home], order, rows[0])
    left = price(view, home, rows[0], count, scratch.ledger)
    if left >= INFEASIBLE:
        return 0
    best, best_rider, best_i, best_j = table.cost[home] - left, -1, -1, -1
    if dirty[home]:
        slot = cheapest_insertion(view, home, rows[0], count, table.frozen[home], order, left + best, scratch)
        if slot.pickup_at >= 0:
            best, best_rider, best_i, best_j = slot.cost - left, home, slot.pickup_at, slot.dropoff_at
    for rider in near:
        if rider == home or rider < 0 or dirty[home] + dirty[rider] == 0:
            continue
        if least_cost(view, rider, order) >= best or not _may_take(view, table, rider, order):
            continue
        row, limit = table.route[rider], table.cost[rider] + best
        slot = cheapest_insertion(view, rider, row, table.count[rider], table.frozen[rider], order, limit, scratch)
        if slot.pickup_at >= 0:
            best, best_rider, best_i, best_j = slot.cost - table.cost[rider], rider, slot.pickup_at, slot.dropoff_at
    if best_rider < 0:
        return 0
    write_row(table, home, rows[0], count, left)
    put_at(table, best_rider, order, best_i, best_j, table.cost[best_rider] + best, scratch)
    dirty[home], dirty[best_rider] = 2, 2
    return 1


@kernel
def _exchange(view: View, table: Tableau, order: int, near: Ints, dirty: Ints, rows: Ints, scratch: Scratch) -> int:
    """Let the order change riders with one of theirs: the first exchange that is better is made."""
    home = table.rider[order]
    if table.closed[home] == 1:
        return 0
    count = copy_without(table.route[home], table.count[home], order, rows[0])
    left = price(view, home, rows[0], count, scratch.ledger)
    gain = table.cost[home] - left
    if left >= INFEASIBLE:
        return 0
    for rider in near:
        if rider == home or rider < 0 or dirty[home] + dirty[rider] == 0 or not _may_take(view, table, rider, order):
            continue
        # An exchange pays only if the order may cost less there than it does here, all else left as it is.
        if least_cost(view, rider, order) >= gain + table.cost[rider]:
            continue
        for k in range(table.frozen[rider], table.count[rider]):
            task = table.route[rider, k]
            if task & 1 == 0 and _try_pair(view, table, order, task >> 1, count, left, rows, scratch):
                dirty[home], dirty[rider] = 2, 2
                return 1
    return 0


@kernel
def _try_pair(
    view: View, table: Tableau, order: int, other: int, count: int, left: int, rows: Ints, scratch: Scratch
) -> bool:
    """Exchange the riders of two orders if that is better; rows[0] holds the first order's route without it, ``left`` its cost."""
    home, rider = table.rider[order], table.rider[other]
    if table.fixed[other] == 1 or not may_carry(view, other, home):
        return False
    before = table.cost[home] + table.cost[rider]
    other_count = copy_without(table.route[rider], table.count[rider], other, rows[1])
    other_left = price(view, rider, rows[1], other_count, scratch.ledger)
    if other_left >= INFEASIBLE:
        return False
    most = before - left - other_left
    if least_cost(view, home, other) + least_cost(view, rider, order) >= most:
        return False
    mine = cheapest_insertion(
        view,
        home,
        rows[0],
        count,
        table.frozen[home],
        other,
        before - other_left - least_cost(view, rider, order),
        scratch,
    )
    if mine.pickup_at < 0:
        return False
    theirs = cheapest_insertion(
        view, rider, rows[1], other_count, table.frozen[rider], order, before - mine.cost, scratch
    )
    if theirs.pickup_at < 0:
        return False
    copy_with(rows[0], count, other, mine.pickup_at, mine.dropoff_at, scratch.row)
    write_row(table, home, scratch.row, count + 2, mine.cost)
    copy_with(rows[1], other_count, order, theirs.pickup_at, theirs.dropoff_at, scratch.row)
    write_row(table, rider, scratch.row, other_count + 2, theirs.cost)
    table.rider[order], table.rider[other] = rider, home
    return True

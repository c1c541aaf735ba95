"""The routes while they are being worked on: fixed-width rows that compiled loops can change in place."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import inlined_kernel, kernel, move
from dispatch.solver.ahead import FIELDS, look_ahead
from dispatch.solver.costs.ending import ending_cost
from dispatch.solver.insertion import Scratch, Slot, cheapest_slot, copy_with
from dispatch.solver.problem import OPEN, Ints, Problem, Routes
from dispatch.solver.view import View, may_carry
from dispatch.solver.walk import FINE, INFEASIBLE, total, walk

SPARE: Final = 2
"""Rows ahead that a route gets for one more order, before it has to move."""

_ROWS_A_RIDER: Final = 4
"""Rows ahead for each rider, and two for each task: hardly ever are all of them used."""


class Tableau(NamedTuple):
    """Routes of all riders.

    route: int64 (R, W), tasks as ``order * 2 + kind``; the first length[r] of row r count.
    frozen: int64 (R,), leading tasks that stay. cost: int64 (R,), weighted cost of each route.
    closed: int64 (R,), 1 where what was given already breaks a rule, so that nothing is added.
    rider: int64 (O,), whose route has the order, -1 for nobody's. fixed: int64 (O,), 1 where the order must stay in its
    route.
    ahead: int64 (N, FIELDS), see ``ahead.py``: the rows of a route lie together, and those of the riders who are looked
    at one after the other, as most stand idle and never are. row_ahead: int64 (R + 1,), where each rider's begin, -1
    for nowhere; the last says how many rows are in use. room_ahead: int64 (R,), how many rows there are for each.
    known: int64 (R,), 1 where they are those of the route as it is.
    """

    route: Ints
    length: Ints
    frozen: Ints
    cost: Ints
    closed: Ints
    rider: Ints
    fixed: Ints
    ahead: Ints
    row_ahead: Ints
    room_ahead: Ints
    known: Ints


def make_tableau(problem: Problem, view: View, scratch: Scratch, *, width: int, replan: bool) -> Tableau:
    """Lay out the present routes; with ``replan`` every open order that is not frozen starts without a rider.

    A route that breaks a hard rule as given loses its open orders, too; if it breaks one still, it is closed.
    """
    routes = problem.routes
    table = Tableau(
        route=np.zeros((problem.rider_count, width), np.int64),
        length=np.zeros(problem.rider_count, np.int64),
        frozen=routes.frozen.copy(),
        cost=np.zeros(problem.rider_count, np.int64),
        closed=np.zeros(problem.rider_count, np.int64),
        rider=np.full(problem.order_count, -1, np.int64),
        fixed=(problem.orders.state != OPEN).astype(np.int64),
        ahead=np.empty(
            (_ROWS_A_RIDER * problem.rider_count + 2 * len(routes.order) + width + 1 + SPARE, FIELDS), np.int64
        ),
        row_ahead=np.append(np.full(problem.rider_count, -1, np.int64), 0),
        room_ahead=np.zeros(problem.rider_count, np.int64),
        known=np.zeros(problem.rider_count, np.int64),
    )
    _fill(view, table, routes.start, routes.order * 2 + routes.kind, int(replan), scratch)
    return table


@kernel
def copy_without(row: Ints, count: int, order: int, out: Ints) -> int:
    """Write the route without the tasks of ``order`` into ``out``; answers how many tasks are left."""
    kept = 0
    for k in range(count):
        if row[k] >> 1 != order:
            out[kept] = row[k]
            kept += 1
    return kept


@kernel
def _fill(view: View, table: Tableau, start: Ints, tasks: Ints, replan: int, scratch: Scratch) -> None:
    """Copy the given routes row by row, strip what is to be planned anew, and price them."""
    for r in range(table.length.shape[0]):
        count = start[r + 1] - start[r]
        table.length[r] = count
        move(tasks, start[r], count, table.route[r], 0)
        for k in range(table.frozen[r]):
            table.fixed[table.route[r, k] >> 1] = 1
        _drop_unfit(view, table, r, scratch)
        too_long = table.length[r] > view.rules.max_tasks
        if replan == 1 or too_long or _reprice(view, table, r, scratch) != FINE:
            _strip_open(table, r)
            if _reprice(view, table, r, scratch) != FINE:
                table.closed[r] = 1
        for k in range(table.length[r]):
            table.rider[table.route[r, k] >> 1] = r


@kernel
def _drop_unfit(view: View, table: Tableau, rider: int, scratch: Scratch) -> None:
    """Take out open orders that the rider may not carry any more: barred since, other zone, other vehicle."""
    count = table.length[rider]
    for k in range(count - 1, -1, -1):
        order = table.route[rider, k] >> 1
        if table.route[rider, k] & 1 == 0 and table.fixed[order] == 0 and not may_carry(view, order, rider):
            count = copy_without(table.route[rider], count, order, scratch.row)
            move(scratch.row, 0, count, table.route[rider], 0)
    table.length[rider] = count


@kernel
def _strip_open(table: Tableau, rider: int) -> None:
    """Take the orders that need not stay out of a route."""
    row, kept = table.route[rider], 0
    for k in range(table.length[rider]):
        if table.fixed[row[k] >> 1] == 1:
            row[kept] = row[k]
            kept += 1
    table.length[rider] = kept


@kernel
def _reprice(view: View, table: Tableau, rider: int, scratch: Scratch) -> int:
    """Compute a route's cost anew; answers FINE or the first rule it breaks."""
    broken = walk(view, rider, table.route[rider], table.length[rider], scratch.ledger)
    table.cost[rider] = total(scratch.ledger)
    return broken


@kernel
def write_row(table: Tableau, rider: int, row: Ints, count: int, cost: int) -> None:
    """Take over a changed route."""
    move(row, 0, count, table.route[rider], 0)
    table.length[rider] = count
    table.cost[rider] = cost
    table.known[rider] = 0


@kernel
def put_at(
    table: Tableau, rider: int, order: int, pickup_at: int, dropoff_at: int, cost: int, scratch: Scratch
) -> None:
    """Insert the order at the given positions; ``cost`` is the whole route's with it."""
    count = table.length[rider]
    copy_with(table.route[rider], count, order, pickup_at, dropoff_at, scratch.row)
    write_row(table, rider, scratch.row, count + 2, cost)
    table.rider[order] = rider


@inlined_kernel
def ridden(view: View, table: Tableau, rider: int) -> int:
    """Where the rows ahead of the rider begin, on the route as it is now; good until somebody else is asked for."""
    need = table.length[rider] + 1
    if table.row_ahead[rider] < 0 or table.room_ahead[rider] < need:
        _make_room(table, rider, need + SPARE)
    at = table.row_ahead[rider]
    if table.known[rider] == 0:
        look_ahead(view, rider, table.route[rider], table.length[rider], table.ahead[at : at + need])
        table.known[rider] = 1
    return int(at)


@kernel
def _make_room(table: Tableau, rider: int, rows: int) -> None:
    """Find so many rows for the rider; when all are in use, everything ahead is forgotten and ridden again."""
    last = table.length.shape[0]
    if table.row_ahead[last] + rows > table.ahead.shape[0]:
        table.row_ahead[:last] = -1
        table.row_ahead[last] = 0
        table.known[:] = 0
    table.row_ahead[rider], table.room_ahead[rider], table.known[rider] = table.row_ahead[last], rows, 0
    table.row_ahead[last] += rows


@inlined_kernel
def slot_for(view: View, table: Tableau, rider: int, order: int, limit: int, scratch: Scratch) -> Slot:
    """The cheapest slot of the order in the rider's route, if it costs less than ``limit``; else one of INFEASIBLE."""
    at, row = ridden(view, table, rider), table.route[rider]
    ahead = table.ahead[at : at + table.length[rider] + 1]
    return cheapest_slot(view, rider, row, table.length[rider], table.frozen[rider], ahead, order, limit, scratch.event)


@kernel
def put(view: View, table: Tableau, rider: int, order: int, scratch: Scratch) -> bool:
    """Insert the order where it is cheapest; False, and nothing changed, where there is no place."""
    slot = slot_for(view, table, rider, order, INFEASIBLE, scratch)
    if slot.pickup_at < 0:
        return False
    put_at(table, rider, order, slot.pickup_at, slot.dropoff_at, slot.cost, scratch)
    return True


@inlined_kernel
def most_saved_at_end(view: View, table: Tableau, rider: int) -> int:
    """The most that a route can get cheaper because another order's door becomes its end."""
    if view.ending[rider] == 0.0:
        return 0
    end, count = view.riders.place[rider], table.length[rider]
    if count > 0:
        task = table.route[rider, count - 1]
        end = view.orders.dropoff[task >> 1] if task & 1 else view.orders.pickup[task >> 1]
    return ending_cost(view.ending[rider], view.onward_m[end])


@kernel
def take_out(view: View, table: Tableau, order: int, scratch: Scratch) -> int:
    """Take the order out of its route; answers FINE or the first rule that what is left breaks."""
    rider = table.rider[order]
    count = copy_without(table.route[rider], table.length[rider], order, scratch.bundle)
    write_row(table, rider, scratch.bundle, count, 0)
    table.rider[order] = -1
    return _reprice(view, table, rider, scratch)


def routes_of(table: Tableau) -> Routes:
    """The tableau as compact routes."""
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(table.length)])
    taken = np.arange(table.route.shape[1])[None, :] < table.length[:, None]
    tasks = table.route[taken]
    return Routes(start=start, order=tasks >> 1, kind=tasks & 1, frozen=table.frozen)

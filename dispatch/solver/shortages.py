"""Orders that were looked at and have no rider: how many riders each rule keeps away, and what would help.

It says of every rider what ``dispatch.solver.explain`` says, for all orders together in compiled loops, so that it can
be done in every tick. What would help is tried: a longer shift with the order at its cheapest place in the route, a
free rider at every distance.
"""

from __future__ import annotations

from functools import reduce
from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import inlined_kernel, kernel, move, travel_s
from dispatch.solver.explanation import Obstacle
from dispatch.solver.insertion import Scratch, cheapest_insertion, copy_with
from dispatch.solver.lone import farthest_s
from dispatch.solver.plan import Plan
from dispatch.solver.problem import EVERYWHERE, PICKUP, Ints
from dispatch.solver.trials import without_rule
from dispatch.solver.view import View, is_barred, takes
from dispatch.solver.walk import (
    FINE,
    INFEASIBLE,
    MIXED,
    NO_CAPACITY,
    SHIFT_OVER,
    TOO_OLD,
    earliest_arrival,
    leg_s,
    pickup_times,
    ride_stop,
    start_ride,
    stop_end,
    total,
    walk,
)

CODES: Final = tuple(Obstacle)
"""Columns of ``Shortages.kept_away``."""

NOT_ACCEPTING: Final = CODES.index(Obstacle.NOT_ACCEPTING)
VEHICLE: Final = CODES.index(Obstacle.VEHICLE)
ZONE: Final = CODES.index(Obstacle.ZONE)
SIZE: Final = CODES.index(Obstacle.SIZE)
BARRED: Final = CODES.index(Obstacle.BARRED)
ROUTE_BROKEN: Final = CODES.index(Obstacle.ROUTE_BROKEN)
TOO_MANY_TASKS: Final = CODES.index(Obstacle.TOO_MANY_TASKS)
MERCHANTS_MIXED: Final = CODES.index(Obstacle.MERCHANTS_MIXED)
CAPACITY: Final = CODES.index(Obstacle.CAPACITY)
SHIFT_ENDS: Final = CODES.index(Obstacle.SHIFT_ENDS)
FOOD_TOO_OLD: Final = CODES.index(Obstacle.FOOD_TOO_OLD)
UNREACHABLE: Final = CODES.index(Obstacle.UNREACHABLE)
FITS: Final = len(CODES)
_UNKNOWN: Final = FITS + 1

_ROUTE_RULES: Final = range(TOO_MANY_TASKS, FOOD_TOO_OLD + 1)
NOBODY: Final = -1


class Shortages(NamedTuple):
    """Orders without a rider; u of them, the oldest first.

    order: int64 (u,). out: int64 (u,), price of leaving it out. kept_away: int64 (u, number of obstacles), riders whom
    each rule keeps away, in the order of ``Obstacle``; the rest could have it.
    rider, total: int64 (u,), the cheapest of those who could, and what the order would add there; -1 and INFEASIBLE.
    late_rider, late_s: int64 (u,), the rider whose shift ends least too early for the order, and by how much; -1 and 0.
    reach_s: int64 (u,), the longest leg to the merchant with which a free rider would get it; -1 where even one at the
    merchant is too dear.
    """

    order: Ints
    out: Ints
    kept_away: Ints
    rider: Ints
    total: Ints
    late_rider: Ints
    late_s: Ints
    reach_s: Ints


class _Board(NamedTuple):
    """The plan's routes, and what is known of each pair; code: int64 (u, R), a rule, FITS or _UNKNOWN."""

    start: Ints
    tasks: Ints
    frozen: Ints
    cost: Ints
    code: Ints


def shortages_of(view: View, plan: Plan, orders: Ints, out: Ints, scratch: Scratch) -> Shortages:
    """Why each of ``orders`` has no rider; ``out`` (u,) is what leaving it out costs."""
    count, riders = len(orders), len(view.riders.place)
    found = Shortages(
        order=orders,
        out=out,
        kept_away=np.zeros((count, len(CODES)), np.int64),
        rider=np.full(count, NOBODY, np.int64),
        total=np.full(count, INFEASIBLE, np.int64),
        late_rider=np.full(count, NOBODY, np.int64),
        late_s=np.zeros(count, np.int64),
        reach_s=np.full(count, NOBODY, np.int64),
    )
    if count:
        routes = plan.routes
        cost, code = np.zeros(riders, np.int64), np.full((count, riders), _UNKNOWN, np.int64)
        board = _Board(routes.start, routes.order * 2 + routes.kind, routes.frozen, cost, code)
        _find_rules(view, board, found, scratch)
        for number in range(count):
            found.kept_away[number] = np.bincount(code[number], minlength=FITS)[:FITS]
        _find_reach(view, found)
    return found


def _find_rules(view: View, board: _Board, found: Shortages, scratch: Scratch) -> None:
    """Fill the codes: the pair's rules, then the route as it is, then without one rule at a time, then without any."""
    _look_at_pairs(view, board, found, scratch)
    _try_unknown(view, board, found, FITS, scratch)
    for rule in _ROUTE_RULES:
        if not (board.code == _UNKNOWN).any():
            return
        _try_unknown(without_rule(view, CODES[rule]), board, found, rule, scratch)
    if (board.code == _UNKNOWN).any():
        anyhow = reduce(without_rule, (CODES[rule] for rule in _ROUTE_RULES), view)
        unknown = board.code == _UNKNOWN
        _try_unknown(anyhow, board, found, UNREACHABLE, scratch)
        several = unknown & (board.code == UNREACHABLE)
        board.code[unknown] = UNREACHABLE
        board.code[several] = _UNKNOWN
        _blame_the_end(view, board, found, scratch)


@kernel
def _look_at_pairs(view: View, board: _Board, found: Shortages, scratch: Scratch) -> None:
    """Rules of the pair alone, and routes to which nothing is added."""
    for r in range(board.frozen.shape[0]):
        row = board.tasks[board.start[r] : board.start[r + 1]]
        broken = walk(view, r, row, row.shape[0], scratch.ledger) != FINE
        board.cost[r] = total(scratch.ledger)
        for n in range(found.order.shape[0]):
            code = pair_obstacle(view, found.order[n], r)
            if code == FITS:
                code = ROUTE_BROKEN if broken else _UNKNOWN
            board.code[n, r] = code


@inlined_kernel
def pair_obstacle(view: View, order: int, rider: int) -> int:
    """The first rule of the pair alone that is broken, or FITS; for an order that may go to anybody."""
    orders, riders = view.orders, view.riders
    if not takes(riders.accepts[rider], orders.rider[order], rider):
        return NOT_ACCEPTING
    if (orders.vehicles[order] >> riders.profile[rider]) & 1 == 0:
        return VEHICLE
    if orders.zones[order] & riders.zones[rider] == 0 and orders.zones[order] != EVERYWHERE:
        return ZONE
    if orders.size[order] > riders.capacity[rider]:
        return SIZE
    return BARRED if is_barred(view, order, rider) else FITS


@kernel
def _try_unknown(view: View, board: _Board, found: Shortages, rule: int, scratch: Scratch) -> None:
    """Give the code ``rule`` to the pairs of which nothing is known yet and that fit in this view."""
    for n in range(board.code.shape[0]):
        order = found.order[n]
        for r in range(board.code.shape[1]):
            if board.code[n, r] != _UNKNOWN:
                continue
            row = board.tasks[board.start[r] : board.start[r + 1]]
            count = row.shape[0]
            slot = cheapest_insertion(view, r, row, count, board.frozen[r], order, INFEASIBLE, scratch)
            if slot.pickup_at < 0:
                continue
            board.code[n, r] = rule
            if rule == FITS and slot.cost - board.cost[r] < found.total[n]:
                found.total[n], found.rider[n] = slot.cost - board.cost[r], r
            if rule == SHIFT_ENDS:
                copy_with(row, count, order, slot.pickup_at, slot.dropoff_at, scratch.bundle)
                _note_late(view, r, scratch.bundle, count + 2, found, n, scratch)


@inlined_kernel
def _note_late(view: View, rider: int, row: Ints, count: int, found: Shortages, n: int, scratch: Scratch) -> None:
    """By how much the last pickup of the route comes after the shift, if less than noted so far."""
    ride, first, late = start_ride(view, rider), 0, 0
    while first < count:
        end = stop_end(view, row, count, first)
        if row[first] & 1 == PICKUP:
            there = view.orders.pickup[row[first] >> 1]
            arrive = earliest_arrival(view, ride, there, leg_s(view, rider, ride, there))
            _, event, _ = pickup_times(view, row, first, end, arrive)
            late = max(late, event - view.riders.off_at[rider])
        ride = ride_stop(view, rider, ride, row, first, end, scratch.ledger)
        first = end
    if late > 0 and (found.late_rider[n] < 0 or late < found.late_s[n]):
        found.late_rider[n], found.late_s[n] = rider, late


@kernel
def _blame_the_end(view: View, board: _Board, found: Shortages, scratch: Scratch) -> None:
    """Where no rule alone is to blame: the first one broken when the order comes last in the route."""
    for n in range(board.code.shape[0]):
        for r in range(board.code.shape[1]):
            if board.code[n, r] != _UNKNOWN:
                continue
            row, count = scratch.bundle, board.start[r + 1] - board.start[r]
            move(board.tasks, board.start[r], count, row, 0)
            row[count], row[count + 1] = found.order[n] * 2, found.order[n] * 2 + 1
            board.code[n, r] = TOO_MANY_TASKS
            if count + 2 <= view.rules.max_tasks:
                board.code[n, r] = _code_of(walk(view, r, row, count + 2, scratch.ledger))


@inlined_kernel
def _code_of(broken: int) -> int:
    """The code of a rule that a ride has broken."""
    if broken == MIXED:
        return MERCHANTS_MIXED
    if broken == NO_CAPACITY:
        return CAPACITY
    if broken == SHIFT_OVER:
        return SHIFT_ENDS
    return FOOD_TOO_OLD if broken == TOO_OLD else UNREACHABLE


@kernel
def _find_reach(view: View, found: Shortages) -> None:
    """How near a free rider would have to be: one like the cheapest who could, or with the quickest vehicle."""
    for n in range(found.order.shape[0]):
        order, best = found.order[n], found.rider[n]
        profile = view.riders.profile[best] if best >= 0 else _quickest_profile(view, order)
        if profile >= 0:
            capacity = view.riders.capacity[best] if best >= 0 else 1
            found.reach_s[n] = farthest_s(view, order, profile, capacity, found.out[n])


@inlined_kernel
def _quickest_profile(view: View, order: int) -> int:
    """The way of travel that may carry the order and is quickest from merchant to customer, -1 for none."""
    orders, best, least = view.orders, NOBODY, 0
    for p in range(view.travel.pace.shape[0]):
        way = travel_s(view.travel, p, orders.pickup[order], orders.dropoff[order])
        if (orders.vehicles[order] >> p) & 1 == 1 and (best < 0 or way < least):
            best, least = p, way
    return best

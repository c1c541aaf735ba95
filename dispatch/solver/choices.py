"""What each order that has just got its rider costs there, and what the best other rider would have cost.

The routes are those of the finished plan without the order, as in ``dispatch.solver.explain``; the other rider is the
cheapest of who has the order now and the few who could be at the merchant first.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import inlined_kernel, kernel, move
from dispatch.solver.costs import TERMS
from dispatch.solver.insertion import Scratch, Slot, cheapest_insertion, copy_with
from dispatch.solver.least import Bases, direct_m, least_added
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Ints
from dispatch.solver.reach import Reach
from dispatch.solver.tableau import copy_without
from dispatch.solver.view import View, may_carry
from dispatch.solver.walk import FINE, INFEASIBLE, total, walk

NOBODY: Final = -1
_UNKNOWN: Final = -1


class Choices(NamedTuple):
    """Orders that have another rider than in the last plan, or one for the first time; n of them.

    order, rider: int64 (n,). other: int64 (n,), the runner-up, -1 where no other rider looked at could have it.
    terms, other_terms: int64 (n, K), what the order adds to the route of either, in the order of ``TERMS``.
    """

    order: Ints
    rider: Ints
    other: Ints
    terms: Ints
    other_terms: Ints


class _Board(NamedTuple):
    """The plan's routes as compiled loops read them: tasks of rider r are tasks[start[r]:start[r + 1]].

    sound: int64 (R,), 1 where the route breaks no hard rule, 0 where it does, _UNKNOWN where nobody has asked.
    terms, cost: int64 (R, K) and (R,), of the route; of empty ones (and cost at all) only where somebody has asked.
    """

    start: Ints
    tasks: Ints
    frozen: Ints
    terms: Ints
    cost: Ints
    sound: Ints


def choices_of(
    view: View, bases: Bases, plan: Plan, near: Reach, chosen: Ints, rider: Ints, scratch: Scratch
) -> Choices:
    """Terms of the orders ``chosen``, which are with ``rider`` (n,), and of the best of the others looked at."""
    size = (len(chosen), len(TERMS))
    other = np.full(len(chosen), NOBODY, np.int64)
    found = Choices(chosen, rider, other, np.zeros(size, np.int64), np.zeros(size, np.int64))
    if len(chosen):
        routes = plan.routes
        tasks, sound = routes.order * 2 + routes.kind, np.full(len(routes.frozen), _UNKNOWN, np.int64)
        board = _Board(routes.start, tasks, routes.frozen, plan.terms.copy(), np.zeros_like(sound), sound)
        _compare(view, bases, board, near, found, scratch)
    return found


@kernel
def _compare(view: View, bases: Bases, board: _Board, near: Reach, found: Choices, scratch: Scratch) -> None:
    """Fill the terms of every choice."""
    for n in range(found.order.shape[0]):
        order, home = found.order[n], found.rider[n]
        mine = board.tasks[board.start[home] : board.start[home + 1]]
        count = copy_without(mine, mine.shape[0], order, scratch.bundle)
        walk(view, home, scratch.bundle, count, scratch.ledger)
        for k in range(found.terms.shape[1]):
            found.terms[n, k] = board.terms[home, k] - scratch.ledger.terms[k]
        found.other[n], slot = _runner_up(view, bases, board, near, order, home, scratch)
        if slot.pickup_at >= 0:
            _price_runner_up(view, board, found, n, slot, scratch)


@inlined_kernel
def _runner_up(
    view: View, bases: Bases, board: _Board, near: Reach, order: int, home: int, scratch: Scratch
) -> tuple[int, Slot]:
    """The rider, of who has it now and who is near, to whose route the order adds least, and its place there."""
    best, best_slot, other = INFEASIBLE, Slot(INFEASIBLE, -1, -1), NOBODY
    # Else an order can cost less than it does by itself: by a detour that is shorter, or by less waiting elsewhere.
    grows, metres = view.travel.matrix.shape[0] == 0 and view.weights.rider_waiting == 0, direct_m(view, order)
    row_near = near.riders[near.row[view.orders.pickup[order]]]
    for k in range(-1, row_near.shape[0]):
        rider = view.orders.rider[order] if k < 0 else row_near[k]
        if rider < 0 or rider == home or not may_carry(view, order, rider):
            continue
        if grows and least_added(view, bases, order, rider, metres) >= best:
            continue
        row = board.tasks[board.start[rider] : board.start[rider + 1]]
        if not _is_sound(view, board, rider, scratch):
            continue
        limit = min(INFEASIBLE, board.cost[rider] + best)
        slot = cheapest_insertion(view, rider, row, row.shape[0], board.frozen[rider], order, limit, scratch)
        if slot.pickup_at >= 0:
            best, best_slot, other = slot.cost - board.cost[rider], slot, rider
    return other, best_slot


@inlined_kernel
def _is_sound(view: View, board: _Board, rider: int, scratch: Scratch) -> bool:
    """Whether the route breaks no hard rule as it is, else nothing is added to it; notes what it costs so."""
    if board.sound[rider] == _UNKNOWN:
        row = board.tasks[board.start[rider] : board.start[rider + 1]]
        board.sound[rider] = int(walk(view, rider, row, row.shape[0], scratch.ledger) == FINE)
        board.cost[rider] = total(scratch.ledger)
        move(scratch.ledger.terms, 0, board.terms.shape[1], board.terms[rider], 0)
    return bool(board.sound[rider] == 1)


@inlined_kernel
def _price_runner_up(view: View, board: _Board, found: Choices, n: int, slot: Slot, scratch: Scratch) -> None:
    """The terms that the order adds to the route of the runner-up."""
    rider = found.other[n]
    row = board.tasks[board.start[rider] : board.start[rider + 1]]
    copy_with(row, row.shape[0], found.order[n], slot.pickup_at, slot.dropoff_at, scratch.bundle)
    walk(view, rider, scratch.bundle, row.shape[0] + 2, scratch.ledger)
    for k in range(found.terms.shape[1]):
        found.other_terms[n, k] = scratch.ledger.terms[k] - board.terms[rider, k]

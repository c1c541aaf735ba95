"""Ruin and recreate: take a few related orders out of the plan, put them back one by one where they are cheapest.

After Shaw (1998) and Schrimpf et al. (2000). A round may leave the plan a little dearer, by less and less as rounds go
by (threshold accepting, Dueck & Scheuer 1990); the cheapest plan met is the one that stays. The generator is a linear
congruence with a given seed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.geo.kernel import allocating_kernel
from dispatch.solver.insertion import Scratch, least_cost
from dispatch.solver.neighbours import Neighbours, find_neighbours
from dispatch.solver.problem import Ints
from dispatch.solver.ruin_choice import choose, draw
from dispatch.solver.tableau import Tableau, most_saved_at_end, put_at, slot_for, take_out
from dispatch.solver.view import View, may_carry
from dispatch.solver.walk import FINE, INFEASIBLE


class Rounds(NamedTuple):
    """How long and how wildly: ``turns`` rounds of up to ``size`` orders each.

    heat: points that a round may make the plan dearer at the beginning, on average; it falls to 0.
    """

    turns: int
    size: int
    heat: int


@allocating_kernel
def ruin_and_recreate(
    view: View, table: Tableau, movable: Ints, firsts: Ints, known: Neighbours, rounds: Rounds, seed: int,
    scratch: Scratch,
) -> int:  # fmt: skip
    """Run rounds over the ``movable`` orders, each around one of ``firsts``; the plan is never dearer afterwards.

    Answers how often it was cheaper than ever before.
    """
    if movable.shape[0] < 2 or firsts.shape[0] == 0:
        return 0
    state = np.array([seed], np.int64)
    removed, likeness = np.empty(rounds.size, np.int64), np.empty(rounds.size, np.int64)
    homes = np.empty(rounds.size * 2, np.int64)
    saved = np.empty((rounds.size * 2, table.route.shape[1] + 2), np.int64)
    riders = table.length.shape[0]
    best, changed = np.empty((riders, saved.shape[1]), np.int64), np.ones(riders, np.int64)
    _save_changed(table, changed, best)
    points, lowest, better = 0, 0, 0
    for turn in range(rounds.turns):
        first = firsts[draw(state, firsts.shape[0])]
        count = choose(view, table, movable, known, first, state, likeness, removed)
        dearer = draw(state, 2 * rounds.heat * (rounds.turns - turn) // rounds.turns + 1)
        kept, cost = _round(view, table, removed[:count], known, homes, saved, state, dearer, scratch)
        for k in range(kept):
            changed[homes[k]] = 1
        points += cost
        if points < lowest:
            lowest, better = points, better + 1
            _save_changed(table, changed, best)
    if points > lowest:
        _restore_changed(table, changed, best)
    return better


@allocating_kernel
def _save_changed(table: Tableau, changed: Ints, best: Ints) -> None:
    """Remember the routes that have changed since the last time."""
    for rider in range(changed.shape[0]):
        if changed[rider] == 1:
            _copy(table, rider, best[rider])
            changed[rider] = 0


@allocating_kernel
def _restore_changed(table: Tableau, changed: Ints, best: Ints) -> None:
    """Put the routes that have changed since they were remembered back; together they have the same orders."""
    for rider in range(changed.shape[0]):
        if changed[rider] == 1:
            _restore(table, rider, best[rider])


@allocating_kernel
def _copy(table: Tableau, rider: int, saved: Ints) -> None:
    width = table.route.shape[1]
    saved[:width] = table.route[rider]
    saved[width], saved[width + 1] = table.length[rider], table.cost[rider]


@allocating_kernel
def _save(table: Tableau, rider: int, homes: Ints, kept: int, saved: Ints) -> int:
    """Remember a route before its first change in this round; answers how many are remembered."""
    for k in range(kept):
        if homes[k] == rider:
            return kept
    homes[kept] = rider
    _copy(table, rider, saved[kept])
    return kept + 1


@allocating_kernel
def _round(
    view: View, table: Tableau, removed: Ints, known: Neighbours, homes: Ints, saved: Ints, state: Ints, dearer: int,
    scratch: Scratch,
) -> tuple[int, int]:  # fmt: skip
    """One round: (routes changed, in ``homes``; points by which the plan got dearer), (0, 0) if it was restored.

    It is restored where it got dearer by ``dearer`` points or more.
    """
    kept, fits = 0, True
    for order in removed:
        kept = _save(table, table.rider[order], homes, kept, saved)
        # Two stops at one merchant may become one, where an order with time waits for the others: a rule can break.
        fits = take_out(view, table, order, scratch) == FINE and fits
    for k in range(removed.shape[0]):  # put back in random sequence
        if not fits:
            break
        other = k + draw(state, removed.shape[0] - k)
        removed[k], removed[other] = removed[other], removed[k]
        find_neighbours(view, table, known, removed[k])
        near = known.near[removed[k]]
        rider, i, j, cost = _cheapest(view, table, removed[k], near, scratch)
        fits = rider >= 0
        if fits:
            kept = _save(table, rider, homes, kept, saved)
            put_at(table, rider, removed[k], i, j, cost, scratch)
    points, width = 0, table.route.shape[1]
    for k in range(kept):
        points += table.cost[homes[k]] - saved[k, width + 1]
    if fits and points < dearer:
        return kept, points
    for order in removed:
        table.rider[order] = -1
    for k in range(kept):
        _restore(table, homes[k], saved[k])
    return 0, 0


@allocating_kernel
def _restore(table: Tableau, rider: int, saved: Ints) -> None:
    """Put a remembered route back."""
    width = table.route.shape[1]
    table.route[rider] = saved[:width]
    table.length[rider], table.cost[rider] = saved[width], saved[width + 1]
    table.known[rider] = 0
    for k in range(table.length[rider]):
        table.rider[table.route[rider, k] >> 1] = rider


@allocating_kernel
def _cheapest(view: View, table: Tableau, order: int, near: Ints, scratch: Scratch) -> tuple[int, int, int, int]:
    """(rider, pickup position, drop-off position, cost of the route) of the cheapest place.

    Rider -1 where there is none.
    """
    best, best_rider, best_i, best_j, best_cost = INFEASIBLE, -1, -1, -1, INFEASIBLE
    for rider in near:
        if rider < 0 or table.closed[rider] == 1 or not may_carry(view, order, rider):
            continue
        if least_cost(view, rider, order) - most_saved_at_end(view, table, rider) >= best:
            continue
        limit = INFEASIBLE if best == INFEASIBLE else table.cost[rider] + best
        slot = slot_for(view, table, rider, order, limit, scratch)
        if slot.pickup_at >= 0:
            best, best_rider, best_cost = slot.cost - table.cost[rider], rider, slot.cost
            best_i, best_j = slot.pickup_at, slot.dropoff_at
    return best_rider, best_i, best_j, best_cost

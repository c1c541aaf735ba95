"""A higher lower bound, for when somebody asks: riders hand orders over one after the other.

The j-th drop-off of a rider's new orders comes no sooner than the first one can, plus what lies between two drop-offs
at least: handing over, the shortest leg into a door, and after each bagful another stop at a merchant with a leg to it.
So every plan puts its orders into slots (rider, j) with a time before which nothing can happen in them. The cheapest
way to fill the slots, each order in one of them or left out, is a minimum-cost flow, and no plan costs less.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from ortools.graph.python import min_cost_flow

from dispatch.geo.kernel import kernel
from dispatch.solver.bound import stakes_of
from dispatch.solver.insertion import make_scratch
from dispatch.solver.least import Bases, direct_m, least_errand, least_held, least_way_s, make_bases
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Ints, Problem
from dispatch.solver.view import View, make_view
from dispatch.solver.walk import same_stop
from dispatch.units import DAY_S, NEVER, UNREACHABLE_S, Cost

SLOTS: Final = 8
"""Drop-offs of one rider that are told apart; the last slot takes all further ones."""

LATEST_S: Final = 7 * DAY_S
"""A slot is never bounded later than this after the first, so that squares of lateness stay in range."""

MOST_ARCS: Final = 3_000_000
"""Fewer slots are told apart where there would be more pairs of an order and a slot."""


class _Pairs(NamedTuple):
    """Of n free orders and the riders: earliest drop-off, NEVER where it cannot be, and other points; int64 (n, R)."""

    dropped_at: Ints
    points: Ints


def slot_bound(problem: Problem, params: Params, plan: Plan) -> Cost:
    """No plan for the orders of this one costs less; at least the bound of ``summarize``, and much slower."""
    view = make_view(problem, params.rules, params.weights)
    longest = int(np.diff(problem.routes.start).max(initial=0))
    bases = make_bases(problem, view, make_scratch(max(params.rules.max_stops, longest), problem.order_count))
    stakes = stakes_of(problem, view, params, plan)
    at_stake = stakes.counts == 1
    held = np.flatnonzero(at_stake & (bases.stage > 0))
    free = np.flatnonzero(at_stake & (bases.stage == 0))
    size = (len(free), len(view.riders.place))
    pairs = _Pairs(np.full(size, NEVER, np.int64), np.zeros(size, np.int64))
    kept, near_s = np.zeros(len(held), np.int64), np.full((2, len(free)), UNREACHABLE_S, np.int64)
    _fill_held(view, bases, held, kept)
    _fill_pairs(view, bases, free, pairs)
    _fill_near(view, bases, free, np.flatnonzero(at_stake), near_s)
    fixed = int(kept.sum() + bases.cost.sum())
    return fixed + _cheapest_filling(view, bases, free, stakes.out[free], pairs, near_s)


@kernel
def _fill_held(view: View, bases: Bases, held: Ints, kept: Ints) -> None:
    """The least that each held order still costs."""
    for n in range(held.shape[0]):
        kept[n] = least_held(view, bases, held[n])


@kernel
def _fill_pairs(view: View, bases: Bases, free: Ints, pairs: _Pairs) -> None:
    """Every pair of a free order and a rider."""
    for n in range(free.shape[0]):
        metres = direct_m(view, free[n])
        for r in range(pairs.dropped_at.shape[1]):
            pairs.dropped_at[n, r], pairs.points[n, r] = least_errand(view, bases, free[n], r, metres)


@kernel
def _fill_near(view: View, bases: Bases, free: Ints, others: Ints, near_s: Ints) -> None:
    """The shortest leg into the merchant (row 0) and the door (row 1) of each free order, from any stop before it.

    By any rider, from the merchant or the door of any of ``others``, which are all orders that are in routes or may be.
    """
    for n in range(free.shape[0]):
        for other in others:
            for p in range(view.travel.pace.shape[0]):
                _shorten(view, bases, free[n], other, p, near_s, n)


@kernel
def _shorten(view: View, bases: Bases, order: int, other: int, p: int, near_s: Ints, n: int) -> None:
    """Take the ways from the other order's merchant and door into account, by one profile."""
    orders = view.orders
    pickup, dropoff, a, b = orders.pickup[order], orders.dropoff[order], orders.pickup[other], orders.dropoff[other]
    # Two pickups in a row at one merchant are one stop, and no order comes to its own door twice.
    if not same_stop(view, order, other):
        near_s[0, n] = min(near_s[0, n], least_way_s(view, bases, p, a, pickup))
    near_s[1, n] = min(near_s[1, n], least_way_s(view, bases, p, a, dropoff))
    if other != order:
        near_s[0, n] = min(near_s[0, n], least_way_s(view, bases, p, b, pickup))
        near_s[1, n] = min(near_s[1, n], least_way_s(view, bases, p, b, dropoff))


def _cheapest_filling(view: View, bases: Bases, free: Ints, out: Ints, pairs: _Pairs, near_s: Ints) -> Cost:
    """The least cost of putting the free orders into slots or leaving them out."""
    row, rider = np.nonzero(pairs.dropped_at < NEVER)
    if len(row) == 0:
        return int(out.sum())
    slots = max(1, min(SLOTS, MOST_ARCS // len(row)))
    slot_at = _slot_times(view, bases, free, pairs, near_s, slots)
    arcs = []
    for slot in range(slots):
        at = np.maximum(pairs.dropped_at[row, rider], slot_at[rider, slot])
        cost = _waiting_cost(view, free[row], at) + pairs.points[row, rider]
        pays = cost < out[row]
        arcs.append(np.stack([row[pays], rider[pays] * slots + slot, cost[pays]]))
    return _flow(np.concatenate(arcs, axis=1), out, len(view.riders.place) * slots, slots)


def _slot_times(view: View, bases: Bases, free: Ints, pairs: _Pairs, near_s: Ints, slots: int) -> Ints:
    """The earliest drop-off in each slot; int64 (R, slots)."""
    orders = view.orders
    first = pairs.dropped_at.min(axis=0)
    between = int(orders.dropoff_after_s[free].min() + (orders.dropoff_before_s[free] + near_s[1]).min())
    again = int((orders.pickup_before_s[free] + orders.pickup_after_s[free] + near_s[0]).min())
    number = np.arange(slots)
    bagfuls = number[None, :] // bases.most_aboard[:, None]
    later = np.minimum(number[None, :] * between + bagfuls * again, LATEST_S)
    return np.asarray(first[:, None] + later)


def _waiting_cost(view: View, order: Ints, could_at: Ints) -> Ints:
    """``least_dropped`` for many."""
    orders, weights = view.orders, view.weights
    at = np.maximum(np.maximum(could_at, orders.not_before_at[order]), view.now)
    late = np.maximum(0, at - orders.due_at[order])
    points = weights.click_to_door * (at - orders.placed_at[order])
    points += weights.lateness * (late + late * late // weights.lateness_scale_s)
    return np.asarray(points * (1 + orders.priority[order]))


def _flow(arcs: Ints, out: Ints, columns: int, slots: int) -> Cost:
    """The least cost of a flow of one from each order to a slot or out; every ``slots``-th column takes any number."""
    row, column, cost = arcs
    rows = len(out)
    every, each, sink = np.arange(rows), rows + np.arange(columns), rows + columns
    room = np.where(np.arange(columns) % slots == slots - 1, rows, 1)
    tail = np.concatenate([row, each, every])
    head = np.concatenate([rows + column, np.full(columns, sink), np.full(rows, sink)])
    capacity = np.concatenate([np.ones(len(row), np.int64), room, np.ones(rows, np.int64)])
    unit = np.concatenate([cost, np.zeros(columns, np.int64), out])
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(tail, head, capacity, unit)
    flow.set_nodes_supplies(np.append(every, sink), np.append(np.ones(rows, np.int64), -rows))
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"minimum-cost flow ended with status {status}; are costs beyond 2**50?")
    return int(flow.optimal_cost())

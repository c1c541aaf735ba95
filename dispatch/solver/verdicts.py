"""Why an order has no rider: the last hard rule that closed the last door, or that waiting is cheaper."""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.solver.insertion import Scratch, cheapest_insertion, make_scratch
from dispatch.solver.params import Params
from dispatch.solver.plan import Verdict
from dispatch.solver.problem import EVERYWHERE, NO_ORDERS, Ints
from dispatch.solver.tableau import Tableau
from dispatch.solver.view import View
from dispatch.solver.walk import FINE, INFEASIBLE, SHIFT_OVER, walk

_PLACED: Final = 1
_FINE_ALONE: Final = 2
_TOO_LATE_ALONE: Final = 4
_NO_WAY_ALONE: Final = 8
"""What an order may meet with a rider: a place in the route; else, as the only order: no rule broken, the shift over,
anything else."""


def verdicts(view: View, table: Tableau, later: Ints, left: Ints, params: Params) -> Ints:
    """A Verdict for every order: ``later`` were not looked at yet, ``left`` found no rider.

    Int64 (O,), else PLANNED.
    """
    answer = np.full(len(view.orders.state), Verdict.PLANNED, np.int64)
    answer[later] = Verdict.NOT_YET
    for order in left.tolist():
        answer[order] = verdict_of(view, table, order, params)
    return answer


def verdict_of(view: View, table: Tableau, order: int, params: Params) -> Verdict:
    """Narrow the riders down rule by rule; the rule that leaves none is the reason."""
    orders, riders = view.orders, view.riders
    some = np.flatnonzero(riders.accepts != NO_ORDERS)
    doors = [
        (Verdict.NO_RIDER_ON_SHIFT, np.ones(len(riders.place), np.bool_)),
        (Verdict.NO_VEHICLE, (orders.vehicles[order] >> riders.profile) & 1 == 1),
        (Verdict.NO_ZONE, (orders.zones[order] & riders.zones != 0) | (orders.zones[order] == EVERYWHERE)),
        (Verdict.NO_CAPACITY, orders.size[order] <= riders.capacity),
    ]
    for verdict, passes in doors:
        some = some[passes[some]]
        if len(some) == 0:
            return verdict
    some = some[~np.isin(order * len(riders.place) + some, view.barred)]
    if len(some) == 0:
        return Verdict.BARRED
    return _rule_of_routes(view, table, order, some, params)


def _rule_of_routes(view: View, table: Tableau, order: int, some: Ints, params: Params) -> Verdict:
    """What keeps the order out of the routes of these riders, who may carry it; nothing is added to closed ones.

    Where it is the route, the order is tried alone, as the first and only task of a rider with an empty bag.
    """
    scratch = make_scratch(table.route.shape[1], len(view.orders.state))
    pair = np.array([order * 2, order * 2 + 1], np.int64)
    empty = view._replace(load=np.zeros_like(view.load), aboard=np.zeros_like(view.aboard))
    met = _met(view, empty, table, some, pair, scratch)
    if met & _PLACED:
        waits = view.now - view.orders.placed_at[order] < params.options.patience_s
        return Verdict.NOT_YET if waits else Verdict.TOO_COSTLY
    if met & _FINE_ALONE or not met:
        return Verdict.LOST_TO_OTHERS
    return Verdict.SHIFT_ENDS if met & _TOO_LATE_ALONE else Verdict.UNREACHABLE


@kernel
def _met(view: View, empty: View, table: Tableau, some: Ints, pair: Ints, scratch: Scratch) -> int:
    """What the order meets with the riders ``some``: _PLACED as soon as there is a place for it, else all the rest.

    pair: its tasks. empty: the view in which all bags are empty.
    """
    met = 0
    for r in some:
        if table.closed[r] == 1:
            continue
        row, count, frozen = table.route[r], table.length[r], table.frozen[r]
        if cheapest_insertion(view, r, row, count, frozen, pair[0] >> 1, INFEASIBLE, scratch).pickup_at >= 0:
            return _PLACED
        broken = walk(empty, r, pair, 2, scratch.ledger)
        if broken == FINE:
            met |= _FINE_ALONE
        else:
            met |= _TOO_LATE_ALONE if broken == SHIFT_OVER else _NO_WAY_ALONE
    return met

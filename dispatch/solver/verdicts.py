"""Why an order has no rider: the last hard rule that closed the last door, or that waiting is cheaper."""

from __future__ import annotations

import numpy as np

from dispatch.solver.insertion import cheapest_insertion, make_scratch
from dispatch.solver.params import Params
from dispatch.solver.plan import Verdict
from dispatch.solver.problem import EVERYWHERE, NO_ORDERS, Ints
from dispatch.solver.tableau import Tableau
from dispatch.solver.view import View, is_barred
from dispatch.solver.walk import FINE, INFEASIBLE, SHIFT_OVER, walk


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
    some = np.array([r for r in some.tolist() if not is_barred(view, order, r)], np.int64)
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
    alone: set[int] = set()
    for r in some[table.closed[some] == 0].tolist():
        row, count, frozen = table.route[r], table.length[r], table.frozen[r]
        if cheapest_insertion(view, r, row, count, frozen, order, INFEASIBLE, scratch).pickup_at >= 0:
            waits = view.now - view.orders.placed_at[order] < params.options.patience_s
            return Verdict.NOT_YET if waits else Verdict.TOO_COSTLY
        alone.add(int(walk(empty, r, pair, 2, scratch.ledger)))
    if FINE in alone or not alone:
        return Verdict.LOST_TO_OTHERS
    return Verdict.SHIFT_ENDS if SHIFT_OVER in alone else Verdict.UNREACHABLE

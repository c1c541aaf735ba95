"""Give the waiting orders riders, round by round: bundles, candidates, costs, matching, insertion.

A rider gets at most one bundle a round; what is left over goes into the next round, with the routes as they are then.
Bundles that no candidate could take are taken apart; orders that no candidate could take are looked at by more riders,
in the end by all of them.

As many nearest riders as there are bundles are enough for each to have one. Where there are more bundles than
candidates, riders are shown by price instead (``price_candidates.py``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dispatch.solver.bundles import Bundles, make_bundles
from dispatch.solver.candidates import nearest_riders
from dispatch.solver.insertion import Scratch
from dispatch.solver.match import MATCHERS, Matcher
from dispatch.solver.pairs import pair_costs, put_bundles
from dispatch.solver.params import Options, Params
from dispatch.solver.price_candidates import match_guided
from dispatch.solver.problem import ANY_ORDER, Ints
from dispatch.solver.tableau import Tableau
from dispatch.solver.view import View
from dispatch.solver.walk import INFEASIBLE


def assign(view: View, table: Tableau, waiting: Ints, params: Params, scratch: Scratch) -> Ints:
    """Insert as many of the ``waiting`` orders as pay; answers those that stay without a rider.

    No rider could take one of these, as the routes are then, for less than leaving it out costs.
    """
    price_of = np.zeros(len(view.orders.state), np.int64)
    price_of[waiting] = way_out_costs(view, waiting, params.options)
    riders, free_riders = len(view.riders.place), int((view.riders.accepts == ANY_ORDER).sum())
    knobs = params.bundles
    k, left = params.search.candidates, waiting
    while len(left) and riders:
        bundles = make_bundles(view, left, free_riders, knobs)
        taken = _round(view, table, bundles, k, price_of, params, scratch)
        left = left[~np.isin(left, taken)]
        if len(taken):
            continue
        if len(bundles) < len(left):
            knobs = replace(knobs, max_size=1)
        elif k < riders:
            k *= 4
        else:
            break
    return left


def way_out_costs(view: View, waiting: Ints, options: Options) -> Ints:
    """Points for leaving each order out: as if it were served ``not_yet_s`` (``nobody_s``) after now or ready."""
    orders = view.orders
    age = view.now - orders.placed_at[waiting]
    later_s = np.where(age < options.patience_s, options.not_yet_s, options.nobody_s)
    served_at = np.maximum(view.now, orders.ready_at[waiting]) + later_s
    priority = 1 + orders.priority[waiting]
    late = np.maximum(0, served_at - orders.due_at[waiting])
    points = view.weights.click_to_door * (served_at - orders.placed_at[waiting])
    points += view.weights.lateness * (late + late * late // view.weights.lateness_scale_s)
    return np.asarray(points * priority, dtype=np.int64)


def _round(
    view: View, table: Tableau, bundles: Bundles, k: int, price_of: Ints, params: Params, scratch: Scratch
) -> Ints:
    """One matching; answers the orders that got a rider."""
    out, knobs = np.add.reduceat(price_of[bundles.members], bundles.start[:-1]), params.search
    if knobs.turns and knobs.matcher == "own" and k == knobs.candidates < len(bundles):
        found = match_guided(view, table, bundles, out, scratch, turns=knobs.turns)
        bundle = np.flatnonzero(found.rider >= 0)
        rider = found.rider[bundle]
    else:
        bundle, rider = _match_nearest(view, table, bundles, k, out, MATCHERS[knobs.matcher], scratch)
    taken = np.zeros(len(bundles.members), np.bool_)
    put_bundles(view, table, bundles.start, bundles.members, bundle, rider, scratch, taken)
    return bundles.members[taken]


def _match_nearest(
    view: View, table: Tableau, bundles: Bundles, k: int, out: Ints, matcher: Matcher, scratch: Scratch
) -> tuple[Ints, Ints]:
    """Bundles that get a rider, and whom, when each is looked at by the ``k`` nearest."""
    near = nearest_riders(view, table, bundles.members[bundles.start[:-1]], k)
    row, slot = np.nonzero(near >= 0)
    column = near[row, slot]
    cost = pair_costs(view, table, bundles.start, bundles.members, row, column, scratch)
    pays = cost < np.minimum(out[row], INFEASIBLE)  # a rider at the price of the way out is no gain
    row, column, cost = row[pays], column[pays], cost[pays]
    chosen = matcher(row, column, cost, out)
    pairs = chosen[chosen >= 0]
    return row[pairs], column[pairs]

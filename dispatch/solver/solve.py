"""The recipe: from a problem to a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from dispatch.geo.kernel import kernel, move
from dispatch.solver.assign import assign
from dispatch.solver.costs import TERMS
from dispatch.solver.improve import begin, improve
from dispatch.solver.insertion import Scratch, make_scratch
from dispatch.solver.meter import NO_END, Meter, up_to
from dispatch.solver.neighbours import UNKNOWN, Neighbours, make_neighbours
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import OPEN, Ints, Problem
from dispatch.solver.ruin import Rounds, ruin_and_recreate
from dispatch.solver.ruin_choice import find_delayed
from dispatch.solver.tableau import Tableau, make_tableau, routes_of
from dispatch.solver.timing import route_times
from dispatch.solver.verdicts import verdicts
from dispatch.solver.view import View, make_view
from dispatch.solver.walk import walk

RUINS_AN_ORDER: Final = 50
"""Rounds of ruin and recreate for each delayed order, at most: where nobody waits, there is nothing to gain."""


RUINS_AT_ONCE: Final = 50
"""Rounds between two looks at how much work may be done."""

ROUND_WORK: Final = 100
"""What a round of ruin and recreate counts, in routes tried."""


def solve(problem: Problem, params: Params, *, seed: int = 0, meter: Meter | None = None) -> Plan:
    """Plan one market at one instant; the same problem and params give the same plan, bit for bit.

    meter: says how much work the search may do; the best plan so far is answered. Without one, the params say it. With
    ``search.most_work`` set to the plan's ``work`` the same plan is made again.
    """
    view = make_view(problem, params.rules, params.weights)
    width = max(view.rules.max_tasks, int(np.diff(problem.routes.start).max(initial=0)))
    scratch = make_scratch(width, problem.order_count)
    table = make_tableau(problem, view, scratch, width=width, replan=params.search.replan)

    loose = np.flatnonzero((problem.orders.state == OPEN) & (table.rider < 0))
    soon = problem.orders.ready_at[loose] <= problem.now + params.search.horizon_s
    changed = np.ones(problem.rider_count, np.int64) if problem.changed is None else problem.changed.copy()
    cost = table.cost.copy()
    left = assign(view, table, loose[soon], params, scratch)
    changed[table.cost != cost] = 1
    cost = table.cost.copy()
    work = search(view, table, changed, params, seed, scratch, meter or up_to(params.search.most_work))
    if (table.cost != cost).any():
        left = assign(view, table, left, params, scratch)  # there may be room now

    verdict = verdicts(view, table, loose[~soon], left, params)
    return replace(finish(view, table, verdict, scratch), work=work, unsearched=changed)


def search(view: View, table: Tableau, changed: Ints, params: Params, seed: int, scratch: Scratch, meter: Meter) -> int:
    """Improve the routes: local search around what changed, ruin and recreate, local search over what that left.

    Answers how much work that was; what is still to be searched is ``changed`` then.
    """
    movable = np.flatnonzero((table.fixed == 0) & (table.rider >= 0))
    knobs = params.search
    if len(movable) == 0 or knobs.passes == 0:
        return 0
    known = make_neighbours(view, table, changed, knobs.neighbours)
    ended = _improve(view, table, movable, known, params, scratch, meter)
    if ended and _ruin(view, table, movable, known, params, seed, scratch, meter):
        known.dirty[:] = 1
        known.saving[:] = UNKNOWN
        _improve(view, table, movable, known, params, scratch, meter)
    meter(work := int(known.work[0]))
    return work


def _improve(
    view: View, table: Tableau, movable: Ints, known: Neighbours, params: Params, scratch: Scratch, meter: Meter
) -> bool:
    """Local search; whether it found its end before that of the work allowed."""
    knobs, at, rows = params.search, begin(), np.zeros((2, table.route.shape[1]), np.int64)
    while (most := meter(int(known.work[0]))) > known.work[0]:
        exchanges = int(knobs.exchanges)
        if improve(view, table, movable, known, knobs.passes, exchanges, at, most, rows, scratch):
            return True
    return False


def _ruin(
    view: View,
    table: Tableau,
    movable: Ints,
    known: Neighbours,
    params: Params,
    seed: int,
    scratch: Scratch,
    meter: Meter,
) -> bool:
    """Ruin and recreate; whether that has lowered the cost. Where work is limited it goes on a little at a time."""
    knobs = params.search
    if knobs.ruins == 0:
        return False
    delayed, heat = find_delayed(view, table, movable), knobs.ruin_heat_s * view.weights.click_to_door
    count, done, better = min(knobs.ruins, RUINS_AN_ORDER * len(delayed)), 0, 0
    while done < count and (most := meter(int(known.work[0]))) > known.work[0]:
        size = count if most == NO_END else min(count - done, RUINS_AT_ONCE)
        rounds = Rounds(size, knobs.ruin_size, heat)
        better += ruin_and_recreate(view, table, movable, delayed, known, rounds, seed + done, scratch)
        done += size
        known.work[0] += size * ROUND_WORK
    return better > 0


@kernel
def _all_terms(view: View, table: Tableau, terms: Ints, scratch: Scratch) -> None:
    """The cost terms of every route; fills ``terms`` (R, K)."""
    for r in range(table.length.shape[0]):
        walk(view, r, table.route[r], table.length[r], scratch.ledger)
        move(scratch.ledger.terms, 0, terms.shape[1], terms[r], 0)


def finish(view: View, table: Tableau, verdict: Ints, scratch: Scratch) -> Plan:
    """Times, terms and the total of the routes as they stand."""
    terms = np.zeros((len(table.length), len(TERMS)), np.int64)
    _all_terms(view, table, terms, scratch)
    routes = routes_of(table)
    arrive_at, event_at, leave_at, depart_at = route_times(view, routes)
    verdict[(view.orders.state != OPEN) | (table.rider >= 0)] = Verdict.PLANNED
    return Plan(
        routes=routes,
        arrive_at=arrive_at,
        event_at=event_at,
        leave_at=leave_at,
        depart_at=depart_at,
        verdict=verdict,
        terms=terms,
        cost=int(terms.sum()),
        view=view,
    )

"""The phases of a tick on one snapshot: the product's and the usual stack's, ready to be called and compared.

Candidates: 20 riders for every waiting order. Insertion: the price of each of those pairs, the same pairs for both.
Matching: the cheapest choice among them at the product's prices, with the same way out for every order.

The product's tick is all of ``solve``: arrays laid out, bundles, rounds of candidates, insertion and matching until
nobody is left who could be given a rider, local search, times and verdicts. The stack's is as many rounds of the
three phases, each with the orders put into the routes: no bundles, no search, and always the nearest riders.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from benchmarks import stack, stack_match
from benchmarks.stack_ride import ride
from benchmarks.timing import Work
from dispatch.solver.assign import way_out_costs
from dispatch.solver.candidates import nearest_riders
from dispatch.solver.insertion import Scratch, make_scratch
from dispatch.solver.match import MATCHERS, Matcher
from dispatch.solver.pairs import pair_costs
from dispatch.solver.params import Params
from dispatch.solver.problem import DROPOFF, OPEN, PICKUP, Ints, Problem, Routes
from dispatch.solver.solve import solve
from dispatch.solver.tableau import Tableau, make_tableau
from dispatch.solver.view import View, make_view
from dispatch.solver.walk import INFEASIBLE

OURS: Final = "ours"
"""How names of the product's works begin; the stack's are called by what they use."""

NO_SEARCH: Final = f"{OURS} without local search"
NEAREST: Final = f"{OURS} without local search, the nearest only"
STACK: Final = "stack"

DENSE_UP_TO: Final = 1500
"""Waiting orders up to which the full matrix is tried."""

STACK_MATCHERS: Final[Mapping[str, Matcher]] = {
    "scipy sparse": stack_match.match_sparse,
    "OR-Tools flow": stack_match.match_flow,
    "scipy dense": stack_match.match_dense,
}


class Pairs(NamedTuple):
    """Pairs that fit: order ``lead[row[i]]`` and rider ``column[i]`` cost ``cost[i]``; ``out``: price of no rider."""

    row: Ints
    column: Ints
    cost: Ints
    out: Ints

    def total(self, chosen: Ints) -> int:
        """What a matching costs: chosen pairs, and ways out of the rest."""
        return int(self.cost[chosen[chosen >= 0]].sum() + self.out[chosen < 0].sum())


@dataclass(frozen=True, slots=True)
class Bench:
    """A problem with all that its phases need laid out. lead: the waiting orders."""

    problem: Problem
    params: Params
    view: View
    table: Tableau
    scratch: Scratch
    lead: Ints

    @property
    def k(self) -> int:
        """Candidates an order."""
        return self.params.search.candidates

    def near(self) -> Ints:
        """The product's candidates, all routes ridden first; int64 (B, k), -1 padded."""
        self.table.known[:] = 0
        return nearest_riders(self.view, self.table, self.lead, self.k)

    def prices(self, row: Ints, column: Ints) -> Ints:
        """The product's price of each pair."""
        every = np.arange(len(self.lead) + 1)
        return pair_costs(self.view, self.table, every, self.lead, row, column, self.scratch)

    def scores(self, row: Ints, column: Ints) -> stack.Scores:
        """The stack's price of each pair."""
        most = self.params.rules.max_orders_on_board
        ahead = ride(self.problem)
        return stack.score(self.problem, ahead, self.params.weights, self.lead[row], column, most)

    def pairs(self) -> Pairs:
        """The candidate pairs that fit, at the product's price."""
        row, column = pairs_of(self.near())
        cost = self.prices(row, column)
        fits = cost < INFEASIBLE
        out = way_out_costs(self.view, self.lead, self.params.options)
        return Pairs(row[fits], column[fits], cost[fits], out)


def make_bench(problem: Problem, params: Params) -> Bench:
    """Lay out what the phases of a tick work on."""
    view = make_view(problem, params.rules, params.weights)
    width = max(view.rules.max_tasks, int(np.diff(problem.routes.start).max(initial=0)))
    scratch = make_scratch(width, problem.order_count)
    table = make_tableau(problem, view, scratch, width=width, replan=False)
    loose = np.flatnonzero((problem.orders.state == OPEN) & (table.rider < 0))
    return Bench(problem, params, view, table, scratch, loose)


def pairs_of(near: Ints) -> tuple[Ints, Ints]:
    """(row, column) of the candidates in a table of them."""
    row, slot = np.nonzero(near >= 0)
    return row, near[row, slot]


def candidate_works(bench: Bench) -> dict[str, Work]:
    """Candidates; the stack rides all routes first, as the product does."""
    problem, lead, k = bench.problem, bench.lead, bench.k
    return {OURS: bench.near, "k-d tree": lambda: stack.candidates(problem, ride(problem), lead, k)}


def insertion_works(bench: Bench, row: Ints, column: Ints) -> dict[str, Work]:
    """Prices of the given pairs."""
    return {OURS: lambda: bench.prices(row, column), "numpy": lambda: bench.scores(row, column)}


def matchers(bench: Bench) -> dict[str, Matcher]:
    """The policy's matcher and those of the stack that are fit for this size."""
    usual = bench.params.search.matcher
    found = {f"{OURS} ({usual})": MATCHERS[usual]}
    dense = len(bench.lead) <= DENSE_UP_TO
    return found | {name: match for name, match in STACK_MATCHERS.items() if dense or name != "scipy dense"}


def matching_works(bench: Bench, pairs: Pairs) -> dict[str, Work]:
    """All matchings of the same pairs at the same prices."""

    return {name: partial(match, *pairs) for name, match in matchers(bench).items()}


def tick_works(bench: Bench) -> dict[str, Work]:
    """The whole tick, the tick without local search, and the stack."""
    problem, params = bench.problem, bench.params
    quick = without_search(params)
    return {
        OURS: lambda: solve(problem, params, seed=1),
        NO_SEARCH: lambda: solve(problem, quick, seed=1),
        NEAREST: lambda: solve(problem, nearest_only(quick), seed=1),
        STACK: lambda: stack_tick(bench),
    }


def without_search(params: Params) -> Params:
    """The same policy without local search."""
    return replace(params, search=replace(params.search, passes=0))


def nearest_only(params: Params) -> Params:
    """The same policy without candidates by price."""
    return replace(params, search=replace(params.search, turns=0))


def stack_tick(bench: Bench) -> Routes:
    """Rounds of the stack until nobody gets a rider any more; answers the routes with the orders put in."""
    problem, left = bench.problem, bench.lead
    while len(left):
        order, rider, slot = _stack_round(replace(bench, problem=problem), left)
        if len(order) == 0:
            break
        problem = replace(problem, routes=insert(problem.routes, order, rider, slot))
        left = np.setdiff1d(left, order)
    return problem.routes


def _stack_round(bench: Bench, left: Ints) -> tuple[Ints, Ints, Ints]:
    """(order, rider, slot) of those that the matching gives a rider."""
    problem, params = bench.problem, bench.params
    ahead = ride(problem)
    row, column = pairs_of(stack.candidates(problem, ahead, left, bench.k))
    cost, slot = stack.score(problem, ahead, params.weights, left[row], column, params.rules.max_orders_on_board)
    room = np.diff(problem.routes.start) + 2 <= params.rules.max_stops
    fits = np.flatnonzero((cost < INFEASIBLE) & room[column])
    out = way_out_costs(bench.view, left, params.options)
    chosen = stack_match.match_sparse(row[fits], column[fits], cost[fits], out)
    pair = fits[chosen[chosen >= 0]]
    return left[row[pair]], column[pair], slot[pair]


def insert(routes: Routes, order: Ints, rider: Ints, slot: Ints) -> Routes:
    """The routes with each order at the end of its rider's route, or behind what is frozen there."""
    at = np.where(slot == stack.APPEND, routes.start[rider + 1], routes.start[rider] + routes.frozen[rider])
    where, every = np.repeat(at, 2), np.repeat(order, 2)
    kinds = np.tile(np.array([PICKUP, DROPOFF], np.int64), len(order))
    # np.insert keeps the order given among what goes to one place; routes that end and begin there must come by rider
    by_rider = np.argsort(np.repeat(rider, 2), kind="stable")
    longer = np.diff(routes.start) + 2 * np.bincount(rider, minlength=len(routes.frozen))
    return Routes(
        start=np.concatenate([np.zeros(1, np.int64), np.cumsum(longer)]),
        order=np.insert(routes.order, where[by_rider], every[by_rider]),
        kind=np.insert(routes.kind, where[by_rider], kinds[by_rider]),
        frozen=routes.frozen,
    )


class Worth(NamedTuple):
    """What a plan is worth: points of all routes and of the ways out, and how many waiting orders have no rider."""

    points: int
    without_rider: int


def worths(bench: Bench, names: Collection[str]) -> dict[str, Worth]:
    """What the plans of the named works of a tick are worth."""
    problem, params = bench.problem, bench.params
    found = {}
    if OURS in names:
        found[OURS] = worth(bench, solve(problem, params, seed=1).routes)
    if NO_SEARCH in names:
        found[NO_SEARCH] = worth(bench, solve(problem, without_search(params), seed=1).routes)
    if NEAREST in names:
        found[NEAREST] = worth(bench, solve(problem, nearest_only(without_search(params)), seed=1).routes)
    if STACK in names:
        found[STACK] = worth(bench, stack_tick(bench))
    return found


def worth(bench: Bench, routes: Routes) -> Worth:
    """Judge routes by the product's costs; a route that breaks a rule loses the orders that nobody has promised."""
    judged = make_bench(replace(bench.problem, routes=routes), bench.params)
    out = way_out_costs(judged.view, judged.lead, bench.params.options)
    return Worth(int(judged.table.cost.sum() + out.sum()), len(judged.lead))

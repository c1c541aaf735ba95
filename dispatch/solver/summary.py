"""A plan in a few numbers and tables, made for every plan: what it costs, how far from the best it is, what changed.

Everything is computed from the problem and the finished plan, so that it holds for the plan of any solver.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import kernel, move
from dispatch.solver.bound import Prices, Stakes, fill_stakes, prices_of, sum_of_least
from dispatch.solver.changes import NOBODY, Changes, count_changes, count_resequenced, fill_riders
from dispatch.solver.choices import Choices, choices_of
from dispatch.solver.costs import TERMS
from dispatch.solver.costs.terms import ENDING
from dispatch.solver.insertion import Scratch, make_scratch
from dispatch.solver.least import Bases, empty_bases, ride_frozen
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import Ints, Problem, Routes
from dispatch.solver.reach import Grid, Reach, empty_grid, empty_reach, find_reach
from dispatch.solver.shortages import Shortages, shortages_of
from dispatch.solver.view import View, flags_of, make_view
from dispatch.solver.walk import walk
from dispatch.units import Cost

NEAR: Final = 4
"""Riders tried for each merchant: as candidates to come second, and for the bound."""

MOST_TRIALS: Final = 10_000
"""Pairs of an order without a rider and any rider that a tick looks at; the oldest order is looked at anyway."""


MOST_CHOICES: Final = 2_000
"""Orders with a new rider whose terms are kept in one tick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What is told of every plan.

    terms: int64 (K,), the plan's cost by term. left_out: price of the orders that it leaves out, of those it could have
    given to somebody. bound: no plan for these orders costs less, ``left_out`` included.
    verdicts: int64, number of orders for each Verdict. changes: against the last plan.
    choices: orders that got another rider, or their first one; chosen: how many there are. shortages: orders without a
    rider; short: how many there are. Of very many, the oldest are looked at.
    """

    terms: Ints
    left_out: Cost
    bound: Cost
    verdicts: Ints
    changes: Changes
    choices: Choices
    chosen: int
    shortages: Shortages
    short: int

    @property
    def cost(self) -> Cost:
        """What the plan costs, and what it leaves out."""
        return int(self.terms.sum()) + self.left_out

    @property
    def gap(self) -> float:
        """The share of the cost by which a better plan could be cheaper at most.

        Where routes end is left out: riders who have nothing to do are somewhere, too.
        """
        cost = self.cost - int(self.terms[ENDING])
        return (cost - self.bound) / cost if cost > 0 else 0.0


def summarize(
    problem: Problem,
    params: Params,
    plan: Plan,
    *,
    choices: int = MOST_CHOICES,
    trials: int = MOST_TRIALS,
) -> Summary:
    """Sum up a sound plan for the problem and the parameters, whoever made it.

    choices: orders with a new rider to look at. trials: about how many pairs of an order without a rider and any rider.
    """
    view = _view(problem, params, plan)
    scratch = make_scratch(
        max(params.rules.max_stops, _longest(problem.routes), _longest(plan.routes)), len(plan.verdict)
    )
    desk = _make_desk(problem, view)
    prices = prices_of(problem, params)
    _sum_up(view, _tasks(problem.routes), problem.routes.frozen, _tasks(plan.routes), prices, desk, scratch)
    plan = _with_terms(view, plan, scratch)
    numbers = _Numbers(*desk.numbers.tolist())
    chosen = _oldest(problem, desk.chosen[: numbers.chosen], choices)
    short = _oldest(problem, desk.short[: numbers.short], max(1, trials // max(1, problem.rider_count)))
    return Summary(
        terms=plan.terms.sum(axis=0),
        left_out=numbers.left_out,
        bound=numbers.bound,
        verdicts=np.bincount(plan.verdict, minlength=len(Verdict)),
        changes=Changes(*numbers[: len(Changes._fields)]),
        choices=choices_of(view, desk.bases, plan, desk.near, chosen, desk.after[chosen], scratch),
        chosen=numbers.chosen,
        shortages=shortages_of(view, plan, short, desk.stakes.out[short], scratch),
        short=numbers.short,
    )


def _view(problem: Problem, params: Params, plan: Plan) -> View:
    """The problem as the plan's solver has read it, where it was this one, read under these parameters."""
    view = plan.view
    if view is None or view.rules != flags_of(params.rules) or len(view.barred) != len(problem.bars):
        return make_view(problem, params.rules, params.weights)
    foreseen = view.onward_m if problem.onward_m is None else problem.onward_m
    read = (view.now, view.orders, view.riders, view.travel, view.weights, view.onward_m)
    asked = (problem.now, problem.orders, problem.riders, problem.travel, params.weights, foreseen)
    if all(mine is theirs for mine, theirs in zip(read, asked, strict=True)):
        return view
    return make_view(problem, params.rules, params.weights)


def _with_terms(view: View, plan: Plan, scratch: Scratch) -> Plan:
    """The plan with its cost terms, which solvers of other people may have left out."""
    terms = np.zeros((len(plan.routes.frozen), len(TERMS)), np.int64)
    if plan.terms.shape == terms.shape:
        return plan
    _walk_all(view, plan.routes.start, plan.routes.order * 2 + plan.routes.kind, terms, scratch)
    return replace(plan, terms=terms, cost=int(terms.sum()))


@kernel
def _walk_all(view: View, start: Ints, tasks: Ints, terms: Ints, scratch: Scratch) -> None:
    for r in range(terms.shape[0]):
        walk(view, r, tasks[start[r] : start[r + 1]], start[r + 1] - start[r], scratch.ledger)
        move(scratch.ledger.terms, 0, terms.shape[1], terms[r], 0)


class _Tasks(NamedTuple):
    """Routes as compiled loops read them: tasks of rider r are tasks[start[r]:start[r + 1]]; order: int64 (T,)."""

    start: Ints
    tasks: Ints
    order: Ints


class _Numbers(NamedTuple):
    """What ``_sum_up`` answers, in the order of ``_Desk.numbers``; the first five are ``Changes``."""

    planned: int
    moved: int
    dropped: int
    taken_back: int
    resequenced: int
    bound: int
    left_out: int
    chosen: int
    short: int


class _Desk(NamedTuple):
    """Everything that is filled in one go.

    before, after: int64 (O,), in whose routes each order was and is, -1 for nobody's. wanted: int64 (O,), 1 for orders
    at stake that may go to anybody. chosen, short: int64 (O,), orders with a new rider and without one, as many as
    ``numbers`` says. numbers: int64, see ``_Numbers``.
    """

    bases: Bases
    grid: Grid
    near: Reach
    stakes: Stakes
    before: Ints
    after: Ints
    wanted: Ints
    chosen: Ints
    short: Ints
    numbers: Ints


def _make_desk(problem: Problem, view: View) -> _Desk:
    count = problem.order_count
    return _Desk(
        bases=empty_bases(problem, view),
        grid=empty_grid(view),
        near=empty_reach(view, count, NEAR),
        stakes=Stakes(*np.empty((2, count), np.int64)),
        before=np.full(count, NOBODY, np.int64),
        after=np.full(count, NOBODY, np.int64),
        wanted=np.zeros(count, np.int64),
        chosen=np.empty(count, np.int64),
        short=np.empty(count, np.int64),
        numbers=np.zeros(len(_Numbers._fields), np.int64),
    )


def _tasks(routes: Routes) -> _Tasks:
    return _Tasks(routes.start, routes.order * 2 + routes.kind, routes.order)


def _longest(routes: Routes) -> int:
    return int((routes.start[1:] - routes.start[:-1]).max(initial=0))


@kernel
def _sum_up(view: View, old: _Tasks, frozen: Ints, new: _Tasks, prices: Prices, desk: _Desk, scratch: Scratch) -> None:
    """Fill the desk: who can be where, what is at stake, what has changed, and the bound. One call, as each costs."""
    numbers, bases = desk.numbers, desk.bases
    ride_frozen(view, old.start, old.tasks, frozen, bases, scratch)
    fill_riders(old.start, old.order, desk.before)
    fill_riders(new.start, new.order, desk.after)
    numbers[0], numbers[1], numbers[2], numbers[3] = count_changes(view.orders.rider, desk.before, desk.after)
    numbers[4] = count_resequenced(old.start, old.tasks, new.start, new.tasks, desk.before, desk.after)
    numbers[6] = fill_stakes(view, prices, desk.after, desk.stakes)
    chosen, short = 0, 0
    for order in range(desk.after.shape[0]):
        free = bases.stage[order] == 0 and desk.stakes.counts[order] == 1
        desk.wanted[order] = int(free)
        if free and desk.after[order] < 0:
            desk.short[short] = order
            short += 1
        elif free and desk.after[order] != desk.before[order]:
            desk.chosen[chosen] = order
            chosen += 1
    numbers[7], numbers[8] = chosen, short
    find_reach(view, bases, desk.grid, desk.wanted, desk.near)
    numbers[5] = sum_of_least(view, bases, desk.stakes, desk.near)


def _oldest(problem: Problem, orders: Ints, most: int) -> Ints:
    """At most so many of the orders, the oldest first."""
    if len(orders) < 2:
        return orders
    by_age = np.argsort(problem.orders.placed_at[orders], kind="stable")
    return np.asarray(orders[by_age[:most]])


def with_summary(problem: Problem, params: Params, plan: Plan) -> Plan:
    """The plan, summed up; it must be sound."""
    return replace(plan, summary=summarize(problem, params, plan))

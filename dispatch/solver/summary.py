"""A plan in a few numbers and tables, made for every plan: what it costs, how far from the best it is, what changed.

Everything is computed from the problem and the finished plan, so that it holds for the plan of any solver.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dispatch.solver.bound import independent_bound, stakes_of
from dispatch.solver.changes import Changes, changes_of, riders_of
from dispatch.solver.choices import Choices, choices_of
from dispatch.solver.costs.terms import ENDING
from dispatch.solver.insertion import make_scratch
from dispatch.solver.least import make_bases
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import Ints, Problem
from dispatch.solver.reach import reach
from dispatch.solver.shortages import Shortages, short_orders, shortages_of
from dispatch.solver.view import make_view
from dispatch.units import Cost

NEAR: Final = 5
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
    problem: Problem, params: Params, plan: Plan, *, choices: int = MOST_CHOICES, trials: int = MOST_TRIALS
) -> Summary:
    """Sum up a sound plan for the problem and the parameters, whoever made it.

    choices: orders with a new rider to look at. trials: about how many pairs of an order without a rider and any rider.
    """
    view = make_view(problem, params.rules, params.weights)
    longest = max(int(np.diff(problem.routes.start).max(initial=0)), int(np.diff(plan.routes.start).max(initial=0)))
    scratch = make_scratch(max(params.rules.max_stops, longest), problem.order_count)
    bases = make_bases(problem, view, scratch)
    stakes = stakes_of(problem, view, params, plan)
    near = reach(view, bases, np.flatnonzero((stakes.counts == 1) & (bases.stage == 0)), NEAR)
    before, after = riders_of(problem.routes, problem.order_count), riders_of(plan.routes, problem.order_count)
    chosen = np.flatnonzero((after >= 0) & (after != before) & (bases.stage == 0))
    looked_into = chosen[np.argsort(problem.orders.placed_at[chosen], kind="stable")][:choices]
    short = short_orders(problem, after, params.search.horizon_s)
    looked_at = short[: max(1, trials // max(1, problem.rider_count))]
    return Summary(
        terms=plan.terms.sum(axis=0),
        left_out=stakes.left_out,
        bound=independent_bound(view, bases, stakes, near),
        verdicts=np.bincount(plan.verdict, minlength=len(Verdict)),
        changes=changes_of(problem, plan, before, after),
        choices=choices_of(view, bases, plan, near, looked_into, after[looked_into], scratch),
        chosen=len(chosen),
        shortages=shortages_of(view, plan, looked_at, stakes.out[looked_at], scratch),
        short=len(short),
    )


def with_summary(problem: Problem, params: Params, plan: Plan) -> Plan:
    """The plan, summed up; it must be sound."""
    return replace(plan, summary=summarize(problem, params, plan))

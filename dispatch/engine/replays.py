"""Decide again what a record decided, and say where the two plans part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dispatch.engine.dispatcher import Solver
from dispatch.engine.records import Record
from dispatch.solver.costs import TERMS
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import PICKUP, Ints, Problem
from dispatch.solver.solve import solve


def replay(record: Record, solver: Solver = solve) -> Plan:
    """The plan for the record's problem, parameters and seed; of the same solver and release it is ``record.plan``."""
    return solver(record.problem, record.params, seed=record.seed)


def first_difference(problem: Problem, kept: Plan, again: Plan) -> str:
    """Where two plans for ``problem`` part, in one sentence; empty where they are the same bit for bit.

    Routes are looked at first, then verdicts, times, cost terms and the cost: the later ones follow from the earlier.
    """
    if kept.same_as(again):
        return ""
    return next(_differences(problem, kept, again), "The plans have arrays of different shapes.")


def _differences(problem: Problem, kept: Plan, again: Plan) -> Iterator[str]:
    if kept.terms.shape != again.terms.shape or kept.verdict.shape != again.verdict.shape:
        return
    for rider, name in enumerate(problem.rider_ids):
        mine, theirs = _route(problem, kept, rider), _route(problem, again, rider)
        if mine != theirs:
            yield f"The route of rider {name} was {mine or 'empty'} and is now {theirs or 'empty'}."
    if not np.array_equal(kept.routes.frozen, again.routes.frozen):
        yield "The plans freeze different tasks."
    for order in np.flatnonzero(kept.verdict != again.verdict).tolist():
        mine, theirs = (Verdict(int(plan.verdict[order])).name.lower() for plan in (kept, again))
        yield f"The verdict on order {problem.order_ids[order]} was {mine} and is now {theirs}."
    for field in ("depart_at", "arrive_at", "event_at", "leave_at"):
        before, after = getattr(kept, field), getattr(again, field)
        for task in np.flatnonzero(before != after).tolist():
            name = _task(problem, kept.routes.order[task], kept.routes.kind[task])
            yield f"The {field} of {name} was {before[task]} and is now {after[task]}."
    for rider, term in np.argwhere(kept.terms != again.terms).tolist():
        was, now = int(kept.terms[rider, term]), int(again.terms[rider, term])
        yield f"The term {TERMS[term]} of rider {problem.rider_ids[rider]} was {was} and is now {now}."
    if kept.cost != again.cost:
        yield f"The cost was {kept.cost} and is now {again.cost}."


def _route(problem: Problem, plan: Plan, rider: int) -> str:
    first, end = plan.routes.start[rider], plan.routes.start[rider + 1]
    orders: Ints = plan.routes.order[first:end]
    kinds: Ints = plan.routes.kind[first:end]
    return " ".join(_task(problem, order, kind) for order, kind in zip(orders, kinds, strict=True))


def _task(problem: Problem, order: int, kind: int) -> str:
    """A task as people write it: +o1 picks order o1 up, -o1 drops it off."""
    return f"{'+' if kind == PICKUP else '-'}{problem.order_ids[order]}"

"""Why one order is where the plan has it: its candidates with their costs, and the rule that keeps everybody else out.

The routes are those of the final plan without the order, so that the rider who has it and those who do not are compared
in the same world. Everything is computed again from the problem and the plan; nothing is remembered from the search.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dispatch.solver.explain_text import chosen_text, exclusion_text, other_text, verdict_text
from dispatch.solver.explanation import Candidate, Exclusion, Explanation, Obstacle, Standing
from dispatch.solver.helps import helps_for
from dispatch.solver.inquiry import Inquiry, inquire
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import DROPOFF, PICKUP, Ints, Problem, Routes
from dispatch.solver.timing import route_times
from dispatch.solver.trials import route_with
from dispatch.solver.walk import INFEASIBLE, walk


def explain(problem: Problem, params: Params, plan: Plan, order: int, *, riders: int = 10) -> Explanation:
    """Explain where ``plan`` has the order with this index; up to ``riders`` candidates are given with their costs.

    The plan must be a sound one for the problem and the parameters, whoever made it.
    Raises ValueError on an order that there is not, and on a number of riders below one.
    """
    if not 0 <= order < problem.order_count:
        raise ValueError(f"there is no order {order}; there are {problem.order_count}")
    if riders < 1:
        raise ValueError(f"at least one rider must be asked for, not {riders}")
    asked = inquire(problem, params, plan, order)
    candidates = _candidates(asked, riders)
    verdict = Verdict(int(plan.verdict[order]))
    return Explanation(
        order=order,
        order_id=problem.order_ids[order],
        now=problem.now,
        verdict=verdict,
        text=verdict_text(asked, verdict, candidates),
        rider=asked.home,
        movable=asked.movable,
        left_out=asked.left_out,
        plan_cost=plan.cost,
        possible=len(asked.ranking) + (asked.home is not None),
        candidates=candidates,
        exclusions=_exclusions(asked),
        helps=() if verdict == Verdict.PLANNED else helps_for(asked),
    )


class _Way(NamedTuple):
    """A rider's route without the order and with it, as rows of tasks."""

    rider: int
    without: Ints
    into: Ints


def _candidates(asked: Inquiry, riders: int) -> tuple[Candidate, ...]:
    """The rider who has the order and the cheapest of the others, with terms, times and texts."""
    ways = []
    if asked.home is not None:
        row = asked.row(asked.home)
        ways.append(_Way(asked.home, row[row >> 1 != asked.order], row))
    for rider in asked.ranking[: riders - len(ways)]:
        ways.append(_Way(rider, *route_with(asked.plan.routes, asked.trials, asked.order, rider)))
    terms = [_added_terms(asked, way) for way in ways]
    times = _times(asked, ways)
    chosen: Candidate | None = None
    found: list[Candidate] = []
    for way, added, (pickup_at, dropoff_at) in zip(ways, terms, times, strict=True):
        candidate = _candidate(asked, way, added, pickup_at, dropoff_at, chosen)
        if way.rider == asked.home:
            chosen = candidate
        found.append(candidate)
    return tuple(found)


def _candidate(
    asked: Inquiry, way: _Way, terms: tuple[int, ...], pickup_at: int | None, dropoff_at: int, chosen: Candidate | None
) -> Candidate:
    total = sum(terms)
    alone = int(asked.alone.total[way.rider])
    before = asked.plan.cost - (chosen.total if chosen is not None else 0)
    bare = Candidate(
        rider=way.rider,
        rider_id=asked.problem.rider_ids[way.rider],
        standing=_standing(asked, way.rider, total, chosen),
        total=total,
        terms=terms,
        alone=alone if alone < INFEASIBLE else None,
        plan_cost=asked.plan.cost if way.rider == asked.home else before + total,
        tasks_before=int(np.flatnonzero(way.into >> 1 == asked.order)[0]),
        pickup_at=pickup_at,
        dropoff_at=dropoff_at,
        text="",
    )
    text = chosen_text(asked, total) if way.rider == asked.home else other_text(asked, bare, chosen)
    return replace(bare, text=text)


def _standing(asked: Inquiry, rider: int, total: int, chosen: Candidate | None) -> Standing:
    if rider == asked.home:
        return Standing.CHOSEN
    reference = asked.left_out if chosen is None else chosen.total
    if total < reference:
        return Standing.CHEAPER
    alone = reference if chosen is None or chosen.alone is None else chosen.alone
    needed = asked.alone.total[rider] < min(alone, total) and total > reference
    return Standing.NEEDED_ELSEWHERE if needed else Standing.DEARER


def _added_terms(asked: Inquiry, way: _Way) -> tuple[int, ...]:
    """The terms of the route with the order less those without it."""
    ledger = asked.scratch.ledger
    walk(asked.view, way.rider, way.without, len(way.without), ledger)
    without = ledger.terms.copy()
    walk(asked.view, way.rider, way.into, len(way.into), ledger)
    return tuple((ledger.terms - without).tolist())


def _times(asked: Inquiry, ways: list[_Way]) -> list[tuple[int | None, int]]:
    """(pickup, drop-off) of the order in each of the ways, which are of different riders."""
    rows = {way.rider: way.into for way in ways}
    count = [len(rows.get(r, ())) for r in range(asked.problem.rider_count)]
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(count, dtype=np.int64)])
    tasks = np.concatenate([np.zeros(0, np.int64), *(rows[r] for r in sorted(rows))])
    _, event_at, _, _ = route_times(asked.view, Routes(start, tasks >> 1, tasks & 1, asked.plan.routes.frozen))
    found: list[tuple[int | None, int]] = []
    for way in ways:
        mine = slice(start[way.rider], start[way.rider + 1])
        at = dict(zip(tasks[mine].tolist(), event_at[mine].tolist(), strict=True))
        found.append((at.get(asked.order * 2 + PICKUP), at[asked.order * 2 + DROPOFF]))
    return found


def _exclusions(asked: Inquiry) -> tuple[Exclusion, ...]:
    """Riders by the rule that keeps them from the order, the most frequent rule first."""
    groups: dict[Obstacle, list[int]] = {}
    for rider, obstacle in sorted(asked.obstacles.items()):
        groups.setdefault(obstacle, []).append(rider)
    found = []
    for obstacle in sorted(groups, key=lambda name: (-len(groups[name]), list(Obstacle).index(name))):
        others = tuple(r for r in groups[obstacle] if asked.alone.fits(r))
        text = exclusion_text(obstacle, len(others))
        found.append(Exclusion(obstacle=obstacle, riders=tuple(groups[obstacle]), but_for_others=others, text=text))
    return tuple(found)

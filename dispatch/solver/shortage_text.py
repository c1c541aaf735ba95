"""The sentences about orders without a rider: who is kept away by what, and what would help."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dispatch.geo.kernel import travel_s
from dispatch.solver.explain_text import duration
from dispatch.solver.explanation import Obstacle
from dispatch.solver.free_rider import fastest_profile, metres_of
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Problem
from dispatch.solver.shortages import CODES, NOBODY, Shortages
from dispatch.solver.view import View
from dispatch.solver.violation import rider_name
from dispatch.units import MINUTE_S


def counts_of(shortages: Shortages, n: int) -> dict[Obstacle, int]:
    """Riders whom each rule keeps from the n-th order, the most frequent rule first."""
    counts = shortages.kept_away[n]
    return {CODES[k]: int(counts[k]) for k in np.argsort(-counts, kind="stable").tolist() if counts[k]}


def kept_away_text(shortages: Shortages, n: int, riders: int) -> str:
    """How many riders could have the n-th order, and what keeps the others away."""
    counts = counts_of(shortages, n)
    parts = [f"{count} {code.value.replace('_', ' ')}" for code, count in counts.items()]
    could = riders - sum(counts.values())
    return ", ".join([*([f"{could} too dear"] if could else []), *parts]) or "no riders"


def help_texts(problem: Problem, view: View, plan: Plan, shortages: Shortages, n: int) -> Iterator[str]:
    """What would give the n-th order a rider, the smallest change first; at least one sentence."""
    best, reach, late = (int(getattr(shortages, name)[n]) for name in ("rider", "reach_s", "late_rider"))
    if best != NOBODY and shortages.total[n] < shortages.out[n]:
        yield f"Nothing is needed: the next tick can give it to {rider_name(problem, best)}."
        return
    nearer = _nearer(problem, view, plan, shortages, n)
    if nearer:
        yield nearer
    if late != NOBODY:
        minutes = -(-int(shortages.late_s[n]) // MINUTE_S)
        yield f"The shift of {rider_name(problem, late)} ends {minutes} min later."
    if reach != NOBODY:
        profile = _profile(problem, view, shortages, n)
        yield f"A free rider ({_vehicle(problem, profile)}) within {_far(view, profile, reach)} of the merchant."
    elif shortages.out[n] > 0:
        yield "A higher price of leaving it out: even a rider at the merchant would cost more."


def _nearer(problem: Problem, view: View, plan: Plan, shortages: Shortages, n: int) -> str:
    """How much nearer the cheapest rider would have to be, where nothing else is in the way."""
    best, reach = int(shortages.rider[n]), int(shortages.reach_s[n])
    idle = best != NOBODY and plan.routes.start[best] == plan.routes.start[best + 1]
    if not idle or reach == NOBODY or problem.riders.free_at[best] > problem.now:
        return ""
    profile, pickup = int(problem.riders.profile[best]), problem.orders.pickup[shortages.order[n]]
    leg = travel_s(problem.travel, profile, problem.riders.place[best], pickup)
    if leg <= reach:
        return ""
    metres = [metres_of(view, profile, seconds) for seconds in (leg, reach)]
    near = duration(leg - reach) if None in metres else f"{(metres[0] or 0) - (metres[1] or 0):,} m"
    return f"{rider_name(problem, best).capitalize()} is {near} nearer."


def _profile(problem: Problem, view: View, shortages: Shortages, n: int) -> int:
    """The way of travel that the reach is told of."""
    if shortages.rider[n] != NOBODY:
        return int(problem.riders.profile[shortages.rider[n]])
    return fastest_profile(view, int(shortages.order[n])) or 0


def _far(view: View, profile: int, seconds: int) -> str:
    metres = metres_of(view, profile, seconds)
    return duration(seconds) if metres is None else f"{duration(seconds)} ({metres:,} m)"


def _vehicle(problem: Problem, profile: int) -> str:
    names = problem.profile_names
    return names[profile] if profile < len(names) else f"vehicle {profile}"

"""The sentences of an explanation. Instants are shown in UTC, costs in points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from dispatch.solver.costs import TERMS
from dispatch.solver.explanation import Candidate, Obstacle, Standing
from dispatch.solver.inquiry import Inquiry
from dispatch.solver.plan import Verdict
from dispatch.solver.problem import ON_BOARD
from dispatch.solver.violation import rider_name
from dispatch.units import HOUR_S, MINUTE_S, Cost, Instant, Seconds

OBSTACLES: Final[Mapping[Obstacle, str]] = {
    Obstacle.HELD: "The order stays with the rider who has it.",
    Obstacle.NOT_ACCEPTING: "Takes no new orders.",
    Obstacle.VEHICLE: "The vehicle may not carry it.",
    Obstacle.ZONE: "Works in none of its zones.",
    Obstacle.SIZE: "It alone is larger than what fits.",
    Obstacle.BARRED: "Is barred from it.",
    Obstacle.ROUTE_BROKEN: "What the rider has already breaks a rule, so nothing is added.",
    Obstacle.TOO_MANY_TASKS: "The route would have too many tasks.",
    Obstacle.MERCHANTS_MIXED: "Orders of two merchants would be on board together.",
    Obstacle.CAPACITY: "More would be on board on the way than may be.",
    Obstacle.SHIFT_ENDS: "A pickup would come after the end of the shift.",
    Obstacle.FOOD_TOO_OLD: "Food would be on board for too long.",
    Obstacle.UNREACHABLE: "There is no way.",
}

_VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.PLANNED: "It should be in a route, and is in none.",
    Verdict.NOT_YET: "It waits: leaving it for a later tick is cheaper than any rider now.",
    Verdict.NO_RIDER_ON_SHIFT: "Nobody is on shift who takes new orders.",
    Verdict.NO_VEHICLE: "Nobody who takes new orders has a vehicle that may carry it.",
    Verdict.NO_ZONE: "Nobody with the right vehicle works in its zones.",
    Verdict.BARRED: "Every rider left is barred from it.",
    Verdict.NO_CAPACITY: "It is larger than what any rider left can carry.",
    Verdict.SHIFT_ENDS: "Every rider left would pick it up after the end of the shift.",
    Verdict.UNREACHABLE: "No rider left has a way there.",
    Verdict.TOO_COSTLY: "Every rider would cost more than giving it to nobody.",
    Verdict.LOST_TO_OTHERS: "Every rider who could serve it is used better by other orders.",
}


def clock(at: Instant) -> str:
    """Time of day, UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def duration(seconds: Seconds) -> str:
    """A duration as people say it."""
    parts = {"h": seconds // HOUR_S, "min": seconds % HOUR_S // MINUTE_S, "s": seconds % MINUTE_S}
    return " ".join(f"{count} {unit}" for unit, count in parts.items() if count) or "0 min"


def points(cost: Cost) -> str:
    """A cost with its unit."""
    return f"{cost:,} point{'' if abs(cost) == 1 else 's'}"


def difference(terms: Sequence[Cost], reference: Sequence[Cost]) -> str:
    """The terms that differ, largest difference first: "click_to_door +1,000, travel -60"."""
    gaps = [(mine - other, name) for name, mine, other in zip(TERMS, terms, reference, strict=True) if mine != other]
    return ", ".join(f"{name} {gap:+,}" for gap, name in sorted(gaps, key=lambda pair: -abs(pair[0])))


def verdict_text(asked: Inquiry, verdict: Verdict, candidates: Sequence[Candidate]) -> str:
    """What became of the order, in a sentence or two."""
    if asked.home is not None:
        return _planned_text(asked, candidates[0])
    if verdict == Verdict.NOT_YET and asked.looked_at_from > asked.problem.now:
        return (
            f"It is not looked at before {clock(asked.looked_at_from)}: the food is ready at {clock(asked.ready_at)}."
        )
    if verdict in (Verdict.NOT_YET, Verdict.TOO_COSTLY) and not candidates:
        return "It waits: as the routes are, nobody can take it."
    if verdict in (Verdict.NOT_YET, Verdict.TOO_COSTLY) and any(c.standing is Standing.CHEAPER for c in candidates):
        return "It waits, though a rider would now be cheaper: the search has missed it. The next tick looks again."
    return _VERDICTS[verdict]


def _planned_text(asked: Inquiry, chosen: Candidate) -> str:
    who = rider_name(asked.problem, chosen.rider)
    if asked.problem.orders.state[asked.order] == ON_BOARD:
        return f"It is on board of {who}: drop-off at {clock(chosen.dropoff_at)}."
    when = "" if chosen.pickup_at is None else f"pickup at {clock(chosen.pickup_at)}, "
    has = "has it" if asked.movable else "has it and keeps it (offered, pinned or about to be done)"
    return f"{who.capitalize()} {has}: {when}drop-off at {clock(chosen.dropoff_at)}."


def chosen_text(asked: Inquiry, total: Cost) -> str:
    """Of the rider who has the order."""
    if not asked.movable:
        return "Has it; no other rider was asked."
    saved = total - int(asked.trials.total[asked.home]) if asked.home is not None else 0
    if saved > 0:
        return f"Has it. Elsewhere in the same route it would cost {points(saved)} less: the search has missed that."
    return "Has it, at the cheapest place in the route."


def other_text(asked: Inquiry, candidate: Candidate, chosen: Candidate | None) -> str:
    """Of a rider who could have the order: against the one who has it, or against leaving it out."""
    if chosen is None:
        return _unplanned_text(asked, candidate)
    more = candidate.total - chosen.total
    of_which = difference(candidate.terms, chosen.terms)
    if candidate.standing is Standing.CHEAPER:
        return f"The plan would cost {points(-more)} less with it here ({of_which}): the search has missed it."
    if more == 0:
        return "Costs the same; one of the two had to be taken."
    if candidate.standing is Standing.NEEDED_ELSEWHERE:
        alone = f"Cheaper if this order were alone ({points(candidate.alone or 0)}), but needed more by other orders"
        return f"{alone}: with it here the plan would cost {points(more)} more ({of_which})."
    return f"Dearer by {points(more)}: {of_which}."


def _unplanned_text(asked: Inquiry, candidate: Candidate) -> str:
    more = candidate.total - asked.left_out
    if candidate.standing is Standing.CHEAPER:
        later = asked.looked_at_from > asked.problem.now
        why = "the order is not looked at yet" if later else "the search has missed it"
        return f"Cheaper than leaving the order out, by {points(-more)}: {why}."
    text = f"Dearer than leaving the order out, by {points(more)}"
    if candidate.standing is Standing.NEEDED_ELSEWHERE:
        return f"{text}; without the other orders of the plan it would cost {points(candidate.alone or 0)}."
    return f"{text}."


def exclusion_text(obstacle: Obstacle, but_for_others: int) -> str:
    """Of the riders whom a hard rule keeps from the order."""
    if not but_for_others:
        return OBSTACLES[obstacle]
    return f"{OBSTACLES[obstacle]} {but_for_others} could have it without the other orders that the plan gives them."

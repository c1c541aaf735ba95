"""What a solver answers: a route for every rider, and a reason for every order without one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from dispatch.solver.problem import Ints, Routes

if TYPE_CHECKING:
    from dispatch.solver.summary import Summary
    from dispatch.solver.view import View


class Verdict(IntEnum):
    """What the plan says of an order. Codes are stable: they are stored with decisions."""

    PLANNED = 0
    """It has a place in a rider's route."""
    NOT_YET = 1
    """Waiting is cheaper than any rider now; it is looked at again at the next tick."""
    NO_RIDER_ON_SHIFT = 2
    """Nobody is on shift who takes new orders."""
    NO_VEHICLE = 3
    """Riders are on shift, none with a vehicle that may carry it."""
    NO_ZONE = 4
    """Riders with the right vehicle exist, none works in its zones."""
    BARRED = 5
    """Every rider left is barred from it."""
    NO_CAPACITY = 6
    """It is larger than what any rider left can carry."""
    SHIFT_ENDS = 7
    """Every rider left would have to pick it up after the end of the shift."""
    UNREACHABLE = 8
    """No rider left has a way there, or one short enough for the food."""
    TOO_COSTLY = 9
    """A rider could serve it, at a cost above that of serving nobody."""
    LOST_TO_OTHERS = 10
    """Every rider who could serve it is used better by another order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Routes for all riders of a problem, with times, and a verdict for every order.

    routes: tasks as in the problem's own routes, new orders inserted.
    arrive_at, event_at, leave_at: int64 (T,), arrival at the task's stop, the pickup or drop-off itself, and leaving
    the stop; all tasks of one stop (pickups in a row at one place) share the three.
    depart_at: int64 (T,), when the leg to the task's stop begins: as late as does not delay it.
    verdict: int64 (O,), a Verdict for each order. cost: int64 sum over orders and routes.
    terms: int64 (R, K), each rider's weighted cost terms, in the order of ``dispatch.solver.costs.TERMS``; their sum is
    the route's cost.
    summary: what is told of the plan, where somebody has summed it up. view: the problem as the solver has read it, so
    that whoever looks at the plan next need not read it again. work: how much the search has done. unsearched: int64
    (R,), not 0 for routes that it did not come to. None of these is part of the decision.
    """

    routes: Routes
    arrive_at: Ints
    event_at: Ints
    leave_at: Ints
    depart_at: Ints
    verdict: Ints
    terms: Ints
    cost: int
    summary: Summary | None = None
    view: View | None = None
    work: int = 0
    unsearched: Ints | None = None

    def same_as(self, other: Plan) -> bool:
        """Whether both plans are equal bit for bit."""
        mine = (*self.routes, self.arrive_at, self.event_at, self.leave_at, self.depart_at, self.verdict, self.terms)
        theirs = (
            *other.routes,
            other.arrive_at,
            other.event_at,
            other.leave_at,
            other.depart_at,
            other.verdict,
            other.terms,
        )
        return self.cost == other.cost and all(
            a.shape == b.shape and bool((a == b).all()) for a, b in zip(mine, theirs, strict=True)
        )

"""How far a plan departs from the one before it, which its problem still holds."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.solver.plan import Plan
from dispatch.solver.problem import Ints, Problem, Routes

NOBODY: Final = -1


class Changes(NamedTuple):
    """Against the last plan, in numbers of orders; tasks where said.

    planned: with a rider now, and with none before. moved: with another rider now. dropped: with no rider any more.
    taken_back: of those moved or dropped, orders that the rider had been given and not only had in the plan.
    resequenced: tasks that a rider keeps, and that come at another place among those kept.
    """

    planned: int
    moved: int
    dropped: int
    taken_back: int
    resequenced: int


def riders_of(routes: Routes, orders: int) -> Ints:
    """The rider in whose route each order is, -1 for none; int64 (orders,)."""
    rider = np.full(orders, NOBODY, np.int64)
    rider[routes.order] = np.repeat(np.arange(len(routes.frozen)), np.diff(routes.start))
    return rider


def changes_of(problem: Problem, plan: Plan, before: Ints, after: Ints) -> Changes:
    """Compare; ``before`` and ``after`` are ``riders_of`` the problem's and the plan's routes."""
    moved = (before != NOBODY) & (after != NOBODY) & (before != after)
    dropped = (before != NOBODY) & (after == NOBODY)
    given = (problem.orders.rider == before) & (before != NOBODY)
    old, new = problem.routes, plan.routes
    return Changes(
        planned=int(((before == NOBODY) & (after != NOBODY)).sum()),
        moved=int(moved.sum()),
        dropped=int(dropped.sum()),
        taken_back=int(((moved | dropped) & given).sum()),
        resequenced=int(
            _resequenced(old.start, old.order * 2 + old.kind, new.start, new.order * 2 + new.kind, before, after)
        ),
    )


@kernel
def _resequenced(old_start: Ints, old: Ints, new_start: Ints, new: Ints, before: Ints, after: Ints) -> int:
    """Read both routes of each rider side by side, past what is in one of them only."""
    found = 0
    for r in range(old_start.shape[0] - 1):
        i, j, old_end, new_end = old_start[r], new_start[r], old_start[r + 1], new_start[r + 1]
        while True:
            while i < old_end and after[old[i] >> 1] != r:
                i += 1
            while j < new_end and before[new[j] >> 1] != r:
                j += 1
            if i >= old_end or j >= new_end:
                break
            found += int(old[i] != new[j])
            i, j = i + 1, j + 1
    return found

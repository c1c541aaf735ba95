"""How far a plan departs from the one before it, which its problem still holds."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.solver.problem import Ints, Routes

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
    fill_riders(routes.start, routes.order, rider)
    return rider


@kernel
def fill_riders(start: Ints, order: Ints, rider: Ints) -> None:
    """``riders_of`` where ``rider`` is -1 so far."""
    for r in range(start.shape[0] - 1):
        for k in range(start[r], start[r + 1]):
            rider[order[k]] = r


@kernel
def count_changes(given: Ints, before: Ints, after: Ints) -> tuple[int, int, int, int]:
    """The first four of ``Changes``; who has been given each order, and in whose routes it was and is: int64 (O,)."""
    planned, moved, dropped, taken_back = 0, 0, 0, 0
    for order in range(before.shape[0]):
        if before[order] == after[order]:
            continue
        planned += int(before[order] == NOBODY)
        moved += int(before[order] != NOBODY and after[order] != NOBODY)
        dropped += int(after[order] == NOBODY)
        taken_back += int(before[order] != NOBODY and given[order] == before[order])
    return planned, moved, dropped, taken_back


@kernel
def count_resequenced(old_start: Ints, old: Ints, new_start: Ints, new: Ints, before: Ints, after: Ints) -> int:
    """The last of ``Changes``: read both routes of each rider side by side, past what is in one of them only."""
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

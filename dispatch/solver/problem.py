"""One market at one instant as integer arrays: all that a solver may know.

Indices: o orders (O), r riders (R), l places (L), p travel profiles (P), t tasks (T). Times are epoch seconds (int64).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.kernel import TravelTable

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PICKUP: Final = 0
DROPOFF: Final = 1

OPEN: Final = 0
"""The order may go to any rider, also away from the one who has it now (``Orders.rider``)."""
FIXED: Final = 1
"""The order stays with ``Orders.rider`` (pinned, offered, or a frozen task) but is not picked up yet."""
ON_BOARD: Final = 2
"""The order is in the bag of ``Orders.rider``; only its drop-off is left."""

NO_ORDERS: Final = 0
"""The rider takes no new orders."""
ANY_ORDER: Final = 1
"""The rider may get any order."""
FREE_ORDERS: Final = 2
"""The rider may only get what nobody has: a shift that is about to begin, and may yet begin late."""

EVERYWHERE: Final = (1 << 62) - 1
"""Zone mask of an order or rider that is bound to no zone."""


class Orders(NamedTuple):
    """The open, fixed and carried orders; every field is int64 (O,).

    pickup, dropoff: place indices. merchant: orders with the same number can be picked up in one stop.
    ready_at: when the food is ready; due_at: promise to the customer; not_before_at: drop-off not before this (0: any
    time).
    size: capacity units. vehicles: bit p set where profile p may carry it. zones: bits of the zones it lies in.
    *_before_s, *_after_s: handling between arrival and the pickup (drop-off), and from then until leaving.
    rider: index of the rider who has it now, -1 for nobody. state: OPEN, FIXED or ON_BOARD.
    """

    pickup: Ints
    dropoff: Ints
    merchant: Ints
    placed_at: Ints
    ready_at: Ints
    due_at: Ints
    not_before_at: Ints
    size: Ints
    vehicles: Ints
    zones: Ints
    priority: Ints
    pickup_before_s: Ints
    pickup_after_s: Ints
    dropoff_before_s: Ints
    dropoff_after_s: Ints
    rider: Ints
    state: Ints


class Riders(NamedTuple):
    """The riders on shift, or about to be; int64 (R,) except where said.

    place, free_at: where and since (or from) when the rider can choose where to go; a rider under way finishes the leg
    first.
    off_at: end of shift. zones: bits of the zones the rider works in. accepts: NO_ORDERS, ANY_ORDER or FREE_ORDERS.
    heading: float64 (R, 3), unit vector of the present movement in the space of ``TravelTable.points`` (zeros:
    standing).
    heading_trust: float64 (R,), 0..1, how much the heading still says (fades with the age and slowness of the
    position).
    """

    place: Ints
    free_at: Ints
    profile: Ints
    capacity: Ints
    off_at: Ints
    zones: Ints
    accepts: Ints
    heading: Floats
    heading_trust: Floats


class Routes(NamedTuple):
    """The riders' present tasks, in order: tasks of rider r are start[r]:start[r + 1].

    start: int64 (R + 1,). order, kind: int64 (T,), kind PICKUP or DROPOFF. frozen: int64 (R,), how many leading tasks
    must stay as they are. An order that is ON_BOARD has only its drop-off here; an OPEN order may be missing (nobody
    has it) or present.
    """

    start: Ints
    order: Ints
    kind: Ints
    frozen: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is known at ``now``.

    bars: int64 (B, 2), pairs (order, rider) that must not come together, sorted.
    changed: int64 (R,), 1 where something has happened to the rider or the route that the last plan did not foresee;
    the solver searches around these first. None: nothing is known of a last plan.
    onward_m: int64 (L,), metres from each place to where a rider's next pickup is expected. None: nothing is foreseen.
    profile_names, zone_names: what the numbers of profiles and the bits of zones mean, for whoever reads an
    explanation; the solver does not look at them, and they may be missing.
    """

    now: int
    travel: TravelTable
    orders: Orders
    riders: Riders
    routes: Routes
    bars: Ints
    order_ids: tuple[str, ...]
    rider_ids: tuple[str, ...]
    changed: Ints | None = None
    onward_m: Ints | None = None
    profile_names: tuple[str, ...] = ()
    zone_names: tuple[str, ...] = ()

    @property
    def order_count(self) -> int:
        """O, the number of orders."""
        return len(self.order_ids)

    @property
    def rider_count(self) -> int:
        """R, the number of riders."""
        return len(self.rider_ids)

"""Orders that may be carried together on one piece of route: same merchant, ready together, going the same way.

Bundles are proposed only where riders are scarce; a single order is a bundle of one. Orders can still be joined later,
when one is inserted into the route of a rider who collects at the same merchant anyway.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dispatch.geo.kernel import kernel, travel_s
from dispatch.solver.problem import Ints
from dispatch.solver.view import View
from dispatch.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleParams:
    """Limits of a proposed bundle.

    max_size: orders in one. max_ready_gap_s: between the first and the last to be ready. max_detour_s: riding between
    two drop-offs that follow each other. scarce_share: bundles are proposed when there are more waiting orders than
    this share of the riders who take orders.
    """

    max_size: int = 3
    max_ready_gap_s: Seconds = 600
    max_detour_s: Seconds = 600
    scarce_share: float = 0.5

    def __post_init__(self) -> None:
        if self.max_size < 1 or self.max_ready_gap_s < 0 or self.max_detour_s < 0 or self.scarce_share < 0:
            raise ValueError("bundle limits must not be negative, and max_size must be at least 1")


@dataclass(frozen=True, slots=True)
class Bundles:
    """Orders of bundle b: members[start[b]:start[b + 1]], in drop-off order."""

    start: Ints
    members: Ints

    def __len__(self) -> int:
        return len(self.start) - 1


def make_bundles(view: View, orders: Ints, free_riders: int, params: BundleParams) -> Bundles:
    """Partition ``orders`` into bundles; only bundles of one while riders are plenty."""
    by_merchant = np.lexsort((orders, view.orders.ready_at[orders], view.orders.merchant[orders]))
    ordered = orders[by_merchant]
    size = params.max_size if len(orders) > params.scarce_share * free_riders else 1
    starts = np.ones(len(ordered), np.int64)
    if size > 1 and view.riders.place.shape[0] > 0:
        _join(view, ordered, size, params.max_ready_gap_s, params.max_detour_s, starts)
    return Bundles(start=np.append(np.flatnonzero(starts), len(ordered)), members=ordered)


@kernel
def _join(view: View, ordered: Ints, size: int, ready_gap_s: int, detour_s: int, starts: Ints) -> None:
    """Clear starts[i] where order i joins the bundle of the order before it. Detours are those of the first profile."""
    orders = view.orders
    first = 0
    for i in range(1, ordered.shape[0]):
        a, b = ordered[i - 1], ordered[i]
        joins = (
            i - first < size
            and orders.merchant[a] == orders.merchant[b]
            and orders.pickup[a] == orders.pickup[b]
            and orders.ready_at[b] - orders.ready_at[ordered[first]] <= ready_gap_s
            and travel_s(view.travel, 0, orders.dropoff[a], orders.dropoff[b]) <= detour_s
        )
        if joins:
            starts[i] = 0
        else:
            first = i

"""The sequence in which many orders are gone through: place by place.

Riders who are looked at for one order are looked at for its neighbours, too. In this sequence they are still in the
processor's cache then; in any other, pricing the pairs of 20,000 orders and 30,000 riders takes half as long again.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatch.solver.problem import Ints
from dispatch.solver.view import View

_SIDE: Final = 64
"""Cells along the longest side of where the merchants are."""


def by_place(view: View, orders: Ints) -> Ints:
    """Positions in ``orders`` such that those of near merchants, and all of one merchant, come together; int64 (B,)."""
    spots = view.travel.points[view.orders.pickup[orders]]
    if len(spots) == 0:
        return np.zeros(0, np.int64)
    low = spots.min(axis=0)
    cell_m = max(1.0, float((spots.max(axis=0) - low).max()) / _SIDE)
    cells = ((spots - low) / cell_m).astype(np.int64)
    cell = (cells[:, 0] * (_SIDE + 1) + cells[:, 1]) * (_SIDE + 1) + cells[:, 2]
    return np.lexsort((view.orders.merchant[orders], cell))

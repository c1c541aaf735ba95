"""Rough prices of columns by an auction: rows bid for the column that is worth most to them.

Bertsekas, "The auction algorithm: a distributed relaxation method for the assignment problem", Annals of Operations
Research 14, 1988. Each bid raises a price by at least ``step``: a small step is exact, and endless where many rows want
few columns. So steps begin small, and grow for as long as rows go on outbidding each other. What comes out need not be
exact, as exact paths follow; it has to be near, because searching from prices of 0 is slow.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatch.geo.kernel import inlined_kernel, kernel
from dispatch.solver.match_sides import Side
from dispatch.solver.problem import Ints

FINE: Final = 512
"""The first step is this part of the mean of the rows' best gains."""

BIDS: Final = 12
"""Bids a row, on average, after which steps grow."""

GROWTH: Final = 16
LARGEST_STEP: Final = 2**56


def auction_prices(rows: Side, columns: int) -> Ints:
    """A price of 0 or more for each column; int64 (columns,)."""
    price = np.zeros(columns, np.int64)
    if len(rows.start) > 1:
        _auction(rows, price, np.full(columns, -1, np.int64))
    return price


@kernel
def _auction(rows: Side, price: Ints, holder: Ints) -> None:
    """Every row bids; who is outbid bids again, at once."""
    count, step, bids = rows.start.shape[0] - 1, _first_step(rows), 0
    for row in range(count):
        bidder = row
        while bidder >= 0:
            bidder = _bid(rows, price, holder, bidder, step)
            bids += 1
            if bids % (BIDS * count) == 0:
                step = min(step * GROWTH, LARGEST_STEP)


@inlined_kernel
def _bid(rows: Side, price: Ints, holder: Ints, bidder: int, step: int) -> int:
    """Outbid the holder of the best column; answers who held it, -1 if nobody did or nothing is worth its price."""
    best, second, where = 0, 0, -1
    for at in range(rows.start[bidder], rows.start[bidder + 1]):
        worth = rows.gain[at] - price[rows.far[at]]
        if worth > best:
            best, second, where = worth, best, rows.far[at]
        elif worth > second:
            second = worth
    if where < 0:
        return -1
    before = holder[where]
    price[where] += min(best, best - second + step)
    holder[where] = bidder
    return int(before)


@kernel
def _first_step(rows: Side) -> int:
    """The mean of the rows' best gains over FINE, and 1 at least."""
    count = rows.start.shape[0] - 1
    mean = 0.0
    for row in range(count):
        best = 0
        for at in range(rows.start[row], rows.start[row + 1]):
            best = max(best, rows.gain[at])
        mean += best / count
    return max(1, int(mean / FINE))

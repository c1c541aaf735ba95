"""Rough prices of columns by an auction: rows bid for the column that is worth most to them.

Bertsekas, "The auction algorithm: a distributed relaxation method for the assignment problem", Annals of Operations
Research 14, 1988. Each bid raises a price by at least ``step``: a small step is exact, and endless where many rows want
few columns; a large one is quick, and says little where prices are low. So there are two auctions: the first, with
large steps, tells how high prices get, the second takes steps to match. What comes out need not be exact, as paths that
are follow; it has to be near, because searching from prices of 0 is slow.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatch.geo.kernel import inlined_kernel, kernel
from dispatch.solver.match_paths import settle
from dispatch.solver.match_sides import Side
from dispatch.solver.problem import Ints

COARSE: Final = 50
"""Steps of the first auction in the mean of the rows' best gains."""

FINE: Final = 40
"""Steps of the second in the mean of the prices."""

BIDS: Final = 40
"""Bids a row, on average, after which steps grow: an auction must end."""

GROWTH: Final = 16
LARGEST_STEP: Final = 2**56


def auction_prices(rows: Side, columns: int, coarse: int = COARSE, fine: int = FINE) -> Ints:
    """A price of 0 or more for each column; int64 (columns,)."""
    price, step = np.zeros(columns, np.int64), 1 + int(_mean_gain(rows)) // coarse
    _auction(rows, price, step, np.full(columns, -1, np.int64))
    paid = price[price > 0]
    finer = 1 + int(paid.mean()) // fine if len(paid) else step
    if 2 * finer < step:
        price[:] = 0
        _auction(rows, price, finer, np.full(columns, -1, np.int64))
    return price


def rough_prices(rows: Side, columns: int) -> tuple[Ints, Ints]:
    """(price of each column, profit of each row) about as the best matching has them, in a fraction of the time."""
    price, profit = auction_prices(rows, columns, COARSE // 2, FINE // 2), np.empty(len(rows.start) - 1, np.int64)
    settle(rows, price, profit, np.full(len(profit), -1, np.int64), np.full(columns, -1, np.int64))
    return price, profit


@kernel
def _auction(rows: Side, price: Ints, step: int, holder: Ints) -> None:
    """Every row bids; who is outbid bids again, at once."""
    count, bids = rows.start.shape[0] - 1, 0
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
def _mean_gain(rows: Side) -> float:
    """The mean of the rows' best gains, 0 where there are no rows."""
    count, mean = rows.start.shape[0] - 1, 0.0
    for row in range(count):
        best = 0
        for at in range(rows.start[row], rows.start[row + 1]):
            best = max(best, rows.gain[at])
        mean += best / count
    return mean

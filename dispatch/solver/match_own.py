"""The product's own matching: prices first, roughly or from the last time, then exact paths.

1. Prices: those of the last matching where they are known, else from an auction with large steps.
2. Every row takes a column that is best for it at these prices, if that is free.
3. Columns that have a price but no row seek one, then rows that gain something but have no column: both by shortest
   augmenting paths, which leave the duals exact.

From prices of a similar problem little is left to do; from any prices the total cost is the least possible. The
duals prove it: see ``Matching.bound``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dispatch.solver.match_bids import auction_prices
from dispatch.solver.match_paths import make_work, serve, settle
from dispatch.solver.match_sides import by_column, by_row
from dispatch.solver.problem import Ints

LARGEST_GAIN: Final = 2**60
"""What a pair may cost less than its way out; sums of a few stay inside int64."""


@dataclass(frozen=True, slots=True)
class Matching:
    """The best matching, and the duals that prove it.

    chosen: int64 (rows,), index of each row's pair, -1 for the way out. price: int64 (columns,), 0 for columns without
    a row. profit: int64 (rows,), what each row's choice costs less than its way out, its column's price included.
    total: what the matching costs. bound: the ways out less all profits and prices; no matching of these pairs costs
    less, whatever prices they are, so that ``total == bound`` is a proof.
    """

    chosen: Ints
    price: Ints
    profit: Ints
    total: int
    bound: int


def match_at_prices(
    row: Ints, column: Ints, cost: Ints, out: Ints, known: Ints | None = None, *, columns: int = 0
) -> Matching:
    """Match as ``Matcher`` says; ``known``: the prices that the columns had in a similar problem, 0 for those behind.

    There are at least so many ``columns``, whether they are in a pair or not.

    Raises ValueError where a row or a column does not exist, or a cost is 2**60 or more below a way out.
    """
    _check(row, column, cost, out)
    rows = by_row(row, column, cost, out)
    columns = max(columns, int(column.max(initial=-1)) + 1, 0 if known is None else len(known))
    price = auction_prices(rows, columns) if known is None else _padded(known, columns)
    profit = np.empty(len(out), np.int64)
    mate, holder = np.full(len(out), -1, np.int64), np.full(columns, -1, np.int64)
    settle(rows, price, profit, mate, holder)
    work = make_work(max(len(out), columns), len(row))
    serve(by_column(rows, columns), price, profit, holder, mate, work)
    serve(rows, profit, price, mate, holder, work)
    chosen = np.full(len(out), -1, np.int64)
    matched = np.flatnonzero(mate[row] == column)
    chosen[row[matched]] = matched
    total = exact_sum(cost[matched]) + exact_sum(out[mate < 0])
    return Matching(chosen, price, profit, total, exact_sum(out) - exact_sum(profit) - exact_sum(price))


def _check(row: Ints, column: Ints, cost: Ints, out: Ints) -> None:
    """Compiled loops read and write beside their arrays if this does not hold."""
    if len(row) and not (row.min() >= 0 and row.max() < len(out) and column.min() >= 0):
        raise ValueError("rows must be among the ways out, and columns must not be negative")
    if len(row) and int(out.max()) - int(cost.min()) >= LARGEST_GAIN:
        raise ValueError("costs must lie less than 2**60 below the ways out")


def _padded(known: Ints, columns: int) -> Ints:
    """A copy of the prices, none below 0, with 0 for columns that had none."""
    price = np.zeros(columns, np.int64)
    np.maximum(known, 0, out=price[: len(known)])
    return price


def match_by_prices(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """The product's own matching, as a ``Matcher``."""
    return match_at_prices(row, column, cost, out).chosen


def exact_sum(values: Ints) -> int:
    """The sum of int64 values, even where it is beyond int64."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFF_FFFF).sum())

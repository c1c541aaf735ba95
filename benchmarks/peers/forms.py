"""The product's matching in the forms that other solvers read.

The product's form is a list of pairs and a price of leaving each row out (``benchmarks.phases.Pairs``). Both forms here
have the same optimum: the full matrix of what each pair saves, and a square matrix that has a perfect matching.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.solver.problem import Floats, Ints


class Square(NamedTuple):
    """A sparse square matrix of n rows by rows (CSR): column numbers rise within a row. A perfect matching exists.

    The first rows are the rows of the pairs, the others stand for their columns; the first columns are the columns of
    the pairs, the others ways out. Row i reaches its columns, and its way out at its price. The row that stands for
    column j takes j itself for nothing, or the way out of the row that took j.
    """

    n: int
    start: Ints
    column: Ints
    cost: Ints


def square(row: Ints, column: Ints, cost: Ints, out: Ints) -> Square:
    """The square matrix; its cheapest perfect matching is the cheapest matching.

    Each row's prices are taken from its lowest on, which changes no choice (each row takes one) and keeps them small.
    """
    rows, width = len(out), int(column.max(initial=-1)) + 1
    lowest = out.copy()
    np.minimum.at(lowest, row, cost)
    every_row, every_column = np.arange(rows), np.arange(width)
    left = np.concatenate([row, every_row, rows + every_column, rows + column])
    right = np.concatenate([column, width + every_row, every_column, width + row])
    costs = np.concatenate([cost - lowest[row], out - lowest, np.zeros(width + len(row), np.int64)])
    by_row = np.lexsort((right, left))
    start = np.searchsorted(left[by_row], np.arange(rows + width + 1))
    return Square(rows + width, start, right[by_row], costs[by_row])


def savings(row: Ints, column: Ints, cost: Ints, out: Ints) -> tuple[Floats, Ints]:
    """(full matrix (rows, C) of what a pair costs less than its way out, at most 0; its C columns that have a pair).

    Raises ValueError where costs are too large for floats to be exact.
    """
    if max(int(np.abs(cost).max(initial=0)), int(np.abs(out).max(initial=0))) * (len(out) + 1) >= 2**53:
        raise ValueError("costs are too large for matrices of floats to be exact")
    used, place = np.unique(column, return_inverse=True)
    matrix = np.zeros((len(out), len(used)))
    matrix[row, place] = np.minimum(cost - out[row], 0)
    return matrix, used


def chosen_pairs(row: Ints, column: Ints, partner: Ints) -> Ints:
    """Index of the pair of each row and its ``partner`` column; -1 where there is no such pair."""
    chosen = np.full(len(partner), -1, np.int64)
    taken = np.flatnonzero(partner[row] == column)
    chosen[row[taken]] = taken
    return chosen


def paying_pairs(pairs: tuple[Ints, Ints, Ints, Ints], matched: Ints, partner: Ints) -> Ints:
    """The pairs (matched[i], partner[i]) that cost less than the way out, as ``Matcher`` answers them."""
    row, column, cost, out = pairs
    partners = np.full(len(out), -1, np.int64)
    partners[matched] = partner
    chosen = chosen_pairs(row, column, partners)
    taken = np.flatnonzero(chosen >= 0)
    chosen[taken[cost[chosen[taken]] >= out[taken]]] = -1
    return chosen

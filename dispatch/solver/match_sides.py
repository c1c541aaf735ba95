"""The pairs of a matching as its rows see them, and as its columns do.

A pair counts by its gain: what it costs less than leaving its row out. Seen so, rows and columns are alike: the best
matching has the largest gain, each side may stay alone at gain 0, and what works for one side works for the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.solver.problem import Ints


class Side(NamedTuple):
    """Pairs by node of one side: those of node n are start[n]:start[n + 1].

    far: the node of the other side. gain: more than 0.
    """

    start: Ints
    far: Ints
    gain: Ints


def by_row(row: Ints, column: Ints, cost: Ints, out: Ints) -> Side:
    """The pairs that cost less than their way out, by row; those of a row in the order in which they came."""
    side = _empty_side(len(out), len(row))
    _fill_by_row(row, column, cost, out, side)
    return side


def from_table(far: Ints, cost: Ints, out: Ints) -> Side:
    """The same from a table of candidates, far nodes and costs (rows, T)."""
    side = _empty_side(len(out), far.size)
    _fill_from_table(far, cost, out, side)
    return side


def by_column(rows: Side, columns: int) -> Side:
    """The same pairs by column."""
    side = _empty_side(columns, len(rows.far))
    _fill_by_column(rows, side)
    return side


def _empty_side(nodes: int, pairs: int) -> Side:
    return Side(np.zeros(nodes + 1, np.int64), np.empty(pairs, np.int64), np.empty(pairs, np.int64))


@kernel
def _fill_by_row(row: Ints, column: Ints, cost: Ints, out: Ints, side: Side) -> None:
    """Count the pairs of each row, then put each where its row's next one goes."""
    for pair in range(row.shape[0]):
        side.start[row[pair]] += int(cost[pair] < out[row[pair]])
    _begin(side.start)
    for pair in range(row.shape[0]):
        gain = out[row[pair]] - cost[pair]
        if gain > 0:
            _put(side, row[pair], column[pair], gain)
    _shift(side.start)


@kernel
def _fill_from_table(far: Ints, cost: Ints, out: Ints, side: Side) -> None:
    """Row by row, which is how a table lies in memory."""
    at = 0
    for row in range(far.shape[0]):
        for slot in range(far.shape[1]):
            gain = out[row] - cost[row, slot]
            if gain > 0:
                side.far[at], side.gain[at] = far[row, slot], gain
                at += 1
        side.start[row + 1] = at


@kernel
def _fill_by_column(rows: Side, side: Side) -> None:
    """As above, from the rows' side."""
    last = rows.start.shape[0] - 1
    for at in range(rows.start[last]):
        side.start[rows.far[at]] += 1
    _begin(side.start)
    for row in range(last):
        for at in range(rows.start[row], rows.start[row + 1]):
            _put(side, rows.far[at], row, rows.gain[at])
    _shift(side.start)


@kernel
def _begin(start: Ints) -> None:
    """From how many each node has to where each node's begin."""
    before = 0
    for node in range(start.shape[0]):
        before, start[node] = before + start[node], before


@kernel
def _put(side: Side, node: int, far: int, gain: int) -> None:
    """Write one pair where the node's next one goes."""
    at = side.start[node]
    side.far[at], side.gain[at] = far, gain
    side.start[node] = at + 1


@kernel
def _shift(start: Ints) -> None:
    """From where each node's pairs end to where they begin."""
    for node in range(start.shape[0] - 1, 0, -1):
        start[node] = start[node - 1]
    start[0] = 0

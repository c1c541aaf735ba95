"""lapx: the Jonker-Volgenant algorithm on a full matrix (lapjv) and on a sparse square one (lapmod)."""

from __future__ import annotations

import lap
import numpy as np

from benchmarks.peers.forms import chosen_pairs, paying_pairs, savings, square
from dispatch.solver.problem import Ints


def match_lapjv(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """``lapjv``; it squares the matrix with zeros, which is right for savings."""
    matrix, used = savings(row, column, cost, out)
    partner, _ = lap.lapjv(matrix, extend_cost=True, return_cost=False)
    matched = np.flatnonzero(partner >= 0)
    return paying_pairs((row, column, cost, out), matched, used[partner[matched]])


def match_lapmod(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """``lapmod`` on the square form."""
    form = square(row, column, cost, out)
    partner, _ = lap.lapmod(form.n, form.cost.astype(np.float64), form.start, form.column, return_cost=False)
    return chosen_pairs(row, column, np.asarray(partner[: len(out)], np.int64))

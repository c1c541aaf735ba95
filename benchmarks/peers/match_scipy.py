"""scipy's solvers of the assignment problem: a full matrix, and a sparse one."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from benchmarks.peers.forms import chosen_pairs, paying_pairs, savings
from dispatch.solver.problem import Ints


def match_dense(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """``linear_sum_assignment``: a modified Jonker-Volgenant algorithm (Crouse 2016) on the full matrix."""
    matrix, used = savings(row, column, cost, out)
    matched, place = linear_sum_assignment(matrix)
    return paying_pairs((row, column, cost, out), matched, used[place])


def match_sparse(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """``min_weight_full_bipartite_matching``: the LAPJVsp algorithm; a column of its own lets each row go out."""
    rows, width = len(out), int(column.max(initial=-1)) + 1
    shift = 1 - min(int(cost.min(initial=0)), int(out.min(initial=0)))  # an entry of 0 would count as no entry
    entries = np.concatenate([cost, out]) + shift
    place = (np.concatenate([row, np.arange(rows)]), np.concatenate([column, width + np.arange(rows)]))
    matched, partner = min_weight_full_bipartite_matching(csr_array((entries, place), shape=(rows, width + rows)))
    partners = np.full(rows, -1, np.int64)
    partners[matched] = partner
    return chosen_pairs(row, column, partners)

"""The usual stack's matchings: scipy's sparse solver, OR-Tools' minimum-cost flow, scipy's solver of full matrices.

Each answers as ``dispatch.solver.match.Matcher`` does: the index of the pair that each row got, -1 for the way out.
"""

from __future__ import annotations

import numpy as np
from ortools.graph.python import min_cost_flow
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from dispatch.solver.problem import Ints


def match_sparse(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """The cheapest matching by scipy's sparse solver; a column of its own lets each row go out."""
    rows, width = len(out), int(column.max(initial=-1)) + 1
    shift = 1 - min(int(cost.min(initial=0)), int(out.min(initial=0)))  # an entry of 0 would count as no entry
    entries = np.concatenate([cost, out]) + shift
    place = (np.concatenate([row, np.arange(rows)]), np.concatenate([column, width + np.arange(rows)]))
    matched, partner = min_weight_full_bipartite_matching(csr_array((entries, place), shape=(rows, width + rows)))
    partners = np.full(rows, -1)
    partners[matched] = partner
    return _pairs(row, column, partners)


def match_flow(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """The cheapest matching as a minimum-cost flow of OR-Tools. Raises RuntimeError where it is not optimal."""
    rows, width = len(out), int(column.max(initial=-1)) + 1
    source, sink = rows + width, rows + width + 1
    every = np.arange(rows)
    tail = np.concatenate([np.full(rows, source), row, rows + np.arange(width), every])
    head = np.concatenate([every, rows + column, np.full(width, sink), np.full(rows, sink)])
    unit = np.concatenate([np.zeros(rows, np.int64), cost, np.zeros(width, np.int64), out])
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(tail, head, np.ones(len(tail), np.int64), unit)
    flow.set_nodes_supplies(np.array([source, sink]), np.array([rows, -rows]))
    if flow.solve() != flow.OPTIMAL:
        raise RuntimeError("the minimum-cost flow is not optimal")
    used = flow.flows(arcs[rows : rows + len(row)]) > 0
    chosen = np.full(rows, -1)
    chosen[row[used]] = np.flatnonzero(used)
    return chosen


def match_dense(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """The cheapest matching on the full matrix, by scipy; for small sizes only."""
    rows, width = len(out), int(column.max(initial=-1)) + 1
    matrix = np.full((rows, width + rows), 2.0**52)
    matrix[row, column] = cost
    matrix[np.arange(rows), width + np.arange(rows)] = out
    matched, partner = linear_sum_assignment(matrix)
    partners = np.full(rows, -1)
    partners[matched] = partner
    return _pairs(row, column, partners)


def _pairs(row: Ints, column: Ints, partners: Ints) -> Ints:
    """Index of the pair that each row got, -1 for none."""
    chosen = np.full(len(partners), -1)
    taken = np.flatnonzero(partners[row] == column)
    chosen[row[taken]] = taken
    return chosen

"""Which bundle goes to which rider: a minimum-cost matching with a priced way out for every bundle.

All matchers give the same total cost; where several matchings are equally cheap they may differ in which one they
give. 'own' is by far the quickest; the others are what it is held against.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from ortools.graph.python import min_cost_flow
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from dispatch.solver.match_own import match_by_prices
from dispatch.solver.problem import Ints


class Matcher(Protocol):
    """Chooses at most one rider for each bundle and at most one bundle for each rider.

    row, column, cost: int64 (E,), the candidate pairs, no pair twice. out: int64 (rows,), what leaving the row out
    costs. Answers int64 (rows,): index of the chosen pair, -1 for the way out. The total cost is the least possible.
    """

    def __call__(self, row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
        """Choose."""
        ...


def match_by_flow(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """OR-Tools minimum-cost flow; raises RuntimeError should the flow not be optimal (costs beyond its range)."""
    rows = len(out)
    chosen = np.full(rows, -1, np.int64)
    if rows == 0 or len(row) == 0:
        return chosen
    used, place = np.unique(column, return_inverse=True)
    sink, source = rows + len(used), rows + len(used) + 1
    every_row, every_column = np.arange(rows), rows + np.arange(len(used))
    tail = np.concatenate([row, np.full(rows, source), every_column, every_row])
    head = np.concatenate([rows + place, every_row, np.full(len(used), sink), np.full(rows, sink)])
    unit = np.concatenate([cost, np.zeros(rows + len(used), np.int64), out])
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(tail, head, np.ones(len(tail), np.int64), unit)
    flow.set_node_supply(source, rows)
    flow.set_node_supply(sink, -rows)
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"minimum-cost flow ended with status {status}; are costs beyond 2**50?")
    taken = np.flatnonzero(flow.flows(np.arange(len(row))) > 0)
    chosen[row[taken]] = taken
    return chosen


def match_by_sparse(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """scipy's sparse shortest augmenting paths; one extra column a row stands for the way out."""
    rows = len(out)
    chosen = np.full(rows, -1, np.int64)
    if rows == 0 or len(row) == 0:
        return chosen
    width = int(column.max()) + 1
    # Explicit zeros would vanish from the sparse matrix: shift all costs above zero, which changes no choice (each row
    # takes one).
    shift = 1 - min(int(cost.min()), int(out.min()))
    data = np.concatenate([cost, out]) + shift
    columns = np.concatenate([column, width + np.arange(rows)])
    graph = csr_array((data, (np.concatenate([row, np.arange(rows)]), columns)), shape=(rows, width + rows))
    matched_rows, matched_columns = min_weight_full_bipartite_matching(graph)
    partner = np.full(rows, -1, np.int64)
    partner[matched_rows] = matched_columns
    taken = np.flatnonzero(partner[row] == column)
    chosen[row[taken]] = taken
    return chosen


MATCHERS: dict[str, Matcher] = {"own": match_by_prices, "flow": match_by_flow, "sparse": match_by_sparse}

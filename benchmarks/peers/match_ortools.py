"""OR-Tools: minimum-cost flow, the assignment solver, and CP-SAT."""

from __future__ import annotations

from typing import Final

import numpy as np
from ortools.graph.python import linear_sum_assignment, min_cost_flow
from ortools.sat.python import cp_model

from benchmarks.peers.forms import chosen_pairs, square
from dispatch.solver.problem import Ints

CP_SAT_LIMIT_S: Final = 60.0
WHOLE_RELAXATION: Final = 2
"""All of the model goes into the linear relaxation, which solves an assignment at once; with less, CP-SAT searches."""


def match_flow(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """``SimpleMinCostFlow``, a cost-scaling push-relabel algorithm. Raises RuntimeError where it is not optimal."""
    rows, width = len(out), int(column.max(initial=-1)) + 1
    source, sink, every = rows + width, rows + width + 1, np.arange(rows)
    tail = np.concatenate([row, np.full(rows, source), rows + np.arange(width), every])
    head = np.concatenate([rows + column, every, np.full(width, sink), np.full(rows, sink)])
    unit = np.concatenate([cost, np.zeros(rows + width, np.int64), out])
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(tail, head, np.ones(len(tail), np.int64), unit)
    flow.set_nodes_supplies(np.array([source, sink]), np.array([rows, -rows]))
    if flow.solve() != flow.OPTIMAL:
        raise RuntimeError("the minimum-cost flow is not optimal")
    used = flow.flows(arcs[: len(row)]) > 0
    chosen = np.full(rows, -1, np.int64)
    chosen[row[used]] = np.flatnonzero(used)
    return chosen


def match_assignment(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """``SimpleLinearSumAssignment`` on the square form. Raises RuntimeError where it is not optimal."""
    form = square(row, column, cost, out)
    left = np.repeat(np.arange(form.n), np.diff(form.start))
    solver = linear_sum_assignment.SimpleLinearSumAssignment()
    solver.add_arcs_with_cost(left.astype(np.int32), form.column.astype(np.int32), form.cost)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the assignment is not optimal but {status.name}")
    partner = np.array([solver.right_mate(i) for i in range(len(out))], np.int64)
    return chosen_pairs(row, column, partner)


def match_cp_sat(row: Ints, column: Ints, cost: Ints, out: Ints) -> Ints:
    """CP-SAT with one worker: exactly one of its pairs or its way out for each row, at most one row for each column.

    Raises RuntimeError where the solution is not proven optimal.
    """
    rows, model = len(out), cp_model.CpModel()
    takes = [model.new_bool_var("") for _ in range(len(row))]
    leaves = [model.new_bool_var("") for _ in range(rows)]
    for i, pairs in enumerate(_groups(row, rows)):
        model.add_exactly_one([*(takes[pair] for pair in pairs), leaves[i]])
    for pairs in _groups(column, int(column.max(initial=-1)) + 1):
        model.add_at_most_one([takes[pair] for pair in pairs])
    model.minimize(cp_model.LinearExpr.weighted_sum([*takes, *leaves], [*cost.tolist(), *out.tolist()]))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = WHOLE_RELAXATION
    solver.parameters.max_time_in_seconds = CP_SAT_LIMIT_S
    status = solver.solve(model)
    if status != cp_model.OPTIMAL:
        raise RuntimeError(f"CP-SAT ended with {solver.status_name(status)}, not with a proven optimum")
    chosen = np.full(rows, -1, np.int64)
    taken = np.array([pair for pair, take in enumerate(takes) if solver.boolean_value(take)], np.int64)
    chosen[row[taken]] = taken
    return chosen


def _groups(key: Ints, count: int) -> list[list[int]]:
    """The indices with each key of 0 .. count - 1."""
    groups: list[list[int]] = [[] for _ in range(count)]
    for index, number in enumerate(key.tolist()):
        groups[number].append(index)
    return groups

"""Whether the arrays of a plan can be read at all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import DROPOFF, PICKUP, Ints, Problem
from dispatch.solver.violation import Violation, ViolationCode


def check_shape(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Violations with code MALFORMED; empty where every other check may index freely."""
    issues = tuple(_shape_issues(problem, plan)) or tuple(_value_issues(problem, plan))
    return tuple(Violation(ViolationCode.MALFORMED, None, None, issue) for issue in issues)


def _shape_issues(problem: Problem, plan: Plan) -> Iterator[str]:
    """Type and shape of each array; the number of tasks is that of ``routes.order``."""
    routes = plan.routes
    tasks = routes.order.size if isinstance(routes.order, np.ndarray) else 0
    lengths = {
        "routes.start": (routes.start, problem.rider_count + 1),
        "routes.order": (routes.order, tasks),
        "routes.kind": (routes.kind, tasks),
        "routes.frozen": (routes.frozen, problem.rider_count),
        "arrive_at": (plan.arrive_at, tasks),
        "event_at": (plan.event_at, tasks),
        "leave_at": (plan.leave_at, tasks),
        "depart_at": (plan.depart_at, tasks),
        "verdict": (plan.verdict, problem.order_count),
    }
    for name, (array, length) in lengths.items():
        issue = _array_issue(array, (length,))
        if issue:
            yield f"{name} {issue}"
    columns = plan.terms.shape[1] if isinstance(plan.terms, np.ndarray) and plan.terms.ndim == 2 else 1
    issue = _array_issue(plan.terms, (problem.rider_count, max(1, columns)))
    if issue:
        yield f"terms {issue}"
    if not _is_integer(plan.cost):
        yield f"cost is {plan.cost!r}, not an integer"


def _array_issue(array: object, shape: tuple[int, ...]) -> str:
    if not isinstance(array, np.ndarray):
        return f"is a {type(array).__name__}, not an array"
    if array.dtype != np.int64:
        return f"has type {array.dtype}, not int64"
    if array.shape != shape:
        return f"has shape {array.shape}, not {shape}"
    return ""


def _is_integer(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _value_issues(problem: Problem, plan: Plan) -> Iterator[str]:
    """Ranges of what is used as an index or a code."""
    start, order, kind = plan.routes.start, plan.routes.order, plan.routes.kind
    if start[0] != 0 or start[-1] != order.shape[0]:
        yield f"routes.start goes from {start[0]} to {start[-1]}, not from 0 to {order.shape[0]}"
    yield from _outliers("routes.start", start[1:], start[1:] >= start[:-1], "smaller than the one before", first=1)
    yield from _outliers(
        "routes.order", order, (order >= 0) & (order < problem.order_count), "not the index of an order"
    )
    yield from _outliers("routes.kind", kind, np.isin(kind, (PICKUP, DROPOFF)), "neither pickup nor drop-off")
    yield from _outliers("verdict", plan.verdict, np.isin(plan.verdict, list(Verdict)), "not a verdict")


def _outliers(name: str, values: Ints, good: NDArray[np.bool_], what: str, *, first: int = 0) -> Iterator[str]:
    """The first value that is not good, and how many more there are."""
    bad = np.flatnonzero(~good)
    if bad.size:
        more = f" (and {bad.size - 1} more)" if bad.size > 1 else ""
        yield f"{name}[{bad[0] + first}] is {values[bad[0]]}, {what}{more}"

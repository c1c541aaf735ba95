"""What every router of the comparison answers, and how it is called."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from dispatch.solver.params import Params
from dispatch.solver.problem import Ints, Problem, Routes

Task = tuple[int, int]
"""An order, and PICKUP or DROPOFF."""

Rows = list[list[Task]]
"""For each rider the tasks in their order."""

Search = Callable[[float], Rows]
"""Searches for so many seconds of wall time, and answers the best routes found. Raises RuntimeError without any."""

Prepare = Callable[[Problem, Params], Search]
"""Tells a router of a static problem; the time for this is not counted."""


def routes_of_rows(rows: Rows) -> Routes:
    """The rows as routes in which nothing is frozen."""
    flat: Ints = np.array([task for row in rows for task in row], np.int64).reshape(-1, 2)
    start = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    return Routes(start=start, order=flat[:, 0].copy(), kind=flat[:, 1].copy(), frozen=np.zeros(len(rows), np.int64))


def rows_of_routes(routes: Routes) -> Rows:
    """The routes as rows."""
    tasks = list(zip(routes.order.tolist(), routes.kind.tolist(), strict=True))
    start = routes.start.tolist()
    return [tasks[begin:end] for begin, end in pairwise(start)]

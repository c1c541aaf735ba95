"""Routes to begin with: each order, the one ready first before the others, goes behind the route that serves it first.

A plain rule to compare with. Routers that find first routes of their own too slowly are given these, as a careful
user would.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.peers.route import Rows, Search
from benchmarks.peers.static import Model, make_model
from dispatch.solver.params import Params
from dispatch.solver.problem import DROPOFF, PICKUP, Problem

NEVER_S: Final = 1 << 40


def prepare(problem: Problem, params: Params) -> Search:
    """The rule itself as a router; it takes as long as it takes."""
    model = make_model(problem, params)
    return lambda _: first_routes(model)


def first_routes(model: Model) -> Rows:
    """Append every order to the route that drops it off first; an order that fits behind no route is left out."""
    rows: Rows = [[] for _ in range(model.riders)]
    free_s, place = model.free_s.copy(), model.start.copy()
    room = np.full(model.riders, model.most_tasks)
    for order in np.argsort(model.ready_s, kind="stable").tolist():
        there, door = model.pickup[order], model.dropoff[order]
        picked_s = np.maximum(free_s + model.leg_s[model.profile, place, there], model.ready_s[order])
        done_s = picked_s + model.leg_s[model.profile, there, door]
        done_s[(done_s > model.off_s) | (room < 2)] = NEVER_S
        rider = int(done_s.argmin()) if len(done_s) else -1
        if rider < 0 or done_s[rider] == NEVER_S:
            continue
        rows[rider] += [(order, PICKUP), (order, DROPOFF)]
        free_s[rider], place[rider] = done_s[rider], door
        room[rider] -= 2
    return rows

"""What routes cost by a router's model: for routers that cannot be told a price and have to choose between results."""

from __future__ import annotations

from benchmarks.peers.route import Rows
from benchmarks.peers.static import Model
from dispatch.solver.problem import PICKUP


def points_of(model: Model, rows: Rows) -> int:
    """Points of riding, of waiting from now to each drop-off, and of the orders that no route has."""
    points, served = 0, set()
    for rider, row in enumerate(rows):
        ride_s, leg_s = model.ride_s[model.profile[rider]], model.leg_s[model.profile[rider]]
        at_s, here = int(model.free_s[rider]), int(model.start[rider])
        for order, kind in row:
            there = int(model.pickup[order] if kind == PICKUP else model.dropoff[order])
            at_s += int(leg_s[here, there])
            points += model.riding * int(ride_s[here, there])
            here = there
            if kind == PICKUP:
                at_s = max(at_s, int(model.ready_s[order]))
            else:
                points += model.waiting * at_s
                served.add(order)
    return points + sum(int(model.worth[order]) for order in range(model.orders) if order not in served)

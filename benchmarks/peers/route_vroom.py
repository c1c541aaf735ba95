"""VROOM, by way of pyvroom: shipments, as many as possible, at the least riding.

VROOM knows neither a price of waiting nor one of the way out. Windows of time make it hurry: each drop-off is due so
many seconds after the earliest instant at which any rider could be there. The windows of ``SLACKS_S`` are tried one
after the other while there is time, and the routes that cost least by the product's prices count.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final

import numpy as np
import vroom

from benchmarks.peers.prices import points_of
from benchmarks.peers.route import Rows, Search
from benchmarks.peers.static import Model, make_model
from dispatch.solver.params import Params
from dispatch.solver.problem import DROPOFF, PICKUP, Ints, Problem

MOST_EXPLORATION: Final = 5
SLACKS_S: Final = (450, 600, 300, 900, 1800)
DAY_S: Final = 86_400


def prepare(problem: Problem, params: Params) -> Search:
    """One input for each width of the windows."""
    model = make_model(problem, params)
    earliest_s = earliest_dropoffs_s(model)
    inputs = [_input(model, earliest_s + slack_s) for slack_s in SLACKS_S]
    return lambda budget_s: _search(model, inputs, budget_s)


def earliest_dropoffs_s(model: Model) -> Ints:
    """int64 (O,): when each order could be dropped off if it were the only one."""
    earliest = np.full(model.orders, DAY_S)
    for order, (there, door) in enumerate(zip(model.pickup.tolist(), model.dropoff.tolist(), strict=True)):
        picked_s = np.maximum(model.free_s + model.leg_s[model.profile, model.start, there], model.ready_s[order])
        earliest[order] = (picked_s + model.leg_s[model.profile, there, door]).min(initial=DAY_S)
    return earliest


def _input(model: Model, latest_s: Ints) -> vroom.Input:
    """Ids of steps are 2 x the order, and one more for the drop-off; rows of matrices are places."""
    problem = vroom.Input()
    for number, (ride, leg) in enumerate(zip(model.ride_s, model.leg_s, strict=True)):
        problem.set_durations_matrix(f"p{number}", leg)
        problem.set_costs_matrix(f"p{number}", ride)
    problem.add_vehicle([_vehicle(model, rider) for rider in range(model.riders)])
    for order in range(model.orders):
        pickup = vroom.ShipmentStep(
            id=2 * order,
            location=int(model.pickup[order]),
            time_windows=[vroom.TimeWindow(int(model.ready_s[order]), DAY_S)],
        )
        dropoff = vroom.ShipmentStep(
            id=2 * order + 1,
            location=int(model.dropoff[order]),
            time_windows=[vroom.TimeWindow(0, int(latest_s[order]))],
        )
        problem.add_shipment(pickup, dropoff, amount=vroom.Amount([1]))
    return problem


def _vehicle(model: Model, rider: int) -> vroom.Vehicle:
    free_s, off_s = int(model.free_s[rider]), int(model.off_s[rider])
    return vroom.Vehicle(
        id=rider,
        start=int(model.start[rider]),
        profile=f"p{model.profile[rider]}",
        capacity=[int(model.room[rider])],
        time_window=vroom.TimeWindow(free_s, max(free_s, off_s)),
        max_tasks=model.most_tasks,
    )


def _search(model: Model, inputs: list[vroom.Input], budget_s: float) -> Rows:
    """One thread, the widest exploration; VROOM ends by itself when it finds nothing better."""
    ends_at = time.perf_counter() + budget_s
    best: Rows = [[] for _ in range(model.riders)]
    for problem in inputs:
        left_s = ends_at - time.perf_counter()
        if left_s <= 0:
            break
        found = problem.solve(MOST_EXPLORATION, nb_threads=1, timeout=timedelta(seconds=left_s))
        best = min(best, _rows(model, found), key=lambda rows: points_of(model, rows))
    return best


def _rows(model: Model, found: vroom.Solution) -> Rows:
    rows: Rows = [[] for _ in range(model.riders)]
    steps = found.routes
    for rider, kind, task in zip(steps["vehicle_id"], steps["type"], steps["id"], strict=True):
        if kind in {"pickup", "delivery"}:
            rows[int(rider)].append((int(task) // 2, PICKUP if kind == "pickup" else DROPOFF))
    return rows

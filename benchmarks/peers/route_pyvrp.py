"""PyVRP: shipments that may be left out, at the price of a route's time.

PyVRP charges how long a route takes, not when each stop is: what an order waits that is not the last one of its route
counts nothing. Time beyond ``SHORT_S`` is made dearer in its stead, which keeps routes short; both numbers were tried
out on these very problems. The whole route ends within the shift, and it begins with ``first_routes``.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyvrp
from pyvrp.stop import MaxRuntime

from benchmarks.peers.first import first_routes
from benchmarks.peers.route import Rows, Search
from benchmarks.peers.static import Model, make_model
from dispatch.solver.params import Params
from dispatch.solver.problem import DROPOFF, PICKUP, Ints, Problem

SEED: Final = 1
SHORT_S: Final = 1500
DEARER: Final = 6
DAY_S: Final = 86_400


def prepare(problem: Problem, params: Params) -> Search:
    """Build the data: locations are places, then the end of every route; depots are riders' starts, then the end."""
    model = make_model(problem, params)
    end = model.ride_s.shape[1]
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in range(end + 1)],
        clients=[],
        depots=[*(pyvrp.Depot(place) for place in model.start.tolist()), pyvrp.Depot(end)],
        vehicle_types=[_vehicle(model, rider) for rider in range(model.riders)],
        distance_matrices=[_with_end(ride) for ride in model.ride_s],
        duration_matrices=[_with_end(leg) for leg in model.leg_s],
        shipments=[_shipment(model, order) for order in range(model.orders)],
    )
    return lambda budget_s: _search(model, data, budget_s)


def _with_end(by_place: Ints) -> Ints:
    """The matrix with one more place, which is everywhere."""
    return np.pad(by_place, ((0, 1), (0, 1)))


def _vehicle(model: Model, rider: int) -> pyvrp.VehicleType:
    """A rider who starts when free; the time until then is charged to whom it serves."""
    free_s, off_s = int(model.free_s[rider]), int(model.off_s[rider])
    return pyvrp.VehicleType(
        capacity=[int(model.room[rider])],
        start_depot=rider,
        end_depot=model.riders,
        fixed_cost=model.waiting * free_s,
        tw_early=free_s,
        tw_late=max(free_s, off_s),
        start_late=free_s,
        shift_duration=SHORT_S,
        max_overtime=DAY_S,
        unit_distance_cost=model.riding,
        unit_duration_cost=model.waiting,
        unit_overtime_cost=DEARER * model.waiting,
        profile=int(model.profile[rider]),
    )


def _shipment(model: Model, order: int) -> pyvrp.Shipment:
    return pyvrp.Shipment(
        pickup_location=int(model.pickup[order]),
        delivery_location=int(model.dropoff[order]),
        pickup_tw_early=int(model.ready_s[order]),
        amount=[1],
        prize=int(model.worth[order]),
        required=False,
    )


def _first(model: Model, data: pyvrp.ProblemData) -> pyvrp.Solution:
    """The first routes as a solution."""
    kinds = {PICKUP: pyvrp.ActivityType.PICKUP, DROPOFF: pyvrp.ActivityType.DELIVERY}
    routes = [
        pyvrp.Route(data, [pyvrp.Activity(kinds[kind], order) for order, kind in row], rider)
        for rider, row in enumerate(first_routes(model))
        if row
    ]
    return pyvrp.Solution(data, routes)


def _search(model: Model, data: pyvrp.ProblemData, budget_s: float) -> Rows:
    """Iterated local search for so long. Raises RuntimeError where it found no feasible routes."""
    result = pyvrp.solve(
        data, MaxRuntime(budget_s), seed=SEED, collect_stats=False, display=False, initial_solution=_first(model, data)
    )
    if not result.is_feasible():
        raise RuntimeError("no feasible solution within the time")
    rows: Rows = [[] for _ in range(model.riders)]
    for route in result.best.routes():
        tasks = (task for task in route if task.is_shipment())
        rows[route.vehicle_type()] = [(task.idx, PICKUP if task.is_pickup() else DROPOFF) for task in tasks]
    return rows

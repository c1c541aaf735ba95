"""OR-Tools routing: the objective of the product for a static problem, to the point.

Waiting is a soft upper bound of zero on the time of each drop-off, so that the weighted sum of times is minimised; the
way out is the penalty of a disjunction. Stricter than the product's rules: the whole route ends within the shift.
It begins with ``first_routes``: at more than some fifty orders its own first routes are far worse.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from benchmarks.peers.first import first_routes
from benchmarks.peers.route import Rows, Search, Task
from benchmarks.peers.static import Model, make_model
from dispatch.solver.params import Params
from dispatch.solver.problem import DROPOFF, PICKUP, Ints, Problem

HORIZON_S: Final = 86_400
LEAST_S: Final = 0.001


class _Desk(NamedTuple):
    """The model in OR-Tools' terms: nodes are pickups, then drop-offs, then riders, then the end of every route."""

    model: Model
    manager: pywrapcp.RoutingIndexManager
    routing: pywrapcp.RoutingModel

    def number(self, task: Task) -> int:
        """OR-Tools' number of a task."""
        order, kind = task
        return int(self.manager.NodeToIndex(order if kind == PICKUP else self.model.orders + order))

    def task(self, index: int) -> Task:
        """The task with this number."""
        node = int(self.manager.IndexToNode(index))
        return (node, PICKUP) if node < self.model.orders else (node - self.model.orders, DROPOFF)


def prepare(problem: Problem, params: Params) -> Search:
    """Build the routing model."""
    model = make_model(problem, params)
    orders, riders = model.orders, model.riders
    end = 2 * orders + riders
    manager = pywrapcp.RoutingIndexManager(end + 1, riders, list(range(2 * orders, end)), [end] * riders)
    desk = _Desk(model, manager, pywrapcp.RoutingModel(manager))
    _add_dimensions(desk)
    for order in range(orders):
        _add_order(desk, order)
    time = desk.routing.GetDimensionOrDie("time")
    for rider, (free_s, off_s) in enumerate(zip(model.free_s.tolist(), model.off_s.tolist(), strict=True)):
        time.CumulVar(desk.routing.Start(rider)).SetRange(free_s, free_s)
        time.CumulVar(desk.routing.End(rider)).SetMax(max(free_s, off_s))
    return lambda budget_s: _search(desk, budget_s)


def _add_dimensions(desk: _Desk) -> None:
    """Riding as the cost of arcs; time, load and tasks along a route."""
    model, _, routing = desk
    profile, here, there = model.profile.tolist(), [1] * model.orders, [0] * (model.riders + 1)
    costs = [routing.RegisterTransitMatrix(_by_node(model, model.riding * ride)) for ride in model.ride_s]
    for rider, kind in enumerate(profile):
        routing.SetArcCostEvaluatorOfVehicle(costs[kind], rider)
    legs = [routing.RegisterTransitMatrix(_by_node(model, leg)) for leg in model.leg_s]
    routing.AddDimensionWithVehicleTransits([legs[kind] for kind in profile], HORIZON_S, HORIZON_S, False, "time")
    load = routing.RegisterUnaryTransitVector([*here, *(-one for one in here), *there])
    routing.AddDimensionWithVehicleCapacity(load, 0, model.room.tolist(), True, "load")
    routing.AddDimension(routing.RegisterUnaryTransitVector([*here, *here, *there]), 0, model.most_tasks, True, "tasks")


def _by_node(model: Model, by_place: Ints) -> list[list[int]]:
    """A matrix between places as one between nodes; the end is everywhere."""
    place = np.concatenate([model.pickup, model.dropoff, model.start])
    rows: list[list[int]] = np.pad(by_place[np.ix_(place, place)], ((0, 1), (0, 1))).tolist()
    return rows


def _add_order(desk: _Desk, order: int) -> None:
    """Pickup before drop-off by one rider, not before the food is ready; or the way out."""
    model, _, routing = desk
    pickup, dropoff = desk.number((order, PICKUP)), desk.number((order, DROPOFF))
    time, solver = routing.GetDimensionOrDie("time"), routing.solver()
    routing.AddPickupAndDelivery(pickup, dropoff)
    solver.Add(routing.VehicleVar(pickup) == routing.VehicleVar(dropoff))
    solver.Add(time.CumulVar(pickup) <= time.CumulVar(dropoff))
    time.CumulVar(pickup).SetMin(int(model.ready_s[order]))
    time.SetCumulVarSoftUpperBound(dropoff, 0, model.waiting)
    routing.AddDisjunction([pickup], int(model.worth[order]))
    routing.AddDisjunction([dropoff], 0)


def _search(desk: _Desk, budget_s: float) -> Rows:
    """Guided local search from the first routes on. Raises RuntimeError where nothing was found in time."""
    routing = desk.routing
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromNanoseconds(int(max(LEAST_S, budget_s) * 1e9))
    routing.CloseModelWithParameters(parameters)
    first = routing.ReadAssignmentFromRoutes(
        [[desk.number(task) for task in row] for row in first_routes(desk.model)], True
    )
    found = routing.SolveFromAssignmentWithParameters(first, parameters)
    if found is None:
        raise RuntimeError("no solution within the time")
    return [_row(desk, found, rider) for rider in range(desk.model.riders)]


def _row(desk: _Desk, found: pywrapcp.Assignment, rider: int) -> list[Task]:
    """The tasks of one rider."""
    routing, row = desk.routing, []
    index = found.Value(routing.NextVar(routing.Start(rider)))
    while not routing.IsEnd(index):
        row.append(desk.task(index))
        index = found.Value(routing.NextVar(index))
    return row

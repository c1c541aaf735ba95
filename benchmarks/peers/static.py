"""A market that stands still: orders waiting, riders with nothing to do yet. Every router can read that much.

It is drawn as the snapshots of ``make bench`` are; what a router cannot be told is left out for all: routes under way
and what is on board, and where riders are heading. Every rider has a place of one's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.snapshots import make_snapshot
from dispatch.geo.kernel import TravelTable, travel_matrix
from dispatch.solver.assign import way_out_costs
from dispatch.solver.params import Params
from dispatch.solver.problem import OPEN, Ints, Orders, Problem, Riders, Routes
from dispatch.solver.view import make_view


@dataclass(frozen=True, slots=True)
class Model:
    """A static problem as a router reads it. Seconds are counted from now; places are those of the problem.

    pickup, dropoff, ready_s, due_s: int64 (O,). worth: int64 (O,), what an order without a rider costs beyond the
    waiting that is over already. start, free_s, off_s, room, profile: int64 (R,). capacity: most orders on board.
    ride_s: int64 (P, L, L), riding. leg_s: int64 (P, L, L), from arriving at a place to arriving at the next one and
    being done with what comes before its task there: orders collected in a row at one place are handled together.
    waiting, riding: points a second of each order until its drop-off, and of riding. most_tasks: in one route.
    """

    pickup: Ints
    dropoff: Ints
    ready_s: Ints
    due_s: Ints
    worth: Ints
    start: Ints
    free_s: Ints
    off_s: Ints
    room: Ints
    profile: Ints
    ride_s: Ints
    leg_s: Ints
    waiting: int
    riding: int
    most_tasks: int

    @property
    def orders(self) -> int:
        """How many orders."""
        return len(self.pickup)

    @property
    def riders(self) -> int:
        """How many riders."""
        return len(self.start)


def make_static(orders: int, riders: int, seed: int = 1) -> Problem:
    """The problem of this seed with so many waiting orders and riders; the same arguments give the same problem."""
    drawn = make_snapshot(orders, riders, seed)
    loose = np.setdiff1d(np.flatnonzero(drawn.orders.state == OPEN), drawn.routes.order)
    given = Orders(*(column[loose] for column in drawn.orders))
    places, found = np.unique(np.concatenate([given.pickup, given.dropoff]), return_inverse=True)
    spots = np.concatenate([places, drawn.riders.place])
    return Problem(
        now=drawn.now,
        travel=_part(drawn.travel, spots),
        orders=given._replace(pickup=found[: len(loose)], dropoff=found[len(loose) :]),
        riders=_standing(drawn.riders, len(places)),
        routes=_no_routes(riders),
        bars=np.zeros((0, 2), np.int64),
        order_ids=tuple(f"o{number}" for number in range(len(loose))),
        rider_ids=drawn.rider_ids,
        profile_names=drawn.profile_names,
    )


def without_routes(problem: Problem) -> Problem:
    """The problem before anybody has anything to do."""
    return replace(problem, routes=_no_routes(problem.rider_count))


def make_model(problem: Problem, params: Params) -> Model:
    """What a router is told of a static problem under these params."""
    view = make_view(problem, params.rules, params.weights)
    orders, riders, now = problem.orders, problem.riders, problem.now
    out = way_out_costs(view, np.arange(problem.order_count), params.options)
    profiles, profile = np.unique(riders.profile, return_inverse=True)
    every = np.arange(len(problem.travel.points))
    ride_s = np.array([travel_matrix(problem.travel, p, every, every) for p in profiles.tolist()], np.int64)
    return Model(
        pickup=orders.pickup,
        dropoff=orders.dropoff,
        ready_s=np.maximum(0, orders.ready_at - now),
        due_s=orders.due_at - now,
        worth=out - params.weights.click_to_door * (now - orders.placed_at),
        start=riders.place,
        free_s=np.maximum(0, riders.free_at - now),
        off_s=riders.off_at - now,
        room=np.minimum(riders.capacity, params.rules.max_orders_on_board),
        profile=profile,
        ride_s=ride_s,
        leg_s=ride_s + _handling_s(orders, len(every)),
        waiting=params.weights.click_to_door,
        riding=params.weights.travel,
        most_tasks=params.rules.max_stops,
    )


def _handling_s(orders: Orders, places: int) -> Ints:
    """int64 (L, L): what is handled when leaving a place, and before the task at the next; nothing within a place."""
    leaving, before = np.zeros(places, np.int64), np.zeros(places, np.int64)
    np.maximum.at(leaving, orders.pickup, orders.pickup_after_s)
    np.maximum.at(leaving, orders.dropoff, orders.dropoff_after_s)
    np.maximum.at(before, orders.pickup, orders.pickup_before_s)
    np.maximum.at(before, orders.dropoff, orders.dropoff_before_s)
    handling: Ints = leaving[:, None] + before[None, :]
    np.fill_diagonal(handling, 0)
    return handling


def _part(table: TravelTable, places: Ints) -> TravelTable:
    """The table of some places only."""
    matrix = table.matrix[:, places][:, :, places] if len(table.matrix) else table.matrix
    return table._replace(points=table.points[places], matrix=matrix)


def _standing(riders: Riders, first: int) -> Riders:
    """The riders at places of their own from ``first`` on, heading nowhere."""
    place = first + np.arange(len(riders.place))
    return riders._replace(
        place=place, heading=np.zeros_like(riders.heading), heading_trust=np.zeros_like(riders.heading_trust)
    )


def _no_routes(riders: int) -> Routes:
    nothing = np.zeros(0, np.int64)
    return Routes(start=np.zeros(riders + 1, np.int64), order=nothing, kind=nothing, frozen=np.zeros(riders, np.int64))

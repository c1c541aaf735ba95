"""When everything in a plan happens, worked out again from the routes alone, and compared with what the plan says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.kernel import TravelTable
from dispatch.solver.plan import Plan
from dispatch.solver.problem import PICKUP, Ints, Problem, Routes
from dispatch.solver.violation import Violation, ViolationCode, rider_name, task_name
from dispatch.units import UNREACHABLE_S

WHOLE_STEP_ALLOWANCE = 1e-9
"""Steps by which a travel time may exceed a whole number of steps and still count as that number."""


class Timetable(NamedTuple):
    """When the tasks of some routes happen; every field is int64 (T,), equal for the tasks of one stop.

    rider: whose task it is. stop: number of its stop. travel_s: length of the leg to the stop, 0 where there is no leg.
    The four instants are those of ``Plan``.
    """

    rider: Ints
    stop: Ints
    travel_s: Ints
    depart_at: Ints
    arrive_at: Ints
    event_at: Ints
    leave_at: Ints


class _Stops(NamedTuple):
    """Stops of all routes, one after another; int64 (S,) except where said.

    opens_at: the event is not before this (food ready, window open). stands: bool (S,), the rider is there already.
    """

    rider: Ints
    place: Ints
    before_s: Ints
    after_s: Ints
    opens_at: Ints
    travel_s: Ints
    leads: NDArray[np.bool_]
    stands: NDArray[np.bool_]


def check_times(problem: Problem, plan: Plan, times: Timetable) -> Iterator[Violation]:
    """The first time of each array and rider that is not the one that follows from the route."""
    for name in ("depart_at", "arrive_at", "event_at", "leave_at"):
        said: Ints = getattr(plan, name)
        right: Ints = getattr(times, name)
        wrong = np.flatnonzero(said != right)
        _, first = np.unique(times.rider[wrong], return_index=True)
        for task in wrong[first].tolist():
            rider, order = int(times.rider[task]), int(plan.routes.order[task])
            text = (
                f"{name} of {task_name(problem, order, int(plan.routes.kind[task]))} by {rider_name(problem, rider)} "
                f"is {said[task]}, the route gives {right[task]}"
            )
            yield Violation(ViolationCode.TIMES_WRONG, rider, order, text)


def timetable(problem: Problem, routes: Routes) -> Timetable:
    """When each task of well-formed ``routes`` happens.

    A stop is a run of pickups at one place and merchant, or one drop-off. No leg begins before ``now`` or before the
    rider is free; a rider whose first stop is where the rider stands has no leg to it and is there since being free.
    The event is the earliest possible arrival plus the longest handling before it, but not before the food of all the
    stop's orders is ready (the customer's window is open), nor before ``now``. A leg begins as late as does not delay
    the event.
    """
    rider = np.repeat(np.arange(problem.rider_count), np.diff(routes.start))
    first = _first_of_stop(problem, routes, rider)
    stop = np.cumsum(first) - 1
    if first.shape[0] == 0:
        return Timetable(rider, stop, *(np.zeros(0, np.int64) for _ in range(5)))
    stops = _stops(problem, routes, rider, np.flatnonzero(first))
    depart, arrive, event, leave = _walk(problem, stops)
    return Timetable(rider, stop, stops.travel_s[stop], depart[stop], arrive[stop], event[stop], leave[stop])


def plain_travel_s(table: TravelTable, profile: Ints, a: Ints, b: Ints) -> Ints:
    """Seconds from places a[i] to b[i] for profile[i] by the definition of ``TravelTable``; int64 (n,).

    The matrix where there is one, else the straight line or the great circle times the pace, rounded up to whole steps;
    UNREACHABLE_S where that is no number below it.
    """
    if len(table.matrix):
        return table.matrix[profile, a, b].astype(np.int64)
    with np.errstate(invalid="ignore", over="ignore"):
        metres = np.sqrt(((table.points[a] - table.points[b]) ** 2).sum(axis=1))
        if table.radius_m > 0:
            metres = 2 * table.radius_m * np.arcsin(np.minimum(1.0, metres / (2 * table.radius_m)))
        seconds = metres * table.pace[profile]
        reachable = seconds < UNREACHABLE_S
    steps = np.ceil(np.where(reachable, seconds, 0.0) / table.step_s - WHOLE_STEP_ALLOWANCE).astype(np.int64)
    return np.where(a == b, 0, np.where(reachable, steps * table.step_s, UNREACHABLE_S))


def _first_of_stop(problem: Problem, routes: Routes, rider: Ints) -> NDArray[np.bool_]:
    """Bool (T,): the task begins a stop."""
    pickup, merchant = problem.orders.pickup[routes.order], problem.orders.merchant[routes.order]
    same = np.zeros(routes.order.shape[0], np.bool_)
    same[1:] = (routes.kind[1:] == PICKUP) & (routes.kind[:-1] == PICKUP)
    for column in (rider, pickup, merchant):
        same[1:] &= column[1:] == column[:-1]
    return ~same


def _stops(problem: Problem, routes: Routes, rider: Ints, first: Ints) -> _Stops:
    """What is known of each stop without a clock; ``first`` is the index of each stop's first task."""
    orders, riders = problem.orders, problem.riders
    order, picks = routes.order, routes.kind == PICKUP

    def by_kind(pickup: Ints, dropoff: Ints) -> Ints:
        return np.where(picks, pickup[order], dropoff[order])

    place = by_kind(orders.pickup, orders.dropoff)[first]
    who = rider[first]
    leads = np.ones(first.shape[0], np.bool_)
    leads[1:] = who[1:] != who[:-1]
    here = np.where(leads, riders.place[who], np.roll(place, 1))
    stands = leads & (here == place)
    return _Stops(
        rider=who,
        place=place,
        before_s=np.maximum.reduceat(by_kind(orders.pickup_before_s, orders.dropoff_before_s), first),
        after_s=np.maximum.reduceat(by_kind(orders.pickup_after_s, orders.dropoff_after_s), first),
        opens_at=np.maximum.reduceat(by_kind(orders.ready_at, orders.not_before_at), first),
        travel_s=np.where(stands, 0, plain_travel_s(problem.travel, riders.profile[who], here, place)),
        leads=leads,
        stands=stands,
    )


def _walk(problem: Problem, stops: _Stops) -> Ints:
    """int64 (4, S): departure, arrival, event and leaving of each stop."""
    now, free_at = problem.now, problem.riders.free_at.tolist()
    rows: list[tuple[int, int, int, int]] = []
    free = 0
    columns = (stops.rider, stops.before_s, stops.after_s, stops.opens_at, stops.travel_s, stops.leads, stops.stands)
    for rider, before, after, opens_at, travel, leads, stands in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        free = free_at[rider] if leads else free
        # Who stands there already has been there since being free, maybe before now.
        earliest = free if stands else max(free, now)
        event = max(earliest + travel + before, opens_at, now)
        depart = earliest if stands else max(earliest, event - before - travel)
        free = event + after
        rows.append((depart, depart + travel, event, free))
    return np.array(rows, np.int64).T

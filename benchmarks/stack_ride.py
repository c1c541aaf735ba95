"""The usual stack riding all routes at once: numpy, one task of every rider at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dispatch.solver.problem import DROPOFF, ON_BOARD, PICKUP, Ints, Problem


class Now(NamedTuple):
    """When and where each rider is at some point of the route; int64 (R,) each."""

    at: Ints
    place: Ints


@dataclass(frozen=True, slots=True)
class RideAhead:
    """All routes ridden once; int64 (R,) each.

    free: behind the leading tasks that must stay, from where the rest may change. end: behind the last task.
    next_place, next_at: of the stop behind ``free`` and of arriving there, -1 and 0 where there is none.
    aboard: orders in the bag then. later: drop-offs from then on.
    """

    free: Now
    end: Now
    next_place: Ints
    next_at: Ints
    aboard: Ints
    later: Ints


class _Step(NamedTuple):
    """The task that each of some riders does next: its order, kind and place, and the arrival there."""

    order: Ints
    kind: Ints
    place: Ints
    arrive: Ints


class _Last(NamedTuple):
    """What each rider did last; int64 (R,) each. done: when, before the handling afterwards."""

    kind: Ints
    merchant: Ints
    done: Ints


def travel(problem: Problem, profile: Ints, a: Ints, b: Ints) -> Ints:
    """Seconds from places ``a`` to places ``b`` along great circles; int64, as long as they are."""
    table = problem.travel
    way = table.points[a] - table.points[b]
    chord = np.sqrt((way * way).sum(axis=-1))
    metres = 2.0 * table.radius_m * np.arcsin(np.minimum(1.0, chord / (2.0 * table.radius_m)))
    steps: Ints = np.ceil(metres * table.pace[profile] / table.step_s - 1e-9).astype(np.int64)
    return steps * table.step_s


def ride(problem: Problem) -> RideAhead:
    """Ride every route."""
    riders, routes = problem.riders, problem.routes
    count, frozen = np.diff(routes.start), routes.frozen
    here = Now(riders.free_at.copy(), riders.place.copy())
    free = Now(np.maximum(here.at, problem.now), here.place.copy())
    there = Now(np.zeros(len(count), np.int64), np.full(len(count), -1))
    last = _Last(np.full(len(count), DROPOFF), np.full(len(count), -1), here.at.copy())
    for number in range(int(count.max(initial=0))):
        r = np.flatnonzero(count > number)
        step = _next(problem, here, r, number)
        now = frozen[r] == number
        there.at[r[now]], there.place[r[now]] = step.arrive[now], step.place[now]
        here.at[r], here.place[r] = _do(problem, step, last, r), step.place
        bound = r[frozen[r] == number + 1]
        free.at[bound], free.place[bound] = np.maximum(here.at[bound], problem.now), here.place[bound]
    end = Now(np.maximum(here.at, problem.now), here.place)
    aboard, later = _loads(problem)
    return RideAhead(free, end, there.place, there.at, aboard, later)


def _next(problem: Problem, here: Now, r: Ints, number: int) -> _Step:
    """Go to the next task; who stands at the first stop has arrived when free."""
    orders, routes = problem.orders, problem.routes
    order, kind = routes.order[routes.start[r] + number], routes.kind[routes.start[r] + number]
    place = np.where(kind == PICKUP, orders.pickup[order], orders.dropoff[order])
    leg = travel(problem, problem.riders.profile[r], here.place[r], place)
    stands = here.place[r] == place if number == 0 else np.zeros(len(r), bool)
    return _Step(order, kind, place, np.where(stands, here.at[r], np.maximum(here.at[r], problem.now) + leg))


def _do(problem: Problem, step: _Step, last: _Last, r: Ints) -> Ints:
    """Do the task, note it in ``last``, answer when the riders leave; pickups in a row at one merchant are one stop."""
    orders, order, pickup = problem.orders, step.order, step.kind == PICKUP
    joins = pickup & (last.kind[r] == PICKUP) & (last.merchant[r] == orders.merchant[order])
    could = np.where(joins, last.done[r], step.arrive + orders.pickup_before_s[order])
    picked = np.maximum(could, orders.ready_at[order])
    dropped = np.maximum(step.arrive + orders.dropoff_before_s[order], orders.not_before_at[order])
    done = np.maximum(np.where(pickup, picked, dropped), problem.now)
    last.kind[r], last.merchant[r], last.done[r] = step.kind, orders.merchant[order], done
    after: Ints = np.where(pickup, orders.pickup_after_s[order], orders.dropoff_after_s[order])
    return done + after


def _loads(problem: Problem) -> tuple[Ints, Ints]:
    """(orders in the bag behind the leading tasks that must stay, drop-offs from there on) of each rider."""
    orders, routes, count = problem.orders, problem.routes, problem.rider_count
    owner = np.repeat(np.arange(count), np.diff(routes.start))
    loose = np.arange(len(owner)) - routes.start[owner] >= routes.frozen[owner]
    drops, picks = routes.kind == DROPOFF, routes.kind == PICKUP
    carried = np.bincount(orders.rider[orders.state == ON_BOARD], minlength=count)
    picked = np.bincount(owner[picks & ~loose], minlength=count)
    dropped = np.bincount(owner[drops & ~loose], minlength=count)
    return carried + picked - dropped, np.bincount(owner[drops & loose], minlength=count)

"""The usual stack doing candidates and insertion: k-d trees, and numpy vectorised over pairs.

It is what a careful team would write first. The cost of a pair is the product's as far as it can be written as a
formula over arrays: click_to_door, lateness and travel, for two places in the route (behind it, and before its next
stop) instead of all. Where the new order delays later stops, every one is taken to be as late as the first, and only
its click_to_door is counted.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from benchmarks.stack_ride import Now, RideAhead, travel
from dispatch.solver.costs import Weights
from dispatch.solver.problem import Floats, Ints, Problem
from dispatch.units import UNREACHABLE_COST

INFEASIBLE: Final = UNREACHABLE_COST
APPEND: Final = 0
BEFORE_NEXT: Final = 1


class Scores(NamedTuple):
    """For each pair: its cost (INFEASIBLE where it does not fit) and where the order goes, APPEND or BEFORE_NEXT."""

    cost: Ints
    slot: Ints


def candidates(problem: Problem, ahead: RideAhead, lead: Ints, k: int) -> Ints:
    """The ``k`` riders nearest to the pickup of each order of ``lead`` in place and time; int64 (B, min(k, R)).

    One k-d tree over where routes end; the time until then counts as the metres that a rider covers in it.
    """
    riders = problem.rider_count
    if riders == 0 or len(lead) == 0:
        return np.full((len(lead), 0), -1)
    pace = float(problem.travel.pace[problem.riders.profile].mean())
    ends = _in_time(problem.travel.points[ahead.end.place], (ahead.end.at - problem.now) / pace)
    wanted = _in_time(problem.travel.points[problem.orders.pickup[lead]], np.zeros(len(lead)))
    _, near = cKDTree(ends).query(wanted, k=min(k, riders))
    return np.asarray(near, np.int64).reshape(len(lead), -1)


def _in_time(points: Floats, ahead_m: Floats) -> Floats:
    return np.column_stack([points, ahead_m])


def score(problem: Problem, ahead: RideAhead, weights: Weights, order: Ints, rider: Ints, most_on_board: int) -> Scores:
    """What each pair of order and rider costs in the better of two places, vectorised over the pairs."""
    riders = problem.riders
    accepts = riders.accepts[rider] == 1
    behind, _ = _serve(problem, ahead.end, weights, order, rider)
    before, free_at = _serve(problem, ahead.free, weights, order, rider)
    there = np.maximum(ahead.next_place[rider], 0)
    profile = riders.profile[rider]
    back = travel(problem, profile, problem.orders.dropoff[order], there)
    skipped = travel(problem, profile, ahead.free.place[rider], there)
    delay = np.maximum(0, free_at + back - ahead.next_at[rider])
    before += weights.travel * (back - skipped) + weights.click_to_door * ahead.later[rider] * delay
    room = np.minimum(riders.capacity[rider], most_on_board)
    fits = accepts & (ahead.next_place[rider] >= 0) & (ahead.aboard[rider] < room)
    out = np.stack([np.where(accepts, behind, INFEASIBLE), np.where(fits, before, INFEASIBLE)])
    return Scores(np.minimum(out.min(axis=0), INFEASIBLE), out.argmin(axis=0))


def _serve(problem: Problem, start: Now, weights: Weights, order: Ints, rider: Ints) -> tuple[Ints, Ints]:
    """(cost of collecting and delivering right from ``start``, INFEASIBLE after the shift; when the rider is free)."""
    orders, profile = problem.orders, problem.riders.profile[rider]
    leg = travel(problem, profile, start.place[rider], orders.pickup[order])
    onwards = travel(problem, profile, orders.pickup[order], orders.dropoff[order])
    picked = np.maximum(start.at[rider] + leg + orders.pickup_before_s[order], orders.ready_at[order])
    arrive = picked + orders.pickup_after_s[order] + onwards
    dropped = np.maximum(arrive + orders.dropoff_before_s[order], orders.not_before_at[order])
    late = np.maximum(0, dropped - orders.due_at[order])
    points = weights.click_to_door * (dropped - orders.placed_at[order])
    points += weights.lateness * (late + late * late // weights.lateness_scale_s)
    cost = points * (1 + orders.priority[order]) + weights.travel * (leg + onwards)
    in_shift = picked <= problem.riders.off_at[rider]
    return np.where(in_shift, cost, INFEASIBLE), dropped + orders.dropoff_after_s[order]

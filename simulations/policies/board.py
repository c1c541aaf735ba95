"""Routes that grow only at their ends: what the baselines share.

A baseline keeps what has been given to riders, forgets what was merely planned, and appends orders one at a time: the
pickup, then the drop-off, behind everything else. So no times before the end change, and all riders can be looked at at
once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.kernel import travel_pairs
from dispatch.solver.costs import TERMS
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import DROPOFF, EVERYWHERE, OPEN, PICKUP, Ints, Problem, Routes
from dispatch.solver.timing import route_times
from dispatch.solver.view import make_view, may_carry
from dispatch.solver.walk import FINE, make_ledger, walk
from dispatch.units import UNREACHABLE_S

Mask = NDArray[np.bool_]


class Appended(NamedTuple):
    """One order at the end of each rider's route; (R,) each. ``fits`` says where that keeps all hard rules."""

    leg_s: Ints
    pickup_at: Ints
    dropoff_at: Ints
    leave_at: Ints
    fits: Mask


class Board:
    """The riders' routes, with where and when each is free again and how many orders each has; int64 (R,) arrays."""

    def __init__(self, problem: Problem, params: Params) -> None:
        self.problem, self.params = problem, params
        self._view = make_view(problem, params.rules, params.weights)
        self._ledger = make_ledger(problem.order_count)
        self.rows: list[list[int]] = [[] for _ in range(problem.rider_count)]
        self.closed = np.zeros(problem.rider_count, np.bool_)
        for rider in np.flatnonzero(np.diff(problem.routes.start)).tolist():
            self._keep_given(rider)
        self.on_hand = np.array([len({task >> 1 for task in row}) for row in self.rows], np.int64)
        self._tasks = np.array([len(row) for row in self.rows], np.int64)
        self.place, self.free_at = self._ends()

    def waiting(self) -> list[int]:
        """Open orders in no route that are ready within the horizon, the longest waiting first."""
        orders = self.problem.orders
        routed = {task >> 1 for row in self.rows for task in row}
        soon = orders.ready_at <= self.problem.now + self.params.search.horizon_s
        found = [order for order in np.flatnonzero((orders.state == OPEN) & soon).tolist() if order not in routed]
        return sorted(found, key=lambda order: (int(orders.placed_at[order]), order))

    def appended(self, order: int) -> Appended:
        """What it would mean for each rider to do ``order`` last."""
        orders, riders, now, table = self.problem.orders, self.problem.riders, self.problem.now, self.problem.travel
        there, door = orders.pickup[order], orders.dropoff[order]
        leg = travel_pairs(table, riders.profile, self.place, np.full(len(self.rows), there))
        profiles = np.arange(len(table.pace))
        ride = travel_pairs(table, profiles, np.full(len(profiles), there), np.full(len(profiles), door))[
            riders.profile
        ]
        stands = (self.on_hand == 0) & (self.place == there)
        arrive = np.where(stands, self.free_at, np.maximum(self.free_at, now) + leg)
        picked = np.maximum(arrive + orders.pickup_before_s[order], max(int(orders.ready_at[order]), now))
        at_door = picked + orders.pickup_after_s[order] + ride + orders.dropoff_before_s[order]
        dropped = np.maximum(at_door, max(int(orders.not_before_at[order]), now))
        fits = self._allowed(order) & (np.where(stands, 0, leg) < UNREACHABLE_S) & (ride < UNREACHABLE_S)
        fits &= self._within_rules(picked, dropped)
        return Appended(leg, picked, dropped, dropped + orders.dropoff_after_s[order], fits)

    def append(self, order: int, rider: int, leave_at: int) -> None:
        """Put the order behind everything else of the rider, who is free again at ``leave_at``."""
        self.rows[rider] += [order * 2 + PICKUP, order * 2 + DROPOFF]
        self.on_hand[rider] += 1
        self._tasks[rider] += 2
        self.place[rider], self.free_at[rider] = self.problem.orders.dropoff[order], leave_at

    def plan(self) -> Plan:
        """The routes as they stand, with their times and costs, and a verdict for each order."""
        routes = self._routes()
        terms = np.zeros((len(self.rows), len(TERMS)), np.int64)
        for rider, row in enumerate(self.rows):
            if row:
                walk(self._view, rider, np.array(row, np.int64), len(row), self._ledger)
                terms[rider] = self._ledger.terms
        arrive_at, event_at, leave_at, depart_at = route_times(self._view, routes)
        return Plan(
            routes=routes,
            arrive_at=arrive_at,
            event_at=event_at,
            leave_at=leave_at,
            depart_at=depart_at,
            verdict=self._verdicts(routes),
            terms=terms,
            cost=int(terms.sum()),
        )

    def _keep_given(self, rider: int) -> None:
        """Take over what the rider has been given; where that breaks a rule, only what the rider must keep."""
        routes, orders = self.problem.routes, self.problem.orders
        span = slice(int(routes.start[rider]), int(routes.start[rider + 1]))
        tasks = (routes.order[span] * 2 + routes.kind[span]).tolist()
        held = {task >> 1 for task in tasks[: int(routes.frozen[rider])]}
        held |= {task >> 1 for task in tasks if orders.state[task >> 1] != OPEN}
        given = held | {task >> 1 for task in tasks if orders.rider[task >> 1] == rider}
        row = [task for task in tasks if task >> 1 in given]
        if not (self._sound(rider, row) and all(may_carry(self._view, order, rider) for order in given - held)):
            row = [task for task in tasks if task >> 1 in held]
            self.closed[rider] = not self._sound(rider, row)
        self.rows[rider] = row

    def _sound(self, rider: int, row: list[int]) -> bool:
        if len(row) > self.params.rules.max_stops:
            return False
        return walk(self._view, rider, np.array(row, np.int64), len(row), self._ledger) == FINE

    def _ends(self) -> tuple[Ints, Ints]:
        """Where and when each rider is free after the route."""
        riders, orders, routes = self.problem.riders, self.problem.orders, self._routes()
        place, free_at = riders.place.copy(), riders.free_at.copy()
        busy = np.flatnonzero(np.diff(routes.start))
        last = routes.start[busy + 1] - 1
        place[busy] = orders.dropoff[routes.order[last]]
        free_at[busy] = route_times(self._view, routes)[2][last]
        return place, free_at

    def _routes(self) -> Routes:
        tasks = np.array([task for row in self.rows for task in row], np.int64)
        start = np.cumsum([0, *(len(row) for row in self.rows)], dtype=np.int64)
        return Routes(start=start, order=tasks >> 1, kind=tasks & 1, frozen=self.problem.routes.frozen)

    def _allowed(self, order: int) -> Mask:
        """Bool (R,): the rider may have the order, whatever the route."""
        fits = ~self.closed & ~self._bars(order)
        for _, passes in self._doors(order):
            fits &= passes
        return fits

    def _within_rules(self, picked: Ints, dropped: Ints) -> Mask:
        """Bool (R,): the route's length, the end of the shift and the age of the food allow it."""
        rules = self.params.rules
        fits = self._tasks + 2 <= rules.max_stops
        if rules.last_pickup_in_shift:
            fits &= picked <= self.problem.riders.off_at
        if rules.max_food_age_s:
            fits &= dropped - picked <= rules.max_food_age_s
        return fits

    def _doors(self, order: int) -> list[tuple[Verdict, Mask]]:
        """What a rider has to pass to get the order, each with what to say where nobody does."""
        orders, riders = self.problem.orders, self.problem.riders
        everywhere = orders.zones[order] == EVERYWHERE
        return [
            (Verdict.NO_RIDER_ON_SHIFT, (riders.accepts == 1) | (np.arange(len(self.rows)) == orders.rider[order])),
            (Verdict.NO_VEHICLE, (orders.vehicles[order] >> riders.profile) & 1 == 1),
            (Verdict.NO_ZONE, (orders.zones[order] & riders.zones != 0) | everywhere),
            (Verdict.NO_CAPACITY, orders.size[order] <= riders.capacity),
        ]

    def _bars(self, order: int) -> Mask:
        barred = np.zeros(len(self.rows), np.bool_)
        barred[self.problem.bars[self.problem.bars[:, 0] == order, 1]] = True
        return barred

    def _verdicts(self, routes: Routes) -> Ints:
        verdict = np.full(self.problem.order_count, Verdict.NOT_YET, np.int64)
        verdict[(self.problem.orders.state != OPEN)] = Verdict.PLANNED
        verdict[routes.order] = Verdict.PLANNED
        for order in self.waiting():
            verdict[order] = self._why(order)
        return verdict

    def _why(self, order: int) -> Verdict:
        """Why the order is in no route: the first door that let nobody through, or that nobody is free early enough."""
        left = ~self._bars(order)
        if len(left) and not left.any():
            return Verdict.BARRED
        for verdict, passes in self._doors(order):
            left &= passes
            if not left.any():
                return verdict
        last = self.appended(order)
        if last.fits.any():
            return Verdict.NOT_YET
        if (last.leg_s[left] >= UNREACHABLE_S).all():
            return Verdict.UNREACHABLE
        ends = self.params.rules.last_pickup_in_shift and (last.pickup_at > self.problem.riders.off_at)[left].all()
        return Verdict.SHIFT_ENDS if ends else Verdict.LOST_TO_OTHERS

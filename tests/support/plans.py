"""Plans for tests: routes written as text, times by a second, slow formula, and a greedy planner.

The formula walks one route with the kernel's ``travel_s``, one stop after the other; the checker has its own of
everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from dispatch.geo.kernel import travel_s
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import DROPOFF, OPEN, PICKUP, Ints, Problem, Routes
from dispatch.solver.rules import Rules
from dispatch.units import UNREACHABLE_S
from tests.support.problems import parse_tasks, to_routes
from tests.support.random_problems import Pick

Task = tuple[int, int]


class Visit(NamedTuple):
    """When one stop is made."""

    depart_at: int
    arrive_at: int
    event_at: int
    leave_at: int


def visits(problem: Problem, rider: int, tasks: Sequence[Task]) -> list[Visit]:
    """The times of each of a rider's tasks, one after the other."""
    orders, riders, now = problem.orders, problem.riders, problem.now
    here, free = int(riders.place[rider]), int(riders.free_at[rider])
    found: list[Visit] = []
    for i, stop in enumerate(_stops(problem, tasks)):
        picks = stop[0][1] == PICKUP
        who = [order for order, _ in stop]
        place = int((orders.pickup if picks else orders.dropoff)[who[0]])
        before = max(int((orders.pickup_before_s if picks else orders.dropoff_before_s)[o]) for o in who)
        after = max(int((orders.pickup_after_s if picks else orders.dropoff_after_s)[o]) for o in who)
        opens = max(int((orders.ready_at if picks else orders.not_before_at)[o]) for o in who)
        if i == 0 and place == here:
            depart = arrive = free
            event = max(arrive + before, opens, now)
        else:
            travel = travel_s(problem.travel, int(riders.profile[rider]), here, place)
            event = max(max(free, now) + travel + before, opens, now)
            depart = max(free, now, event - before - travel)
            arrive = depart + travel
        free, here = event + after, place
        found.extend([Visit(depart, arrive, event, free)] * len(stop))
    return found


def plan_of(problem: Problem, rows: Sequence[Sequence[Task]], *, unplanned: Verdict = Verdict.NOT_YET) -> Plan:
    """The plan with these tasks for each rider, its times right, its costs nothing."""
    routes = to_routes(rows, problem.routes.frozen)
    times = [visit for rider, row in enumerate(rows) for visit in visits(problem, rider, row)]
    columns = np.array(times, np.int64).reshape(-1, 4).T.copy()
    verdict = np.full(problem.order_count, unplanned, np.int64)
    verdict[routes.order] = Verdict.PLANNED
    return Plan(
        routes=routes,
        depart_at=columns[0],
        arrive_at=columns[1],
        event_at=columns[2],
        leave_at=columns[3],
        verdict=verdict,
        terms=np.zeros((problem.rider_count, 1), np.int64),
        cost=0,
    )


def plan(problem: Problem, tasks: Mapping[str, str]) -> Plan:
    """The plan in which each rider named does these tasks ("+1A -1A") and the others do nothing."""
    strangers = set(tasks) - set(problem.rider_ids)
    if strangers:
        raise ValueError(f"there is no rider {', '.join(sorted(strangers))}; there is {', '.join(problem.rider_ids)}")
    return plan_of(problem, [parse_tasks(tasks.get(name, ""), problem.order_ids) for name in problem.rider_ids])


def rows_of(routes: Routes) -> list[list[Task]]:
    """The (order, kind) tasks of each rider."""
    tasks = list(zip(routes.order.tolist(), routes.kind.tolist(), strict=True))
    return [tasks[first:end] for first, end in pairwise(routes.start.tolist())]


def with_value(plan: Plan, name: str, index: int, value: int) -> Plan:
    """The plan with one value of one array changed: of a field of the plan or, as "routes.kind", of its routes."""
    changed = deepcopy(plan)
    holder, _, field = name.rpartition(".")
    array: Ints = getattr(changed.routes if holder else changed, field)
    array[index] = value
    return changed


def greedy(problem: Problem, rules: Rules) -> Plan:
    """A plan that keeps what is held and gives each open order to a rider who can do it last, the present one first.

    Nothing is inserted before the end of a route and so nothing held is ever touched: easy to trust, far from good.
    """
    orders = problem.orders
    rows = [held_tasks(problem, rider) for rider in range(problem.rider_count)]
    held = {order for row in rows for order, _ in row}
    for order in np.flatnonzero(orders.state == OPEN).tolist():
        riders = _with_first(range(problem.rider_count), int(orders.rider[order]))
        rider = next((r for r in riders if can_append(problem, rules, r, rows[r], order)), None)
        if order not in held and rider is not None:
            rows[rider] = [*rows[rider], (order, PICKUP), (order, DROPOFF)]
    return plan_of(problem, rows)


def scatter(problem: Problem, pick: Pick) -> Plan:
    """A plan in which all open orders go anywhere behind the frozen tasks, whatever the rules say; times are right."""
    frozen = problem.routes.frozen.tolist()
    rows = [held_tasks(problem, rider) for rider in range(problem.rider_count)]
    routed = {order for row in rows for order, _ in row}
    for order in range(problem.order_count):
        if order not in routed and rows:
            rider = pick(0, len(rows) - 1)
            at = pick(frozen[rider], len(rows[rider]))
            rows[rider].insert(at, (order, PICKUP))
            rows[rider].insert(pick(at + 1, len(rows[rider])), (order, DROPOFF))
    return plan_of(problem, rows)


def held_tasks(problem: Problem, rider: int) -> list[Task]:
    """The tasks of a rider that no plan may take away."""
    row, frozen = rows_of(problem.routes)[rider], int(problem.routes.frozen[rider])
    return [task for i, task in enumerate(row) if problem.orders.state[task[0]] != OPEN or i < frozen]


def can_append(problem: Problem, rules: Rules, rider: int, row: list[Task], order: int) -> bool:
    """Whether ``order`` may be done by ``rider`` after all of ``row``."""
    orders, riders = problem.orders, problem.riders
    fits = (
        (riders.accepts[rider] or orders.rider[order] == rider)
        and orders.vehicles[order] >> riders.profile[rider] & 1
        and orders.zones[order] & riders.zones[rider]
        and [order, rider] not in problem.bars.tolist()
        and orders.size[order] <= riders.capacity[rider]
        and len(row) + 2 <= rules.max_stops
    )
    if not fits:
        return False
    pickup, dropoff = visits(problem, rider, [*row, (order, PICKUP), (order, DROPOFF)])[-2:]
    return (
        pickup.arrive_at - pickup.depart_at < UNREACHABLE_S
        and dropoff.arrive_at - dropoff.depart_at < UNREACHABLE_S
        and (pickup.event_at <= riders.off_at[rider] or not rules.last_pickup_in_shift)
        and (dropoff.event_at - pickup.event_at <= rules.max_food_age_s or not rules.max_food_age_s)
    )


def _stops(problem: Problem, tasks: Sequence[Task]) -> list[list[Task]]:
    """Tasks grouped to stops: runs of pickups at one place and merchant, single drop-offs."""

    def key(numbered: tuple[int, Task]) -> tuple[int, ...]:
        i, (order, kind) = numbered
        return (
            (int(problem.orders.pickup[order]), int(problem.orders.merchant[order])) if kind == PICKUP else (i, -1, i)
        )

    return [[task for _, task in group] for _, group in groupby(enumerate(tasks), key)]


def _with_first(riders: Sequence[int], first: int) -> list[int]:
    return sorted(riders, key=lambda rider: rider != first)

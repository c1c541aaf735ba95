"""The cheapest place for an order in a rider's live route.

Every pair of positions behind the frozen tasks is considered: the pickup as a stop of its own between two stops, or
joined to a stop at the same merchant; the drop-off between any two later stops. The ride before the pickup is taken
from the route as it is (``ahead.py``), and so is what each later stop depends on; a pair is given up as soon as its
cost so far, plus the least that the order still costs, plus what the rest of the route costs already, reaches the best
one found: an insertion never makes later stops earlier. The end of the route is tried first, to have something to beat.
(With a weight on rider_waiting, which an insertion can lower, or with a matrix in which a detour is shorter than the
direct way, that is an estimate.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.geo.kernel import inlined_kernel, kernel, travel_s
from dispatch.solver.ahead import (
    ABOARD,
    AFTER,
    ARRIVE,
    AT,
    BEFORE,
    COST,
    END,
    EVENT,
    FIELDS,
    FIXED,
    HERE,
    LEG,
    LOAD,
    PICKED,
    SERVED,
    UNTIL,
    WAITED,
    WEIGHT,
    customer_points,
    look_ahead,
    pass_stop,
)
from dispatch.solver.costs.click_to_door import click_to_door_cost
from dispatch.solver.costs.ending import ending_time_cost
from dispatch.solver.costs.food_waiting import food_waiting_cost
from dispatch.solver.costs.rider_waiting import rider_waiting_cost
from dispatch.solver.costs.travel import travel_cost
from dispatch.solver.errand import Errand, errand_of
from dispatch.solver.problem import Ints
from dispatch.solver.view import View
from dispatch.solver.walk import INFEASIBLE, Ledger, make_ledger, same_stop
from dispatch.units import UNREACHABLE_S


class Scratch(NamedTuple):
    """Work space of one search: two rows of tasks, what lies ahead in a route, when tasks happen, and a ledger.

    ahead: int64 (W + 2, FIELDS), see ``ahead.py``. event: int64 (W + 2,), of tasks that an insertion delays.
    """

    row: Ints
    bundle: Ints
    ahead: Ints
    event: Ints
    ledger: Ledger


def make_scratch(width: int, orders: int) -> Scratch:
    """Work space for routes of up to ``width`` tasks over so many orders."""
    row = np.zeros(width + 2, np.int64)
    return Scratch(row, row.copy(), np.zeros((width + 2, FIELDS), np.int64), row.copy(), make_ledger(orders))


class Slot(NamedTuple):
    """Where an order would go: cost of the whole route then, and positions of both tasks in the route without it."""

    cost: int
    pickup_at: int
    dropoff_at: int


class _Way(NamedTuple):
    """The ride with the order: free at ``t`` in ``here``, ``cost`` points so far; ``fits``: no hard rule broken yet."""

    t: int
    here: int
    cost: int
    fits: bool


@inlined_kernel
def copy_with(row: Ints, count: int, order: int, pickup_at: int, dropoff_at: int, out: Ints) -> None:
    """Write the route with ``order`` put in: its pickup before task ``pickup_at``, its drop-off before ``dropoff_at``.

    Both positions count in the route without the order; equal positions mean one right after the other.
    """
    to = 0
    for k in range(count + 1):
        if k == pickup_at:
            out[to] = order * 2
            to += 1
        if k == dropoff_at:
            out[to] = order * 2 + 1
            to += 1
        if k < count:
            out[to] = row[k]
            to += 1


@inlined_kernel
def least_cost(view: View, rider: int, order: int) -> int:
    """Lower bound of what the order adds to any route of the rider: straight to the merchant and on to the door.

    Where the route ends is left out.
    """
    orders, profile, pickup = view.orders, view.riders.profile[rider], view.orders.pickup[order]
    place, free_at = view.riders.place[rider], view.riders.free_at[rider]
    arrive = free_at
    if place != pickup:
        arrive = max(free_at, view.now) + travel_s(view.travel, profile, place, pickup)
    event = max(arrive + orders.pickup_before_s[order], orders.ready_at[order])
    leave = event + orders.pickup_after_s[order]
    at = leave + view.direct_s[order, profile] + orders.dropoff_before_s[order]
    return customer_points(view, 1 + orders.priority[order], orders.placed_at[order], orders.due_at[order], at)


@kernel
def cheapest_insertion(
    view: View, rider: int, row: Ints, count: int, frozen: int, order: int, limit: int, scratch: Scratch
) -> Slot:
    """The cheapest slot of the order in any row of tasks, if it costs less than ``limit``; else one of INFEASIBLE."""
    look_ahead(view, rider, row, count, scratch.ahead)
    return cheapest_slot(view, rider, row, count, frozen, scratch.ahead, order, limit, scratch.event)


@inlined_kernel
def cheapest_slot(
    view: View, rider: int, row: Ints, count: int, frozen: int, ahead: Ints, order: int, limit: int, events: Ints
) -> Slot:
    """The same, where what lies ahead is known."""
    if count + 2 > view.rules.max_tasks:
        return Slot(INFEASIBLE, -1, -1)
    guest = errand_of(view, rider, order, count, ahead[count, HERE])
    last = _at_end(view, guest, row, count, ahead, events)
    best = Slot(min(limit, last + 1), -1, -1)  # of equal ones the first is taken
    # collected: the stop before is at the order's merchant, so a pickup here would join it
    first, collected = 0, False
    while first < count:
        end = ahead[first, END]
        joins = row[first] & 1 == 0 and same_stop(view, order, row[first] >> 1)
        if joins and end >= frozen:
            best = _with_pickup(view, guest, row, count, first, end, ahead, best, events)
        if first >= frozen and not collected:
            best = _with_pickup(view, guest, row, count, first, first, ahead, best, events)
        first, collected = end, joins
    if best.pickup_at >= 0:
        return best
    return Slot(last, count, count) if last < limit else Slot(INFEASIBLE, -1, -1)


@inlined_kernel
def _at_end(view: View, guest: Errand, row: Ints, count: int, ahead: Ints, events: Ints) -> int:
    """What the route costs with the order behind all of it; INFEASIBLE where that breaks a hard rule."""
    way, picked_at = _collect(view, guest, row, count, count, ahead, events)
    way = _hand_over(view, guest, way, picked_at)
    points = guest.load_points + guest.last_points + _until_end(view, guest, way.t)
    return way.cost + points if way.fits else INFEASIBLE


@inlined_kernel
def _with_pickup(
    view: View, guest: Errand, row: Ints, count: int, stop: int, at: int, ahead: Ints, best: Slot, events: Ints
) -> Slot:
    """The best slot with the pickup before task ``at``, in the stop that begins at task ``stop`` (or a new one)."""
    way, picked_at = _collect(view, guest, row, stop, at, ahead, events)
    soonest = way.t + guest.direct_s + guest.door_before_s
    route_points = guest.load_points + min(guest.last_points, guest.else_points)
    route_points += _until_end(view, guest, ahead[count, AT])
    here = at
    while way.fits:
        own = customer_points(view, guest.weight, guest.placed_at, guest.due_at, max(soonest, way.t))
        if way.cost + own + _rest(view, way, ahead[count], ahead[here]) + route_points >= best.cost:
            break
        best = _with_dropoff(view, guest, row, count, stop, at, here, way, picked_at, ahead, best, events)
        if here == count or (view.rules.one_merchant_on_board and row[here] & 1 == 0):
            break
        if here == stop and row[here] & 1 == 0 and same_stop(view, guest.order, row[here] >> 1):
            break  # without the drop-off between them both pickups are one stop: that is the joined one
        way = _ride_on(view, guest, row, stop, here, way, True, ahead, events)
        here = ahead[here, END]
    return best


@inlined_kernel
def _rest(view: View, way: _Way, last: Ints, stop: Ints) -> int:
    """The least that the rest of the route costs: what it costs as it is, but for the leg to it from another place, and
    what its customers wait longer, where no waiting on the way makes good for that.
    """
    rest, arrive = last[COST] - stop[COST], max(way.t, view.now)
    if way.here == stop[HERE]:
        arrive += stop[LEG]
    else:
        rest -= travel_cost(view.weights, stop[LEG])
    delay = arrive - stop[ARRIVE] - (last[WAITED] - stop[WAITED])
    if delay > 0:
        rest += (last[SERVED] - stop[SERVED]) * click_to_door_cost(view.weights, 0, delay)
    return int(rest)


@inlined_kernel
def _collect(view: View, guest: Errand, row: Ints, stop: int, at: int, ahead: Ints, events: Ints) -> tuple[_Way, int]:
    """(the ride behind the pickup, when that happens); it joins the stop that ends at ``at`` where ``stop`` is less."""
    now, joins = ahead[stop], at > stop
    stands = stop == 0 and now[HERE] == guest.pickup
    leg = 0
    if not stands:
        leg = now[LEG] if joins else travel_s(view.travel, guest.profile, now[HERE], guest.pickup)
    arrive = now[AT] if stands else max(now[AT], view.now) + leg
    before, until, after, points = guest.before_s, guest.until, guest.after_s, guest.points
    if joins:
        before, after = max(before, now[BEFORE]), max(after, now[AFTER])
        until, points = max(until, now[UNTIL]), points + now[FIXED]
    could = arrive + before
    event = max(could, until)
    points += travel_cost(view.weights, leg) + rider_waiting_cost(view.weights, could, event)
    if view.weights.food_waiting > 0:
        points += food_waiting_cost(view.weights, guest.ready_at, event)
        for k in range(stop, at):
            points += food_waiting_cost(view.weights, view.orders.ready_at[row[k] >> 1], event)
    for k in range(stop, at):
        events[k] = event
    fits = leg < UNREACHABLE_S and _room(view, guest, ahead[at]) and not _too_late(view, guest, event)
    if view.rules.one_merchant_on_board and now[ABOARD] > 0:
        fits = False
    return _Way(event + after, guest.pickup, now[COST] + points, fits), event


@inlined_kernel
def _room(view: View, guest: Errand, stop: Ints) -> bool:
    """Whether the order fits into the bag beside what is in it before ``stop``."""
    return bool(stop[LOAD] + guest.size <= guest.capacity and stop[ABOARD] < view.rules.max_orders_on_board)


@inlined_kernel
def _until_end(view: View, guest: Errand, at: int) -> int:
    """What the rider's time costs when the route ends then."""
    return ending_time_cost(view.ending_s, view.now, guest.off_at, at)


@inlined_kernel
def _too_late(view: View, guest: Errand, event: int) -> bool:
    """Whether a pickup then is after the shift."""
    return bool(view.rules.last_pickup_in_shift and event > guest.off_at)


@inlined_kernel
def _with_dropoff(
    view: View, guest: Errand, row: Ints, count: int, stop: int, at: int, here: int, way: _Way, picked_at: int,
    ahead: Ints, best: Slot, events: Ints,
) -> Slot:  # fmt: skip
    """The slot with the drop-off before task ``here`` of the old route, if better: ride the rest, or find it equal."""
    way, first = _hand_over(view, guest, way, picked_at), here
    route_points = guest.load_points + (guest.last_points if here == count else guest.else_points)
    while way.fits:
        cost = way.cost + _rest(view, way, ahead[count], ahead[first]) + route_points
        cost += _until_end(view, guest, way.t if first == count else ahead[count, AT])
        if cost >= best.cost:
            return best
        if first == count or (way.t == ahead[first, AT] and way.here == ahead[first, HERE]):
            return Slot(cost, at, here)
        way = _ride_on(view, guest, row, stop, first, way, False, ahead, events)
        first = ahead[first, END]
    return best


@inlined_kernel
def _hand_over(view: View, guest: Errand, way: _Way, picked_at: int) -> _Way:
    """Ride to the customer and hand the order over."""
    leg = guest.direct_s
    if way.here != guest.pickup:
        leg = travel_s(view.travel, guest.profile, way.here, guest.dropoff)
    event = max(max(way.t, view.now) + leg + guest.door_before_s, guest.not_before_at)
    age_s = view.rules.max_food_age_s
    fits = way.fits and leg < UNREACHABLE_S and (age_s == 0 or event - picked_at <= age_s)
    points = customer_points(view, guest.weight, guest.placed_at, guest.due_at, event) + travel_cost(view.weights, leg)
    return _Way(event + guest.door_after_s, guest.dropoff, way.cost + points, fits)


@inlined_kernel
def _ride_on(
    view: View, guest: Errand, row: Ints, begun: int, first: int, way: _Way, carrying: bool, ahead: Ints, events: Ints
) -> _Way:
    """Ride the stop at task ``first`` of the old route; tasks from ``begun`` on happen when ``events`` says.

    ``carrying``: whether the order is on board meanwhile.
    """
    stop = ahead[first]
    end = stop[END]
    there, leg = ahead[end, HERE], stop[LEG]
    if first == 0 or way.here != stop[HERE]:
        leg = travel_s(view.travel, guest.profile, way.here, there)
    leave, event, points = pass_stop(view, row, ahead, first, max(way.t, view.now) + leg)
    fits, age_s = leg < UNREACHABLE_S, view.rules.max_food_age_s
    if stop[WEIGHT] == 0:
        if _too_late(view, guest, event) or (carrying and not _room(view, guest, ahead[end])):
            fits = False
        for k in range(first, end):
            events[k] = event
    elif age_s > 0 and stop[PICKED] >= 0:
        task = stop[PICKED]
        picked_at = events[task] if task >= begun else ahead[task, EVENT]
        if event - picked_at > age_s:
            fits = False
    return _Way(leave, there, way.cost + travel_cost(view.weights, leg) + points, fits)

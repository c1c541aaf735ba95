"""For tests of the solver: its inner state over a problem, insertion by trying everything, costs by another formula."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from dispatch.geo.kernel import distance_m
from dispatch.solver.assign import way_out_costs
from dispatch.solver.costs import TERMS, Weights
from dispatch.solver.costs.heading import FULL_TURN_S
from dispatch.solver.insertion import Scratch, Slot, cheapest_insertion, copy_with, make_scratch
from dispatch.solver.params import Params, SearchParams
from dispatch.solver.plan import Plan
from dispatch.solver.problem import DROPOFF, ON_BOARD, OPEN, PICKUP, Ints, Problem, Routes
from dispatch.solver.rules import Rules
from dispatch.solver.tableau import Tableau, make_tableau
from dispatch.solver.view import View, make_view, may_carry
from dispatch.solver.walk import INFEASIBLE, price, stop_end
from tests.support.plans import Task, rows_of, visits
from tests.support.random_problems import rules

NO_SLOT = Slot(INFEASIBLE, -1, -1)


@dataclass(frozen=True)
class Bench:
    """What the solver works with over a problem."""

    problem: Problem
    view: View
    table: Tableau
    scratch: Scratch

    def slot(self, order: int, rider: int, limit: int = INFEASIBLE) -> Slot:
        """Where the solver would put the order."""
        table = self.table
        row, count, frozen = table.route[rider], int(table.length[rider]), int(table.frozen[rider])
        return cheapest_insertion(self.view, rider, row, count, frozen, order, limit, self.scratch)

    def added(self, order: int, rider: int) -> int:
        """What the order adds to the rider's route at least, INFEASIBLE where it has no place."""
        cost = self.slot(order, rider).cost
        return INFEASIBLE if cost >= INFEASIBLE else int(cost - self.table.cost[rider])

    def may_have(self, order: int, rider: int) -> bool:
        """Whether the order may be put into the rider's route, wherever there is room."""
        return self.table.closed[rider] == 0 and may_carry(self.view, order, rider)

    def loose(self) -> list[int]:
        """The open orders that nobody has."""
        found: list[int] = np.flatnonzero((self.problem.orders.state == OPEN) & (self.table.rider < 0)).tolist()
        return found

    def price_of(self, order: int, params: Params) -> int:
        """What leaving the order out costs."""
        return int(way_out_costs(self.view, np.array([order]), params.options)[0])


def bench(problem: Problem, params: Params | None = None, routes: Routes | None = None) -> Bench:
    """The solver's state over the problem, or over these routes for it."""
    params = Params() if params is None else params
    if routes is not None:
        problem = replace(problem, routes=routes)
    view = make_view(problem, params.rules, params.weights)
    width = max(params.rules.max_stops, int(np.diff(problem.routes.start).max(initial=0)))
    scratch = make_scratch(width, problem.order_count)
    table = make_tableau(problem, view, scratch, width=width, replan=params.search.replan)
    return Bench(problem, view, table, scratch)


def pairs(work: Bench) -> Iterator[tuple[int, int]]:
    """Every (order, rider) of which the order is loose and the rider may have it."""
    for order in work.loose():
        yield from ((order, rider) for rider in range(work.problem.rider_count) if work.may_have(order, rider))


def slot_by_trying(work: Bench, order: int, rider: int) -> Slot:
    """The cheapest of all slots between two stops or joined to one, each priced as a whole route."""
    table, view = work.table, work.view
    row, count = table.route[rider], int(table.length[rider])
    if count + 2 > view.rules.max_tasks:
        return NO_SLOT
    places = [place for place in stop_bounds(work, rider) if place >= table.frozen[rider]]
    whole, best = np.zeros(count + 2, np.int64), NO_SLOT
    for pickup_at in places:
        for dropoff_at in (place for place in places if place >= pickup_at):
            copy_with(row, count, order, pickup_at, dropoff_at, whole)
            cost = price(view, rider, whole, count + 2, work.scratch.ledger)
            if cost < best.cost:
                best = Slot(cost, pickup_at, dropoff_at)
    return best


def stop_bounds(work: Bench, rider: int) -> list[int]:
    """Where the stops of a rider's route begin, and where the last one ends."""
    row, count = work.table.route[rider], int(work.table.length[rider])
    bounds = [0]
    while bounds[-1] < count:
        bounds.append(int(stop_end(work.view, row, count, bounds[-1])))
    return bounds


def params_of(limits: Rules | None = None, **search: bool | int | str) -> Params:
    """Params with these rules and these knobs of the search."""
    return Params(rules=limits or Rules(), search=replace(SearchParams(), **search))  # type: ignore[arg-type]


@st.composite
def all_params(draw: st.DrawFn, *, replan: bool = False) -> Params:
    """Any rules and any way to search."""
    knobs = SearchParams(
        matcher=draw(st.sampled_from(("own", "flow", "sparse"))),
        candidates=draw(st.sampled_from((1, 3, 20))),
        replan=replan,
        passes=draw(st.sampled_from((0, 1, 4))),
        exchanges=draw(st.booleans()),
        neighbours=draw(st.sampled_from((1, 4, 20))),
        ruins=draw(st.sampled_from((0, 20))),
        ruin_size=draw(st.sampled_from((2, 6))),
    )
    return Params(rules=draw(rules()), search=knobs)


def terms_by_hand(problem: Problem, plan: Plan, weights: Weights) -> Ints:
    """int64 (R, K): the cost terms of every route, worked out in plain Python from its stops and their times."""
    rows = [_terms_of(problem, rider, row, weights) for rider, row in enumerate(rows_of(plan.routes))]
    return np.array(rows, np.int64).reshape(problem.rider_count, len(TERMS))


def _terms_of(problem: Problem, rider: int, row: list[Task], weights: Weights) -> list[int]:
    orders, riders, terms = problem.orders, problem.riders, dict.fromkeys(TERMS, 0)
    times = visits(problem, rider, row)
    done, here, free = 0, int(riders.place[rider]), int(riders.free_at[rider])
    for stop in _stops(problem, row):
        visit = times[done]
        for order, kind in stop:
            _add_task(problem, rider, order, kind, visit.event_at, weights, terms)
        leg = visit.arrive_at - visit.depart_at
        terms["travel"] += weights.travel * leg
        if stop[0][1] == PICKUP:
            before = max(int(orders.pickup_before_s[order]) for order, _ in stop)
            stands = done == 0 and here == orders.pickup[stop[0][0]]
            could = (free if stands else max(free, problem.now) + leg) + before
            terms["rider_waiting"] += weights.rider_waiting * max(0, visit.event_at - could)
        done, free = done + len(stop), visit.leave_at
    carried = int(((orders.state == ON_BOARD) & (orders.rider == rider)).sum()) if row else 0
    on_hand = carried + (len(row) - carried) // 2
    terms["load"] = weights.load * on_hand**2 // int(riders.capacity[rider])
    end = int(riders.place[rider])
    if row:
        order, kind = row[-1]
        end = int(orders.pickup[order] if kind == PICKUP else orders.dropoff[order])
    at = times[-1].leave_at if row else free
    terms["ending"] = ending_by_hand(problem, rider, end, weights)
    terms["ending"] += time_price_by_hand(problem, weights) * max(0, min(at, int(riders.off_at[rider])) - problem.now)
    return [terms[name] for name in TERMS]


def ending_by_hand(problem: Problem, rider: int, place: int, weights: Weights) -> int:
    """What it costs that the rider's route ends in a place."""
    riders = problem.riders
    if problem.onward_m is None:
        return 0
    faded = min(1.0, max(0.0, (int(riders.off_at[rider]) - problem.now) / 1800))
    points = weights.ending + time_price_by_hand(problem, weights)
    price = points * float(problem.travel.pace[riders.profile[rider]]) * faded
    return int(price * int(problem.onward_m[place]))


def time_price_by_hand(problem: Problem, weights: Weights) -> int:
    """Points a second until a route ends."""
    lately = [placed_at for placed_at in problem.orders.placed_at.tolist() if placed_at > problem.now - 1200]
    soon = [free_at for free_at in problem.riders.free_at.tolist() if free_at < problem.now + 1200]
    return int(weights.ending_time * min(max(len(lately) / max(len(soon), 1) - 0.5, 0.0), 2.0))


def _add_task(
    problem: Problem, rider: int, order: int, kind: int, event_at: int, weights: Weights, terms: dict[str, int]
) -> None:
    orders = problem.orders
    if kind == PICKUP:
        terms["food_waiting"] += weights.food_waiting * max(0, event_at - int(orders.ready_at[order]))
        terms["churn"] += weights.churn * int(orders.rider[order] not in (-1, rider))
        terms["heading"] += heading_by_hand(problem, rider, order, weights)
        return
    weight = 1 + int(orders.priority[order])
    late = max(0, event_at - int(orders.due_at[order]))
    terms["click_to_door"] += weight * weights.click_to_door * (event_at - int(orders.placed_at[order]))
    terms["lateness"] += weight * weights.lateness * (late + late * late // weights.lateness_scale_s)


def _stops(problem: Problem, row: list[Task]) -> list[list[Task]]:
    """Pickups in a row at one place and merchant, or one drop-off."""
    orders, stops = problem.orders, list[list[Task]]()
    for order, kind in row:
        last = stops[-1][0] if stops else (order, DROPOFF)
        same = orders.pickup[order] == orders.pickup[last[0]] and orders.merchant[order] == orders.merchant[last[0]]
        if kind == last[1] == PICKUP and same:
            stops[-1].append((order, kind))
        else:
            stops.append([(order, kind)])
    return stops


def heading_by_hand(problem: Problem, rider: int, order: int, weights: Weights) -> int:
    """(1 - cos) / 2 of the straight seconds to the drop-off, capped and faded."""
    riders, travel = problem.riders, problem.travel
    here, there = int(riders.place[rider]), int(problem.orders.dropoff[order])
    metres = distance_m(travel, here, there)
    trust = float(riders.heading_trust[rider])
    if metres == 0 or trust == 0:
        return 0
    way = (travel.points[there] - travel.points[here]) / metres
    cosine = float(np.clip(way @ riders.heading[rider], -1, 1))
    seconds = min(FULL_TURN_S, metres * float(travel.pace[riders.profile[rider]]))
    return int(weights.heading * trust * (1 - cosine) / 2 * seconds)

"""What a person's decision would change: the plan as it would be without it, beside the plan with it.

Both plans start from where the last one left off, with the same seed, and neither is put into effect. What they cost is
compared at the same prices: an order that is in only one of them counts in the other what leaving it out counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from dispatch.engine.policy import Policy
from dispatch.model.commands import MakeOverride
from dispatch.model.order import OrderId
from dispatch.model.override import OverrideKind
from dispatch.model.rider import RiderId
from dispatch.solver.assign import way_out_costs
from dispatch.solver.costs import TERMS
from dispatch.solver.params import Params
from dispatch.solver.plan import Plan
from dispatch.solver.problem import DROPOFF, Problem
from dispatch.solver.summary import summarize
from dispatch.solver.view import make_view
from dispatch.units import Cost, Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class EtaChange:
    """Who brings an order and when, without the decision and with it; None: nobody yet."""

    order_id: OrderId
    rider_before: RiderId | None
    rider_after: RiderId | None
    delivery_before: Instant | None
    delivery_after: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What a decision leads to. preferred_rider_id: whom the plan has for the order without it.

    cost, cost_with: of the plans, in points; cost_difference: how much dearer the decision is. changes: every order
    whose rider or time of delivery is another.
    """

    preferred_rider_id: RiderId | None
    cost: Cost
    cost_with: Cost
    changes: tuple[EtaChange, ...]

    @property
    def cost_difference(self) -> Cost:
        """How much dearer the decision is than what the plan would do."""
        return self.cost_with - self.cost


class _Due(NamedTuple):
    rider_id: RiderId
    delivery_at: Instant


class Side(NamedTuple):
    """One of the two: what was planned, and the plan; None where there is nothing to plan."""

    problem: Problem
    plan: Plan


def foreseen(policy: Policy, command: MakeOverride, without: Side | None, with_it: Side | None) -> Foreseen:
    """Compare two plans that differ by one decision."""
    before, after = _deliveries(without), _deliveries(with_it)
    chosen = before.get(OrderId(command.order_id or ""))
    return Foreseen(
        preferred_rider_id=None if chosen is None else chosen.rider_id,
        cost=_cost(policy.params, without, with_it),
        cost_with=_cost(policy.params, _priced(command, without, with_it), without),
        changes=tuple(_changes(before, after)),
    )


def _deliveries(side: Side | None) -> dict[OrderId, _Due]:
    """Who brings each order of a plan, and when."""
    if side is None:
        return {}
    routes, problem = side.plan.routes, side.problem
    riders = np.repeat(np.arange(problem.rider_count), np.diff(routes.start))
    at_door = np.flatnonzero(routes.kind == DROPOFF)
    rows = zip(
        routes.order[at_door].tolist(), riders[at_door].tolist(), side.plan.event_at[at_door].tolist(), strict=True
    )
    return {OrderId(problem.order_ids[o]): _Due(RiderId(problem.rider_ids[r]), at) for o, r, at in rows}


def _changes(before: Mapping[OrderId, _Due], after: Mapping[OrderId, _Due]) -> Iterator[EtaChange]:
    for order_id in sorted({*before, *after}):
        was, will = before.get(order_id), after.get(order_id)
        if was != will:
            yield EtaChange(
                order_id=order_id,
                rider_before=None if was is None else was.rider_id,
                rider_after=None if will is None else will.rider_id,
                delivery_before=None if was is None else was.delivery_at,
                delivery_after=None if will is None else will.delivery_at,
            )


def _priced(command: MakeOverride, without: Side | None, with_it: Side | None) -> Side | None:
    """The plan with the decision at the prices of before, where the decision changes prices."""
    reprices = command.kind in (OverrideKind.PRIORITISE, OverrideKind.UNDO)
    if not reprices or without is None or with_it is None:
        return with_it
    same = (without.problem.order_ids, without.problem.rider_ids)
    if (with_it.problem.order_ids, with_it.problem.rider_ids) != same:
        return with_it
    orders = with_it.problem.orders._replace(priority=without.problem.orders.priority)
    plain = replace(with_it.plan, terms=np.zeros((0, len(TERMS)), np.int64), view=None, summary=None)
    return Side(replace(with_it.problem, orders=orders), plain)


def _cost(params: Params, side: Side | None, other: Side | None) -> Cost:
    """What a plan costs, with what it leaves out, and what it does not know of the other one."""
    cost = 0
    if side is not None:
        told = side.plan.summary or summarize(side.problem, params, side.plan)
        cost = told.cost
    if other is None:
        return cost
    known = set() if side is None else set(side.problem.order_ids)
    missing = [number for number, name in enumerate(other.problem.order_ids) if name not in known]
    if not missing:
        return cost
    view = make_view(other.problem, params.rules, params.weights)
    return cost + int(way_out_costs(view, np.array(missing, np.int64), params.options).sum())

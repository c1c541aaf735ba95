"""Plans and explanations on the wire; costs are in points of the policy."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from dispatch.api.schemas.base import Schema, maybe_when, when
from dispatch.engine.records import Record
from dispatch.solver.costs import TERMS
from dispatch.solver.explanation import Candidate, Explanation
from dispatch.solver.plan import Verdict
from dispatch.solver.problem import DROPOFF, PICKUP
from dispatch.store.plans import KeptPlan
from dispatch.units import Instant


class PlanOut(Schema):
    """A plan in figures: cost by term, lower bound and gap, verdicts by number of orders, what changed."""

    id: str
    tick: int
    at: datetime
    policy: str
    policy_version: int
    orders: int
    riders: int
    summary: dict[str, Any]

    @classmethod
    def of(cls, plan: KeptPlan) -> PlanOut:
        """For the wire."""
        return cls.model_construct(**_figures(plan))


class PlannedOrderOut(Schema):
    """Where the plan has an order, and when it would be picked up and delivered."""

    order_id: str
    verdict: str
    rider_id: str | None
    pickup_at: datetime | None
    delivery_at: datetime | None


class PlanDetailOut(PlanOut):
    """A plan order by order."""

    items: list[PlannedOrderOut]

    @classmethod
    def with_orders(cls, plan: KeptPlan, record: Record) -> PlanDetailOut:
        """For the wire."""
        return cls.model_construct(**_figures(plan), items=_planned(record))


def _figures(plan: KeptPlan) -> dict[str, Any]:
    return {
        "id": plan.id,
        "tick": plan.tick,
        "at": when(plan.at),
        "policy": plan.policy_name,
        "policy_version": plan.policy_version,
        "orders": plan.orders,
        "riders": plan.riders,
        "summary": plan.summary,
    }


def _planned(record: Record) -> list[PlannedOrderOut]:
    routes, ids = record.plan.routes, record.problem.rider_ids
    riders = np.repeat(np.arange(record.problem.rider_count), np.diff(routes.start)).tolist()
    rows = zip(routes.order.tolist(), routes.kind.tolist(), riders, record.plan.event_at.tolist(), strict=True)
    at: dict[tuple[int, int], tuple[int, Instant]] = {(o, kind): (rider, event) for o, kind, rider, event in rows}
    found: list[PlannedOrderOut] = []
    for number, order_id in enumerate(record.problem.order_ids):
        pickup, door = at.get((number, PICKUP)), at.get((number, DROPOFF))
        found.append(
            PlannedOrderOut.model_construct(
                order_id=order_id,
                verdict=Verdict(int(record.plan.verdict[number])).name.lower(),
                rider_id=None if door is None else ids[door[0]],
                pickup_at=None if pickup is None else when(pickup[1]),
                delivery_at=None if door is None else when(door[1]),
            )
        )
    return found


class CandidateOut(Schema):
    """A rider who could have the order. cost: what it adds to the route, and by term; alone: were there no other order;
    plan_cost: of the whole plan with the order here.
    """

    rider_id: str
    standing: str
    cost: int
    terms: dict[str, int]
    alone: int | None
    plan_cost: int
    pickup_at: datetime | None
    delivery_at: datetime
    text: str

    @classmethod
    def of(cls, found: Candidate) -> CandidateOut:
        """For the wire."""
        return cls.model_construct(
            rider_id=found.rider_id,
            standing=found.standing.value,
            cost=found.total,
            terms=dict(zip(TERMS, found.terms, strict=True)),
            alone=found.alone,
            plan_cost=found.plan_cost,
            pickup_at=maybe_when(found.pickup_at),
            delivery_at=when(found.dropoff_at),
            text=found.text,
        )


class ExclusionOut(Schema):
    """Riders whom one hard rule keeps from the order; but_for_others: those who could have it, had they no other."""

    rule: str
    rider_ids: list[str]
    but_for_others: list[str]
    text: str


class HelpOut(Schema):
    """Something that would give the order a rider; enough: if nothing else changed."""

    kind: str
    rider_id: str | None
    amount: int | None
    cost: int | None
    enough: bool
    text: str


class ExplanationOut(Schema):
    """Why an order is where a plan has it: who could have it at which cost, what keeps the others out, what would help.

    left_out: points that it counts to leave the order without a rider. possible: riders who could have it.
    """

    order_id: str
    plan_id: str
    tick: int
    at: datetime
    verdict: str
    text: str
    rider_id: str | None
    movable: bool
    left_out: int
    plan_cost: int
    possible: int
    candidates: list[CandidateOut]
    exclusions: list[ExclusionOut]
    helps: list[HelpOut]

    @classmethod
    def of(cls, plan_id: str, record: Record, told: Explanation) -> ExplanationOut:
        """For the wire."""
        ids = record.problem.rider_ids
        return cls.model_construct(
            order_id=told.order_id,
            plan_id=plan_id,
            tick=record.tick,
            at=when(told.now),
            verdict=told.verdict.name.lower(),
            text=told.text,
            rider_id=None if told.rider is None else ids[told.rider],
            movable=told.movable,
            left_out=told.left_out,
            plan_cost=told.plan_cost,
            possible=told.possible,
            candidates=[CandidateOut.of(one) for one in told.candidates],
            exclusions=[
                ExclusionOut.model_construct(
                    rule=one.obstacle.value,
                    rider_ids=[ids[rider] for rider in one.riders],
                    but_for_others=[ids[rider] for rider in one.but_for_others],
                    text=one.text,
                )
                for one in told.exclusions
            ],
            helps=[
                HelpOut.model_construct(
                    kind=one.kind.value,
                    rider_id=None if one.rider is None else ids[one.rider],
                    amount=one.amount,
                    cost=one.total,
                    enough=one.enough,
                    text=one.text,
                )
                for one in told.helps
            ],
        )

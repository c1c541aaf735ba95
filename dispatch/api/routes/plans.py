"""Plans: the latest of a market, order by order, and why an order is where it is."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Connection

from dispatch.api.auth import InMarket, may
from dispatch.api.cursors import Pages
from dispatch.api.schemas.base import Name, PageOf
from dispatch.api.schemas.plans import ExplanationOut, PlanDetailOut, PlanOut
from dispatch.api.state import Api
from dispatch.engine.records import Record, from_bytes
from dispatch.errors import NotFoundError
from dispatch.model.order import MarketId, OrderId
from dispatch.service.principals import Right
from dispatch.solver.explain import explain
from dispatch.store import plans as rows

router = APIRouter(prefix="/v1", tags=["plans"], dependencies=[Depends(may(Right.SEE_PLANS))])

LOOKED_THROUGH = 30
"""Plans that are searched for an order."""


@router.get("/plans")
async def list_plans(api: Api, market_id: InMarket, pages: Pages) -> PageOf[PlanOut]:
    """Plans of the market, the newest first. Old ones are deleted."""
    cut = pages.cut
    found = await api.reads.run(lambda c: rows.plans(c, market_id, cut.after, cut.limit + 1))
    shown = found[: cut.limit]
    after = shown[-1].tick if len(found) > cut.limit else None
    return PageOf(items=[PlanOut.of(one) for one in shown], next=pages.next(after))


@router.get("/plans/{plan_id}")
async def get_plan(plan_id: Name, api: Api, market_id: InMarket) -> PlanDetailOut:
    """One plan, order by order."""
    kept, record = await api.reads.run(lambda c: rows.plan(c, market_id, plan_id))
    return PlanDetailOut.with_orders(kept, await asyncio.to_thread(from_bytes, record, plan_id))


@router.get("/plans/{plan_id}/record", response_class=Response)
async def get_record(plan_id: Name, api: Api, market_id: InMarket) -> Response:
    """The decision record, for `dispatch explain` and `dispatch replay`."""
    _, record = await api.reads.run(lambda c: rows.plan(c, market_id, plan_id))
    headers = {"Content-Disposition": f'attachment; filename="{plan_id}.record"'}
    return Response(record, media_type="application/octet-stream", headers=headers)


@router.get("/orders/{order_id}/explanation")
async def explain_order(
    order_id: Name,
    api: Api,
    market_id: InMarket,
    plan_id: Annotated[Name | None, Query(description="Of this plan; else of the newest with the order.")] = None,
    riders: Annotated[int, Query(ge=1, le=200, description="Candidates to show.")] = 10,
) -> ExplanationOut:
    """Why the order is with this rider and no other, or with nobody, and what would help."""
    await api.reads.order(market_id, OrderId(order_id))
    name, record = await api.reads.run(lambda c: _with_order(c, market_id, order_id, plan_id))
    number = record.problem.order_ids.index(order_id)

    def told() -> ExplanationOut:
        found = explain(record.problem, record.params, record.plan, number, riders=riders)
        return ExplanationOut.of(name, record, found)

    return await asyncio.to_thread(told)


def _with_order(connection: Connection, market_id: MarketId, order_id: str, plan_id: str | None) -> tuple[str, Record]:
    if plan_id is None:
        found = rows.newest_records(connection, market_id, LOOKED_THROUGH)
        where = f"the last {LOOKED_THROUGH} plans"
    else:
        found = iter([(plan_id, rows.plan(connection, market_id, plan_id)[1])])
        where = f"plan {plan_id}"
    for name, data in found:
        record = from_bytes(data, name)
        if order_id in record.problem.order_ids:
            return name, record
    cause = f"Order {order_id} is not in {where}: it is over, held by a person, or has not been planned yet."
    raise NotFoundError(cause, "Look at the order, or wait for the next plan.", code="not_planned")

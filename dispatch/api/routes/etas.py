"""When orders are expected, which are at risk, and how good such words are."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection

from dispatch.api.auth import InMarket, Who, may
from dispatch.api.schemas.base import Name, When, instant
from dispatch.api.schemas.etas import AccuracyOut, EtaOut
from dispatch.api.state import Api
from dispatch.engine.eta_accuracy import Accuracy, accuracy
from dispatch.model.events import OrderDelivered
from dispatch.model.order import MarketId, OrderId
from dispatch.service.principals import Right
from dispatch.store import etas, rows
from dispatch.units import DAY_S, Instant

router = APIRouter(prefix="/v1", tags=["etas"])

RISKY_PERCENT: Final = 20


@router.get("/orders/{order_id}/eta", dependencies=[Depends(may(Right.SEE_ORDERS))])
async def get_eta(order_id: Name, api: Api, who: Who, market_id: InMarket) -> EtaOut:
    """When the order is expected, and how sure that is. There is none before the first plan with it."""
    who.own_order(await api.reads.order(market_id, OrderId(order_id)))
    return EtaOut.of(await api.reads.one(rows.ETAS, market_id, order_id))


@router.get("/etas", dependencies=[Depends(may(Right.SEE_PLANS))])
async def list_at_risk(
    api: Api,
    market_id: InMarket,
    late_percent: Annotated[int, Query(ge=0, le=100, description="At least as likely to be late.")] = RISKY_PERCENT,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[EtaOut]:
    """Orders that may come late, the likeliest first."""
    return [EtaOut.of(one) for one in await api.reads.run(lambda c: etas.riskiest(c, market_id, late_percent, limit))]


@router.get("/etas/accuracy", dependencies=[Depends(may(Right.SEE_PLANS))])
async def get_accuracy(
    api: Api, market_id: InMarket, since: When | None = None, before: When | None = None
) -> list[AccuracyOut]:
    """How good words on arrivals were, by how far ahead they were given; of the last day, if nothing is said."""
    end = api.clock.now() + 1 if before is None else instant(before)
    start = end - DAY_S if since is None else instant(since)
    return [AccuracyOut.of(row) for row in await api.reads.run(lambda c: _accuracy(c, market_id, start, end))]


def _accuracy(connection: Connection, market_id: MarketId, since: Instant, before: Instant) -> list[Accuracy]:
    found = list(etas.words(connection, market_id, since, before))
    delivered = {one.event.order_id for one in found if isinstance(one.event, OrderDelivered)}
    return accuracy(found, etas.promises(connection, market_id, delivered))

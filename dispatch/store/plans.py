"""The latest plans of each market, and what shadows would have done: rows that are deleted after a while."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from dispatch.errors import NotFoundError
from dispatch.model.codec import Json
from dispatch.model.order import MarketId
from dispatch.store.chain import canonical
from dispatch.store.databases import put
from dispatch.store.tables import PLANS, SHADOW_TICKS
from dispatch.units import Instant

_LISTED = tuple(column for column in PLANS.c if column.name != "record")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """One plan as it is listed; ``summary`` is for people, the record is read apart."""

    market_id: MarketId
    id: str
    tick: int
    at: Instant
    policy_name: str
    policy_version: int
    orders: int
    riders: int
    summary: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowTick:
    """What a shadow would have done at one tick, in figures, beside what was done."""

    market_id: MarketId
    shadow_id: str
    tick: int
    at: Instant
    policy_name: str
    policy_version: int
    figures: Json


def put_plan(connection: Connection, plan: KeptPlan, record: bytes, kept: int) -> None:
    """Keep a plan, and of the market's others only those of the last ``kept`` ticks."""
    values = {name: getattr(plan, name) for name in KeptPlan.__slots__}
    put(connection, PLANS, [values | {"summary": canonical(plan.summary), "record": record}])
    old = (PLANS.c.market_id == plan.market_id, PLANS.c.tick <= plan.tick - kept)
    connection.execute(delete(PLANS).where(*old))


def plans(connection: Connection, market_id: MarketId, before_tick: int | None, limit: int) -> list[KeptPlan]:
    """Plans of a market, the newest first."""
    where = [PLANS.c.market_id == market_id]
    where += [] if before_tick is None else [PLANS.c.tick < before_tick]
    query = select(*_LISTED).where(*where).order_by(PLANS.c.tick.desc(), PLANS.c.id.desc()).limit(limit)
    return [_plan(row) for row in connection.execute(query)]


def plan(connection: Connection, market_id: MarketId, plan_id: str) -> tuple[KeptPlan, bytes]:
    """One plan and its record. Raises NotFoundError."""
    mine = (PLANS.c.market_id == market_id, PLANS.c.id == plan_id)
    row = connection.execute(select(PLANS).where(*mine)).one_or_none()
    if row is None:
        cause = f"Plan {plan_id!r} is not kept in this market."
        raise NotFoundError(cause, "Name one of GET /v1/plans; older ones have been deleted.")
    return _plan(row), bytes(row.record)


def newest_records(connection: Connection, market_id: MarketId, limit: int) -> Iterator[tuple[str, bytes]]:
    """Ids and records of a market's plans, the newest first, read one by one."""
    query = select(PLANS.c.id).where(PLANS.c.market_id == market_id).order_by(PLANS.c.tick.desc()).limit(limit)
    for plan_id in connection.execute(query).scalars().all():
        mine = (PLANS.c.market_id == market_id, PLANS.c.id == plan_id)
        record = connection.execute(select(PLANS.c.record).where(*mine)).scalar()
        if record is not None:
            yield plan_id, bytes(record)


def put_shadow_tick(connection: Connection, found: ShadowTick, kept: int) -> None:
    """Keep what a shadow would have done, and of its other ticks only the last ``kept``."""
    values = {name: getattr(found, name) for name in ShadowTick.__slots__}
    put(connection, SHADOW_TICKS, [values | {"figures": canonical(found.figures)}])
    mine = (SHADOW_TICKS.c.market_id == found.market_id, SHADOW_TICKS.c.shadow_id == found.shadow_id)
    connection.execute(delete(SHADOW_TICKS).where(*mine, SHADOW_TICKS.c.tick <= found.tick - kept))


def shadow_ticks(connection: Connection, market_id: MarketId, shadow_id: str, limit: int) -> list[ShadowTick]:
    """The ticks of a shadow, the newest first."""
    c = SHADOW_TICKS.c
    query = select(SHADOW_TICKS).where(c.market_id == market_id, c.shadow_id == shadow_id)
    rows = connection.execute(query.order_by(c.tick.desc()).limit(limit))
    return [ShadowTick(**dict(row._mapping) | {"figures": json.loads(row.figures)}) for row in rows]


def _plan(row: Row[Any]) -> KeptPlan:
    values = dict(row._mapping)
    values.pop("record", None)
    return KeptPlan(**values | {"summary": json.loads(values["summary"])})

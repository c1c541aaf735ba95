"""Versions of policies, and policies that decide beside the one that counts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from dispatch.model.codec import Json
from dispatch.model.events import Recorded
from dispatch.model.order import MarketId
from dispatch.store.chain import canonical
from dispatch.store.recording import recorded_of
from dispatch.store.tables import EVENTS, MARKETS, POLICIES, SHADOWS
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPolicy:
    """One version of a policy of a market."""

    market_id: MarketId
    name: str
    version: int
    settings: Json
    note: str
    created_at: Instant
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A policy that decides beside the one that counts, from ``since`` until ``ended_at``."""

    id: str
    market_id: MarketId
    name: str
    version: int
    note: str
    since: Instant
    started_by: str
    ended_at: Instant | None = None
    ended_by: str = ""


def policies(connection: Connection, market_id: MarketId) -> list[KeptPolicy]:
    """Every version of a market's own policies, by name and version."""
    c = POLICIES.c
    rows = connection.execute(select(POLICIES).where(c.market_id == market_id).order_by(c.name, c.version))
    return [_policy(row) for row in rows]


def policy(connection: Connection, market_id: MarketId, name: str, version: int) -> KeptPolicy | None:
    """One version of a market's own policies."""
    c = POLICIES.c
    mine = (c.market_id == market_id, c.name == name, c.version == version)
    row = connection.execute(select(POLICIES).where(*mine)).one_or_none()
    return None if row is None else _policy(row)


def newest_version(connection: Connection, market_id: MarketId, name: str) -> int:
    """The highest version of a policy that the market has; 0 for none."""
    c = POLICIES.c
    query = select(func.max(c.version)).where(c.market_id == market_id, c.name == name)
    return connection.execute(query).scalar() or 0


def add_policy(connection: Connection, kept: KeptPolicy) -> None:
    """Keep a new version."""
    connection.execute(insert(POLICIES).values(asdict(kept) | {"settings": canonical(kept.settings)}))


def active_policy(connection: Connection, market_id: MarketId) -> tuple[str, int]:
    """Name and version of the policy that the log says counts; ("", 0) where it says nothing."""
    row = connection.execute(select(MARKETS).where(MARKETS.c.market_id == market_id)).one_or_none()
    return ("", 0) if row is None else (row.policy_name, row.policy_version)


def changes_of_policy(
    connection: Connection, market_id: MarketId, before_seq: int | None, limit: int
) -> list[Recorded]:
    """When a market was put under another policy and by whom, the newest first.

    What only writes down the rules of the policy that a market was set up with names no policy, and is left out.
    """
    c = EVENTS.c
    where = [c.market_id == market_id, c.stream == f"market:{market_id}", c.type == "PolicyChanged"]
    where.append(c.payload.not_like('%"name":""%'))
    where += [] if before_seq is None else [c.seq < before_seq]
    rows = connection.execute(select(EVENTS).where(*where).order_by(c.seq.desc()).limit(limit))
    return [recorded_of(row) for row in rows]


def start_shadow(connection: Connection, shadow: Shadow) -> None:
    """Let a policy decide beside the market's own; the one that did so before ends."""
    end_shadow(connection, shadow.market_id, shadow.since, shadow.started_by)
    connection.execute(insert(SHADOWS).values(asdict(shadow)))


def end_shadow(connection: Connection, market_id: MarketId, now: Instant, by: str) -> bool:
    """Let no policy decide beside the market's own any more; whether one did."""
    mine = (SHADOWS.c.market_id == market_id, SHADOWS.c.ended_at.is_(None))
    return connection.execute(update(SHADOWS).where(*mine).values(ended_at=now, ended_by=by)).rowcount > 0


def shadows(connection: Connection, market_id: MarketId, limit: int) -> list[Shadow]:
    """Shadows of a market, the newest first."""
    c = SHADOWS.c
    query = select(SHADOWS).where(c.market_id == market_id).order_by(c.since.desc(), c.id.desc()).limit(limit)
    return [Shadow(**row._mapping) for row in connection.execute(query)]


def shadow_now(connection: Connection, market_id: MarketId) -> Shadow | None:
    """The policy that decides beside the market's own at present."""
    mine = (SHADOWS.c.market_id == market_id, SHADOWS.c.ended_at.is_(None))
    row = connection.execute(select(SHADOWS).where(*mine)).first()
    return None if row is None else Shadow(**row._mapping)


def _policy(row: Row[Any]) -> KeptPolicy:
    return KeptPolicy(**dict(row._mapping) | {"settings": json.loads(row.settings)})

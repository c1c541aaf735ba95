"""Reads about when orders are expected: the riskiest ones, and how good the words were."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, select

from dispatch.model.eta import EtaState
from dispatch.model.events import Recorded
from dispatch.model.order import MarketId, OrderId
from dispatch.store import rows
from dispatch.store.audit import streamed
from dispatch.store.databases import parts
from dispatch.store.recording import recorded_of
from dispatch.store.tables import EVENTS
from dispatch.units import Instant

_WORDS = ("EtaChanged", "OrderDelivered")


def riskiest(connection: Connection, market_id: MarketId, least_percent: int, limit: int) -> list[EtaState]:
    """Orders under way that are the likeliest to come late, the likeliest first."""
    c = rows.ETAS.table.c
    where = (c.market_id == market_id, c.open == 1, c.late_percent >= least_percent)
    query = select(c.state).where(*where).order_by(c.late_percent.desc(), c.dropoff_at, c.id).limit(limit)
    return [rows.ETAS.from_state(row.state) for row in connection.execute(query)]


def promises(connection: Connection, market_id: MarketId, order_ids: Collection[OrderId]) -> dict[OrderId, Instant]:
    """What the customers of these orders were promised."""
    c = rows.ORDERS.table.c
    found: dict[OrderId, Instant] = {}
    for some in parts(order_ids):
        query = select(c.id, c.promised_at).where(c.market_id == market_id, c.id.in_(some))
        found.update((OrderId(row.id), row.promised_at) for row in connection.execute(query))
    return found


def words(connection: Connection, market_id: MarketId, since: Instant, before: Instant) -> Iterator[Recorded]:
    """What was said of arrivals, and deliveries, in the order of the log."""
    c = EVENTS.c
    where = (c.market_id == market_id, c.type.in_(_WORDS), c.occurred_at >= since, c.occurred_at < before)
    for row in streamed(connection, select(EVENTS).where(*where).order_by(c.seq)):
        yield recorded_of(row)

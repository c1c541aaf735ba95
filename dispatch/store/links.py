"""Links by which customers follow their orders: one for each order, of which a hash is kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from dispatch.model.order import MarketId, OrderId
from dispatch.store.databases import put
from dispatch.store.tables import LINKS
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLink:
    """One link; ``generation`` counts those that the order has had."""

    market_id: MarketId
    order_id: OrderId
    token_hash: str
    generation: int
    made_at: Instant
    made_by: str
    ended_at: Instant | None = None


def link_of(connection: Connection, market_id: MarketId, order_id: OrderId) -> KeptLink | None:
    """The last link of an order."""
    mine = (LINKS.c.market_id == market_id, LINKS.c.order_id == order_id)
    return _link(connection.execute(select(LINKS).where(*mine)).one_or_none())


def link_by_hash(connection: Connection, token_hash: str) -> KeptLink | None:
    """The link of a token, ended or not."""
    return _link(connection.execute(select(LINKS).where(LINKS.c.token_hash == token_hash)).one_or_none())


def put_link(connection: Connection, link: KeptLink) -> None:
    """Keep a link instead of the one that the order had."""
    put(connection, LINKS, [asdict(link)])


def end_link(connection: Connection, market_id: MarketId, order_id: OrderId, now: Instant) -> None:
    """Let the link of an order count no more."""
    open_one = (LINKS.c.market_id == market_id, LINKS.c.order_id == order_id, LINKS.c.ended_at.is_(None))
    connection.execute(update(LINKS).where(*open_one).values(ended_at=now))


def _link(row: Row[Any] | None) -> KeptLink | None:
    return None if row is None else KeptLink(**row._mapping)

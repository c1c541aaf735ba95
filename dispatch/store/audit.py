"""Whether a log is what was written: no event changed, taken out, put in or moved since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from dispatch.model.order import MarketId
from dispatch.store.chain import GENESIS, hash_of
from dispatch.store.tables import EVENTS, MARKETS

AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Audit:
    """What the log of a market was found to be.

    events: how many are sound; head: the hash of the last of these. fault: what is wrong with the first one that is
    not, "" where all are sound; fault_seq: which it is.
    """

    market_id: MarketId
    events: int
    head: str
    fault: str = ""
    fault_seq: int | None = None


def event_rows(connection: Connection, market_id: MarketId) -> Iterator[Row[Any]]:
    """The rows of a market's log in order, a part at a time."""
    query = select(EVENTS).where(EVENTS.c.market_id == market_id).order_by(EVENTS.c.seq)
    yield from streamed(connection, query)


def streamed(connection: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    """The rows of a query, fetched a part at a time; what is open for them is closed even if not all are taken."""
    with connection.execute(query.execution_options(yield_per=AT_ONCE)) as rows:
        yield from rows


def audit(connection: Connection, market_id: MarketId) -> Audit:
    """Compute the chain of hashes of a market's log anew."""
    seq, head = 0, GENESIS
    for row in event_rows(connection, market_id):
        fault = _fault(row, seq + 1, head)
        if fault:
            return Audit(market_id, seq, head, fault, row.seq)
        seq, head = row.seq, row.hash
    market = connection.execute(select(MARKETS).where(MARKETS.c.market_id == market_id)).one_or_none()
    if market is None or (market.seq, market.hash) != (seq, head):
        wanted = 0 if market is None else market.seq
        fault = f"the log ends at event {seq}, and the market's own row names event {wanted} as the last"
        return Audit(market_id, seq, head, fault, seq + 1)
    return Audit(market_id, seq, head)


def hash_at(connection: Connection, market_id: MarketId, seq: int) -> str | None:
    """The hash of one event, to be compared with one that was noted earlier."""
    if seq == 0:
        return GENESIS
    query = select(EVENTS.c.hash).where(EVENTS.c.market_id == market_id, EVENTS.c.seq == seq)
    found: str | None = connection.execute(query).scalar()
    return found


def _fault(row: Row[Any], seq: int, head: str) -> str:
    if row.seq != seq:
        return f"event {seq} is missing"
    what = f"event {seq} ({row.type} of {row.stream})"
    if row.prev_hash != head:
        return f"{what} does not follow the event before it"
    if hash_of(dict(row._mapping)) != row.hash:
        return f"{what} is not what was written"
    return ""

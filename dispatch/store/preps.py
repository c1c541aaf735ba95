"""What kitchens took, read by name."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from dispatch.model.order import MarketId
from dispatch.model.prep import PrepTimes
from dispatch.store.databases import parts
from dispatch.store.rows import PREPS


def prep_times(connection: Connection, market_id: MarketId, names: Collection[str]) -> dict[str, PrepTimes]:
    """Those of some names that there are."""
    table, found = PREPS.table, dict[str, PrepTimes]()
    for some in parts(names):
        query = select(table.c.id, table.c.state).where(table.c.market_id == market_id, table.c.id.in_(some))
        found.update((row.id, PREPS.from_state(row.state)) for row in connection.execute(query))
    return found

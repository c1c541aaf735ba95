"""Reading states back from the projections."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Connection, select

from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import MarketId
from dispatch.model.state import MarketState, OrderState
from dispatch.store.databases import parts
from dispatch.store.entities import Entities
from dispatch.store.rows import PROJECTIONS
from dispatch.store.tables import MARKETS

_AT_REST: Final = (DispatchStatus.DONE, DispatchStatus.DROPPED, DispatchStatus.NOT_NEEDED)


class EntityReader:
    """Reads entities on the connection it is given; without one it finds nothing, as in a log that begins."""

    def __init__(self) -> None:
        self.connection: Connection | None = None

    def entities(self, market_id: MarketId, kind: str) -> Entities[Any, Any]:
        """The entities of one kind in a market, not yet read."""

        def read(ids: Collection[str]) -> Mapping[str, Any]:
            if self.connection is None:
                return {}
            projection = PROJECTIONS[kind]
            table = projection.table
            found: dict[str, Any] = {}
            for some in parts(ids):
                query = select(table.c.id, table.c.state).where(table.c.market_id == market_id, table.c.id.in_(some))
                found.update((row.id, projection.from_state(row.state)) for row in self.connection.execute(query))
            return found

        return Entities(read)


def load_state(connection: Connection, market_id: MarketId) -> MarketState:
    """The market as of its last event, from the rows of its projections; the events themselves are not read."""
    head = connection.execute(select(MARKETS).where(MARKETS.c.market_id == market_id)).one_or_none()
    if head is None:
        return MarketState(market_id)
    state = MarketState(market_id, head.seq, tick=head.tick, policy=(head.policy_name, head.policy_version))
    for kind, projection in PROJECTIONS.items():
        table, kept = projection.table, getattr(state, kind)
        query = select(table.c.id, table.c.state).where(table.c.market_id == market_id).order_by(table.c.created_seq)
        for row in connection.execute(query):
            kept[row.id] = projection.from_state(row.state)
    state.active.update((order_id, None) for order_id, order in state.orders.items() if _is_active(order))
    return state


def _is_active(order: OrderState) -> bool:
    return order.dispatch not in _AT_REST

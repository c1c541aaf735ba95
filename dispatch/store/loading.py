"""Reading states back from the projections."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from sys import intern
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select

from dispatch.model.lifecycle import DispatchStatus, OfferStatus
from dispatch.model.order import MarketId
from dispatch.model.state import MarketState
from dispatch.store.databases import parts
from dispatch.store.entities import Entities, Remembered
from dispatch.store.rows import ETAS, OFFERS, ORDERS, PROJECTIONS
from dispatch.store.tables import MARKETS

_AT_REST: Final = (DispatchStatus.DONE, DispatchStatus.DROPPED, DispatchStatus.NOT_NEEDED)
_AT_WORK: Final[Mapping[str, ColumnElement[bool]]] = {
    "orders": ORDERS.table.c.dispatch.not_in([status.value for status in _AT_REST]),
    "offers": OFFERS.table.c.status == OfferStatus.OPEN.value,
    "etas": ETAS.table.c.open == 1,
}
"""Kinds of which there is one or more for every order that ever was, and which of them are at work."""
_OF_ORDERS: Final = ("accounts", "cases_of")
"""Kinds of which there is one for some orders, under the order's id."""

Read = Callable[[str, Collection[str]], Mapping[str, Any]]
"""From a kind and ids to the entities there are."""


class EntityReader:
    """Reads entities on the connection it is given; without one it finds nothing, as in a log that begins."""

    def __init__(self) -> None:
        self.connection: Connection | None = None

    def entities(self, market_id: MarketId, kind: str) -> Entities[Any, Any]:
        """The entities of one kind in a market, not yet read."""

        def read(ids: Collection[str]) -> Mapping[str, Any]:
            return {} if self.connection is None else read_entities(self.connection, market_id, kind, ids)

        return Entities(read)


def read_entities(connection: Connection, market_id: MarketId, kind: str, ids: Collection[str]) -> dict[str, Any]:
    """Entities of one kind by id; those that are not there are left out."""
    projection = PROJECTIONS[kind]
    table = projection.table
    found: dict[str, Any] = {}
    for some in parts(ids):
        query = select(table.c.id, table.c.state).where(table.c.market_id == market_id, table.c.id.in_(some))
        found.update((row.id, projection.from_state(row.state)) for row in connection.execute(query))
    return found


def load_state(connection: Connection, market_id: MarketId, read: Read) -> MarketState:
    """The market as of its last event, from the rows of its projections; the events themselves are not read.

    Of what comes with every order, only what is at work is read now; ``read`` gives the rest when it is asked for,
    however much later.
    """
    head = connection.execute(select(MARKETS).where(MARKETS.c.market_id == market_id)).one_or_none()
    if head is None:
        return MarketState(market_id)
    growing = {
        kind: Remembered(_ids(connection, market_id, kind), partial(read, kind)) for kind in (*_AT_WORK, *_OF_ORDERS)
    }
    state = MarketState(market_id, head.seq, tick=head.tick, policy=(head.policy_name, head.policy_version), **growing)
    for kind in PROJECTIONS.keys() - growing.keys():
        getattr(state, kind).update(_entities(connection, market_id, kind))
    for kind, at_work in _AT_WORK.items():
        growing[kind].hold(_entities(connection, market_id, kind, at_work))
    state.active.update(dict.fromkeys(_ids(connection, market_id, "orders", _AT_WORK["orders"])))
    for kind in _OF_ORDERS:
        growing[kind].hold(read_entities(connection, market_id, kind, state.active.keys() & growing[kind].keys()))
    return state


def _ids(connection: Connection, market_id: MarketId, kind: str, where: ColumnElement[bool] | None = None) -> list[Any]:
    """Ids in the order in which their entities came; ids of orders are one string wherever they stand."""
    table = PROJECTIONS[kind].table
    query = select(table.c.id).where(table.c.market_id == market_id).order_by(table.c.created_seq)
    return [intern(name) for name in connection.execute(query if where is None else query.where(where)).scalars()]


def _entities(
    connection: Connection, market_id: MarketId, kind: str, where: ColumnElement[bool] | None = None
) -> dict[str, Any]:
    """Entities of one kind, in the order in which they came."""
    projection = PROJECTIONS[kind]
    table = projection.table
    query = select(table.c.id, table.c.state).where(table.c.market_id == market_id).order_by(table.c.created_seq)
    rows = connection.execute(query if where is None else query.where(where))
    return {row.id: projection.from_state(row.state) for row in rows}

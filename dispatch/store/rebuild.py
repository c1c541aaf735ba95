"""Projections made from nothing but the log: to put them right, and to see whether they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table, delete, insert, select

from dispatch.model.order import MarketId
from dispatch.store.audit import AT_ONCE, event_rows, streamed
from dispatch.store.fold import MarketFold
from dispatch.store.loading import EntityReader
from dispatch.store.recording import recorded_of
from dispatch.store.rows import PROJECTIONS
from dispatch.store.tables import MARKETS
from dispatch.store.views import ASSIGNMENTS
from dispatch.store.writes import Row

_SHOWN = 5


@dataclass(slots=True)
class Comparison:
    """How a market's projections compare with its log: rows that agree, and the first differences in words."""

    market_id: MarketId
    rows: int = 0
    different: int = 0
    examples: list[str] = field(default_factory=list)

    def differ(self, text: str) -> None:
        """Count a difference."""
        self.different += 1
        if len(self.examples) < _SHOWN:
            self.examples.append(text)


def folded(connection: Connection, market_id: MarketId) -> MarketFold:
    """All of a market's log, folded from its first event. Raises what ``apply`` raises."""
    fold = MarketFold(market_id, EntityReader(), 0, 0, ("", 0))
    for row in event_rows(connection, market_id):
        fold.take((recorded_of(row),))
    return fold


def rebuild(connection: Connection, market_id: MarketId) -> int:
    """Write a market's projections anew; how many rows there are."""
    fold = folded(connection, market_id)
    written = 0
    for table, rows in _tables(fold):
        connection.execute(delete(table).where(table.c.market_id == market_id))
        for start in range(0, len(rows), AT_ONCE):
            connection.execute(insert(table), rows[start : start + AT_ONCE])
        written += len(rows)
    state = fold.state
    values = {"tick": state.tick, "policy_name": state.policy[0], "policy_version": state.policy[1]}
    connection.execute(MARKETS.update().where(MARKETS.c.market_id == market_id).values(**values))
    return written


def compare(connection: Connection, market_id: MarketId) -> Comparison:
    """Hold a market's projections against its log."""
    found = Comparison(market_id)
    fold = folded(connection, market_id)
    for table, rows in _tables(fold):
        _compare(connection, table, rows, found)
    market = connection.execute(select(MARKETS).where(MARKETS.c.market_id == market_id)).one()
    state = fold.state
    if (market.tick, market.policy_name, market.policy_version) != (state.tick, *state.policy):
        found.differ(f"market {market_id}: tick or policy")
    return found


def _tables(fold: MarketFold) -> Iterator[tuple[Table, list[Row]]]:
    for kind, projection in PROJECTIONS.items():
        yield projection.table, fold.rows(kind)
    yield ASSIGNMENTS, list(fold.changes.begun.values())


def _compare(connection: Connection, table: Table, rows: list[Row], found: Comparison) -> None:
    keys = [column.name for column in table.primary_key]
    expected = {tuple(row[key] for key in keys): row for row in rows}
    query = select(table).where(table.c.market_id == found.market_id)
    for stored in streamed(connection, query):
        key = tuple(getattr(stored, name) for name in keys)
        row = expected.pop(key, None)
        if row is None:
            found.differ(f"{table.name} {_name(key)} is in no event")
        elif row != dict(stored._mapping):
            wrong = [name for name, value in row.items() if stored._mapping[name] != value]
            found.differ(f"{table.name} {_name(key)} has another {', '.join(wrong)}")
        else:
            found.rows += 1
    for key in expected:
        found.differ(f"{table.name} {_name(key)} is missing")


def _name(key: tuple[object, ...]) -> str:
    return json.dumps(key[1:])[1:-1]

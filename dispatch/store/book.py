"""What the writer knows of one market while it takes commands in: the end of the log, versions, states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, func, select

from dispatch.errors import ConflictError, StaleError
from dispatch.model.events import Event, OrderChanged, OrderPlaced, Recorded, stream_of
from dispatch.model.order import MarketId, Order
from dispatch.store.chain import event_row
from dispatch.store.databases import parts
from dispatch.store.fold import MarketFold
from dispatch.store.loading import EntityReader
from dispatch.store.tables import COMMANDS, EVENTS, MARKETS
from dispatch.store.views import ORDERS
from dispatch.store.writes import Append
from dispatch.store.writes import Row as Values

ExternalKey = tuple[str, str, str]
"""Channel, platform, and the name that these give an order."""

_VERSIONS: Final = (
    select(EVENTS.c.stream, func.max(EVENTS.c.version))
    .where(EVENTS.c.market_id == bindparam("market_id"), EVENTS.c.stream.in_(bindparam("streams", expanding=True)))
    .group_by(EVENTS.c.stream)
)
_COMMANDS: Final = select(COMMANDS.c.command_id).where(
    COMMANDS.c.market_id == bindparam("market_id"),
    COMMANDS.c.command_id.in_(bindparam("command_ids", expanding=True)),
)
_EXTERNAL: Final = select(ORDERS.c.channel, ORDERS.c.platform, ORDERS.c.external_id, ORDERS.c.id).where(
    ORDERS.c.market_id == bindparam("market_id"), ORDERS.c.external_id.in_(bindparam("names", expanding=True))
)


class Book:
    """The writer's view of one market; dropped where another process has written or a transaction failed."""

    def __init__(self, head: Row[Any], reader: EntityReader) -> None:
        market_id = MarketId(head.market_id)
        self.market_id, self.seq, self.hash, self.fence = market_id, head.seq, head.hash, head.fence
        self.fold = MarketFold(market_id, reader, head.seq, head.tick, (head.policy_name, head.policy_version))
        self.events: list[Values] = []
        self._versions: dict[str, int] = {}
        self._commands: set[str] = set()
        self._external: dict[ExternalKey, str] = {}

    def look_up(self, connection: Connection, appends: Sequence[Append]) -> None:
        """Read at once all that the appends will be held against."""
        events = [event for append in appends for event in append.events]
        self.fold.fetch(events)
        self._look_up_versions(connection, {stream_of(event, self.market_id) for event in events})
        self._look_up_commands(connection, [append.command_id for append in appends])
        self._look_up_external(connection, events)

    def _look_up_versions(self, connection: Connection, streams: set[str]) -> None:
        unknown = [stream for stream in streams if stream not in self._versions]
        if not unknown:
            return
        self._versions.update(dict.fromkeys(unknown, 0))
        for some in parts(unknown):
            found = connection.execute(_VERSIONS, {"market_id": self.market_id, "streams": some})
            self._versions.update((stream, version) for stream, version in found)

    def _look_up_commands(self, connection: Connection, command_ids: Sequence[str]) -> None:
        values = {"market_id": self.market_id, "command_ids": command_ids}
        self._commands = set(connection.execute(_COMMANDS, values).scalars())

    def _look_up_external(self, connection: Connection, events: Iterable[Event]) -> None:
        keys = {key for event in events for key in _external_keys(event)}
        self._external = {}
        if not keys:
            return
        for some in parts({key[2] for key in keys}):
            for row in connection.execute(_EXTERNAL, {"market_id": self.market_id, "names": some}):
                self._external[row.channel, row.platform, row.external_id] = row.id

    def take(self, append: Append, payloads: Sequence[str]) -> tuple[Recorded, ...]:
        """Take one command's events in, given how they are stored.

        Raises StaleError, ConflictError, and what the fold refuses; nothing has changed then.
        """
        self._check(append)
        recorded, rows, versions, last_hash = self._record(append, payloads)
        external = self._taken_names(append.events)
        self.fold.take(recorded)
        self.events += rows
        self.hash = last_hash
        self.seq += len(rows)
        self._versions.update(versions)
        self._external.update(external)
        if append.is_remembered:
            self._commands.add(append.command_id)
        if append.fence is not None:
            self.fence = max(self.fence, append.fence)
        return recorded

    def _check(self, append: Append) -> None:
        if append.fence is not None and append.fence < self.fence:
            cause = f"Market {self.market_id} is written under lease {self.fence}; {append.fence} is over."
            raise StaleError(cause, "Stop writing, and ask for the lease again.", code="lease_lost")
        if append.command_id in self._commands:
            cause = f"Command {append.command_id} has been carried out already."
            raise ConflictError(cause, "Give every command an id of its own.", code="command_repeated")
        if append.events and append.expected_seq != self.seq:
            cause = f"Market {self.market_id} is at event {self.seq}, not at {append.expected_seq}."
            raise StaleError(cause, "Read what was added and decide again.")

    def _record(
        self, append: Append, payloads: Sequence[str]
    ) -> tuple[tuple[Recorded, ...], list[Values], dict[str, int], str]:
        recorded: list[Recorded] = []
        rows: list[Values] = []
        versions: dict[str, int] = {}
        prev_hash = self.hash
        for event, payload in zip(append.events, payloads, strict=True):
            seq = self.seq + len(rows) + 1
            stream = stream_of(event, self.market_id)
            version = versions[stream] = versions.get(stream, self._versions.get(stream, 0)) + 1
            at, noted = append.occurred_at, append.recorded_at
            one = Recorded(seq, self.market_id, stream, version, at, noted, append.actor, append.command_id, event)
            row = event_row(one, payload, prev_hash)
            rows.append(row)
            recorded.append(one)
            prev_hash = str(row["hash"])
        return tuple(recorded), rows, versions, prev_hash

    def _taken_names(self, events: Iterable[Event]) -> dict[ExternalKey, str]:
        """The names by which other systems will know the orders. Raises ConflictError where one is another order's."""
        found: dict[ExternalKey, str] = {}
        for event in events:
            order = _order_of(event)
            for key in _external_keys(event):
                taken_by = found.get(key, self._external.get(key))
                if order is not None and taken_by not in (None, order.id):
                    cause = f"Order '{key[2]}' of channel {key[0]} is here already, as order {taken_by}."
                    raise ConflictError(cause, "Read or change that order.", code="external_id_taken")
                if order is not None:
                    found[key] = order.id
        return found

    def head(self) -> Values:
        """The market's own row."""
        state = self.fold.state
        return {
            "market_id": self.market_id,
            "seq": self.seq,
            "hash": self.hash,
            "fence": self.fence,
            "tick": state.tick,
            "policy_name": state.policy[0],
            "policy_version": state.policy[1],
        }


def heads(connection: Connection, market_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """The rows of some markets, locked until the transaction ends; made where there are none."""
    query = select(MARKETS).where(MARKETS.c.market_id.in_(sorted(market_ids)))
    return {row.market_id: row for row in connection.execute(query.order_by(MARKETS.c.market_id).with_for_update())}


def _order_of(event: Event) -> Order | None:
    return event.order if isinstance(event, OrderPlaced | OrderChanged) else None


def _external_keys(event: Event) -> list[ExternalKey]:
    order = _order_of(event)
    if order is None or not order.external_id:
        return []
    return [(order.channel.value, order.platform, order.external_id)]

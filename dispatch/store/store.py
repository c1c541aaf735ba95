"""The store of a service: the log with its projections, outbox, timers and leases in one database."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Final, Self, TypeVar

from sqlalchemy import Connection, and_, func, select

from dispatch.model.actor import Actor
from dispatch.model.codec import Json
from dispatch.model.events import Event, Recorded
from dispatch.model.order import MarketId
from dispatch.model.state import MarketState
from dispatch.store.databases import Database, open_database
from dispatch.store.loading import load_state, read_entities
from dispatch.store.recording import recorded_of
from dispatch.store.schema import check_schema, upgrade
from dispatch.store.tables import COMMANDS, EVENTS, MARKETS
from dispatch.store.writer import MOST_TOGETHER, Listener, Writer
from dispatch.store.writes import Append, Remembered
from dispatch.units import Instant

T = TypeVar("T")
_AT_ONCE: Final = 1000
"""Events that are read together; no transaction stays open between."""


class Store:
    """An ``EventLog`` in a database, with everything that must be true together with it.

    Safe to use from any thread. Methods that write wait until the write is durable; ``submit`` and ``run`` give a
    future instead (``asyncio.wrap_future`` makes it one of a loop's). Methods that read take a connection of a pool.
    """

    def __init__(self, database: Database, *, most_together: int = MOST_TOGETHER) -> None:
        self.database = database
        self.writer = Writer(database, most_together=most_together)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what waits, then close all connections."""
        self.writer.close()
        self.database.close()

    def submit(self, append: Append) -> Future[tuple[Recorded, ...]]:
        """Write one command's effect. The future has its events once they are durable.

        It raises StaleError (codes "stale", "lease_lost", "timer_gone"), ConflictError (codes "command_repeated",
        "external_id_taken", and what the fold refuses), InvalidInputError, StoreUnavailableError; nothing of the
        command is written then. Appends take effect in the order of ``submit``, so a caller may decide the next command
        on what it has submitted, without waiting; if one is refused, those that build on it are stale.
        """
        return self.writer.submit(append)

    def run(self, work: Callable[[Connection], T]) -> Future[T]:
        """Carry out another short write, such as ``claim_messages``; the future has its answer once it is durable."""
        return self.writer.run(work)

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with the events of each command after they are durable; it must be quick."""
        self.writer.listen(listener)

    def append(
        self,
        market_id: MarketId,
        events: Sequence[Event],
        *,
        expected_seq: int,
        occurred_at: Instant,
        recorded_at: Instant,
        actor: Actor,
        command_id: str,
    ) -> tuple[Recorded, ...]:
        """See ``EventLog.append``."""
        append = Append(
            market_id=market_id,
            events=events,
            expected_seq=expected_seq,
            occurred_at=occurred_at,
            recorded_at=recorded_at,
            actor=actor,
            command_id=command_id,
        )
        return self.submit(append).result()

    def read(self, market_id: MarketId, after_seq: int = 0) -> Iterator[Recorded]:
        """See ``EventLog.read``."""
        last_seq = self.last_seq(market_id)
        return self._between(market_id, after_seq, last_seq)

    def _between(self, market_id: MarketId, after_seq: int, last_seq: int) -> Iterator[Recorded]:
        while after_seq < last_seq:
            found = self.events(market_id, after_seq, limit=min(_AT_ONCE, last_seq - after_seq))
            yield from found
            after_seq = found[-1].seq if found else last_seq

    def events(
        self, market_id: MarketId, after_seq: int = 0, *, limit: int = _AT_ONCE, stream: str | None = None
    ) -> list[Recorded]:
        """Up to ``limit`` events after ``after_seq``, of one stream or of all."""
        query = select(EVENTS).where(EVENTS.c.market_id == market_id, EVENTS.c.seq > after_seq)
        if stream is not None:
            query = query.where(EVENTS.c.stream == stream)
        with self.reading() as connection:
            return [recorded_of(row) for row in connection.execute(query.order_by(EVENTS.c.seq).limit(limit))]

    def last_seq(self, market_id: MarketId) -> int:
        """See ``EventLog.last_seq``."""
        with self.reading() as connection:
            found = connection.execute(select(MARKETS.c.seq).where(MARKETS.c.market_id == market_id)).scalar()
        return found or 0

    def written_by(self, market_id: MarketId, command_id: str) -> tuple[Recorded, ...]:
        """See ``EventLog.written_by``."""
        query = select(EVENTS).where(EVENTS.c.market_id == market_id, EVENTS.c.command_id == command_id)
        with self.reading() as connection:
            return tuple(recorded_of(row) for row in connection.execute(query.order_by(EVENTS.c.seq)))

    def remembered(self, market_id: MarketId, command_id: str) -> Remembered | None:
        """What was answered to a command, if it was seen before; see ``Append.outcome``."""
        query = select(COMMANDS).where(COMMANDS.c.market_id == market_id, COMMANDS.c.command_id == command_id)
        with self.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        written = self.written_by(market_id, command_id) if row.first_seq is not None else ()
        # An id may have been used before, so long ago that it was forgotten.
        events = tuple(entry for entry in written if entry.seq >= row.first_seq)
        outcome: Json = json.loads(row.outcome)
        return Remembered(command_id, row.fingerprint, outcome, events, row.recorded_at)

    def command_ids(self, market_id: MarketId) -> list[str]:
        """The ids of all commands of a market that are remembered."""
        with self.reading() as connection:
            query = select(COMMANDS.c.command_id).where(COMMANDS.c.market_id == market_id)
            return list(connection.execute(query).scalars())

    def load_state(self, market_id: MarketId) -> MarketState:
        """The market as of its last event, from its projections: quick however long the log is.

        What is at rest is read later, when it is asked for; the state is that of its last event then as long as
        nobody else has written meanwhile.
        """

        def read(kind: str, ids: Collection[str]) -> Mapping[str, Any]:
            with self.reading() as connection:
                return read_entities(connection, market_id, kind, ids)

        with self.reading() as connection:
            return load_state(connection, market_id, read)

    def markets(self) -> tuple[MarketId, ...]:
        """Every market that has ever been written to."""
        with self.reading() as connection:
            return tuple(MarketId(name) for name in connection.execute(select(MARKETS.c.market_id)).scalars())

    def last_recorded_at(self) -> Instant:
        """When the last event of any market was recorded; 0 where there is none."""
        last = and_(EVENTS.c.market_id == MARKETS.c.market_id, EVENTS.c.seq == MARKETS.c.seq)
        with self.reading() as connection:
            found = connection.execute(select(func.max(EVENTS.c.recorded_at)).join(MARKETS, last)).scalar()
        return found or 0

    def event_count(self) -> int:
        """How many events there are in all markets."""
        with self.reading() as connection:
            found: int = connection.execute(select(func.coalesce(func.sum(MARKETS.c.seq), 0))).scalar_one()
        return int(found)

    def reading(self) -> AbstractContextManager[Connection]:
        """A read transaction, for the queries of ``dispatch.store.queries``. Raises StoreUnavailableError."""
        return self.database.read()


def open_store(url: str, *, upgrading: bool = False, most_together: int = MOST_TOGETHER) -> Store:
    """Open the store at an address such as "sqlite:///dispatch.db" or "postgresql://user@host/name".

    upgrading: bring an old or empty database to the form of this version; without it, raises SchemaError for one.
    Raises StoreUrlError, StoreUnavailableError.
    """
    database = open_database(url)
    if upgrading:
        upgrade(database)
    check_schema(database)
    return Store(database, most_together=most_together)

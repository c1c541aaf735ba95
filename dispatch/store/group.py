"""Writing a group of commands in one transaction: each is held against what it expects, and refused alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, insert, update

from dispatch.errors import DispatchError
from dispatch.model.events import Recorded
from dispatch.model.order import MarketId
from dispatch.store.book import Book, heads
from dispatch.store.chain import GENESIS
from dispatch.store.databases import add_missing, put
from dispatch.store.loading import EntityReader
from dispatch.store.outbox import message_rows
from dispatch.store.rows import PROJECTIONS
from dispatch.store.storable import Prepared, prepare
from dispatch.store.tables import COMMANDS, EVENTS, MARKETS, OUTBOX
from dispatch.store.timers import HeldClaims, change_timers, end_fired
from dispatch.store.views import ASSIGNMENTS
from dispatch.store.writes import Append, Row

Outcome = tuple[Recorded, ...] | DispatchError
MOST_HELD: Final = 200_000
"""Entities of a market that the writer holds in memory; above that it begins anew from the database."""


class GroupWriter:
    """Writes groups of appends; keeps what it knows of each market from one group to the next."""

    def __init__(self) -> None:
        self._reader = EntityReader()
        self._books: dict[str, Book] = {}

    def forget(self) -> None:
        """Drop all that was known: a transaction failed."""
        self._books.clear()

    def write(self, connection: Connection, appends: Sequence[Append]) -> list[Outcome]:
        """Write what can be written; the outcome of each in the same order. The caller commits."""
        self._reader.connection = connection
        prepared = [_prepared(append) for append in appends]
        by_market: dict[str, list[Append]] = {}
        for one in prepared:
            if isinstance(one, Prepared):
                by_market.setdefault(one.append.market_id, []).append(one.append)
        for market_id, book in self._books_for(connection, by_market).items():
            book.look_up(connection, by_market[market_id])
        claims = HeldClaims(connection, [append.fired for append in appends if append.fired is not None])
        taken = [self._take(one, claims) for one in prepared]
        self._write_markets(connection, by_market)
        done = [(one, o) for one, o in zip(prepared, taken, strict=True) if not isinstance(o, DispatchError)]
        _write_besides(connection, [(one, o) for one, o in done if isinstance(one, Prepared)])
        return taken

    def _take(self, prepared: Prepared | DispatchError, claims: HeldClaims) -> Outcome:
        if isinstance(prepared, DispatchError):
            return prepared
        append = prepared.append
        try:
            claims.check(append.fired)
            recorded = self._books[append.market_id].take(append, prepared.events)
        except DispatchError as error:
            return error
        claims.use(append)
        return recorded

    def _books_for(self, connection: Connection, by_market: dict[str, list[Append]]) -> dict[str, Book]:
        found = heads(connection, by_market)
        missing = sorted(by_market.keys() - found.keys())
        if missing:
            add_missing(connection, MARKETS, [new_market(MarketId(market_id)) for market_id in missing])
            found = heads(connection, by_market)
        books: dict[str, Book] = {}
        for market_id, head in found.items():
            book = self._books.get(market_id)
            if book is None or (book.seq, book.hash) != (head.seq, head.hash) or len(book.fold) > MOST_HELD:
                book = self._books[market_id] = Book(head, self._reader)
            book.fence = head.fence
            books[market_id] = book
        return books

    def _write_markets(self, connection: Connection, market_ids: Iterable[str]) -> None:
        books = [self._books[market_id] for market_id in market_ids]
        events = [row for book in books for row in book.events]
        if events:
            connection.execute(insert(EVENTS), events)
        for kind, projection in PROJECTIONS.items():
            rows = [row for book in books for row in book.fold.rows(kind)]
            put(connection, projection.table, rows, keep=("created_seq",))
        ended = [row for book in books for row in book.fold.changes.ended]
        if ended:
            connection.execute(END_ASSIGNMENT, ended)
        begun = [row for book in books for row in book.fold.changes.begun.values()]
        if begun:
            connection.execute(insert(ASSIGNMENTS), begun)
        put(connection, MARKETS, [book.head() for book in books])
        for book in books:
            book.events = []
            book.fold.changes.clear()


def _write_besides(connection: Connection, done: Sequence[tuple[Prepared, tuple[Recorded, ...]]]) -> None:
    """Write what goes with the events: answers, messages, timers."""
    commands = [_command_row(one, recorded) for one, recorded in done if one.append.is_remembered]
    if commands:
        connection.execute(insert(COMMANDS), commands)
    add_missing(connection, OUTBOX, [row for one, _ in done for row in message_rows(one)])
    end_fired(connection, [one.append.fired for one, _ in done if one.append.fired is not None])
    change_timers(connection, [one for one, _ in done])


END_ASSIGNMENT: Final = (
    update(ASSIGNMENTS)
    .where(
        ASSIGNMENTS.c.market_id == bindparam("of_market"),
        ASSIGNMENTS.c.order_id == bindparam("of_order"),
        ASSIGNMENTS.c.ended_at.is_(None),
    )
    .values(end=bindparam("end"), ended_at=bindparam("ended_at"))
)


def _prepared(append: Append) -> Prepared | DispatchError:
    try:
        return prepare(append)
    except DispatchError as error:
        return error


def new_market(market_id: MarketId) -> Row:
    """The row of a market without events."""
    return {
        "market_id": market_id,
        "seq": 0,
        "hash": GENESIS,
        "fence": 0,
        "tick": 0,
        "policy_name": "",
        "policy_version": 0,
    }


def _command_row(prepared: Prepared, recorded: tuple[Recorded, ...]) -> Row:
    append = prepared.append
    return {
        "market_id": append.market_id,
        "command_id": append.command_id,
        "fingerprint": append.fingerprint,
        "outcome": prepared.outcome,
        "first_seq": recorded[0].seq if recorded else None,
        "last_seq": recorded[-1].seq if recorded else None,
        "recorded_at": append.recorded_at,
    }

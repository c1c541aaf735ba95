"""Writing a group of commands in one transaction: each is held against what it expects, and refused alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, insert, update

from dispatch.errors import DispatchError
from dispatch.model.events import Recorded
from dispatch.model.order import MarketId
from dispatch.store.book import Book, heads
from dispatch.store.chain import GENESIS, canonical
from dispatch.store.databases import add_missing, put
from dispatch.store.loading import EntityReader
from dispatch.store.outbox import message_row
from dispatch.store.rows import PROJECTIONS
from dispatch.store.storable import payloads_of
from dispatch.store.tables import COMMANDS, EVENTS, MARKETS, OUTBOX
from dispatch.store.timers import HeldClaims, cancel_timers, end_fired, set_timers
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
        payloads = [_payloads(append) for append in appends]
        by_market: dict[str, list[Append]] = {}
        for append, payload in zip(appends, payloads, strict=True):
            if not isinstance(payload, DispatchError):
                by_market.setdefault(append.market_id, []).append(append)
        for market_id, book in self._books_for(connection, by_market).items():
            book.look_up(connection, by_market[market_id])
        claims = HeldClaims(connection, [append.fired for append in appends if append.fired is not None])
        outcomes = [self._take(append, payload, claims) for append, payload in zip(appends, payloads, strict=True)]
        self._write_markets(connection, by_market)
        self._write_besides(connection, appends, outcomes)
        return outcomes

    def _take(self, append: Append, payloads: tuple[str, ...] | DispatchError, claims: HeldClaims) -> Outcome:
        if isinstance(payloads, DispatchError):
            return payloads
        try:
            claims.check(append.fired)
            recorded = self._books[append.market_id].take(append, payloads)
        except DispatchError as error:
            return error
        claims.use(append.fired)
        return recorded

    def _books_for(self, connection: Connection, by_market: dict[str, list[Append]]) -> dict[str, Book]:
        found = heads(connection, by_market)
        missing = sorted(by_market.keys() - found.keys())
        if missing:
            add_missing(connection, MARKETS, [_new_market(MarketId(market_id)) for market_id in missing])
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

    def _write_besides(self, connection: Connection, appends: Sequence[Append], outcomes: Sequence[Outcome]) -> None:
        done = [(a, o) for a, o in zip(appends, outcomes, strict=True) if not isinstance(o, DispatchError)]
        commands = [_command_row(append, recorded) for append, recorded in done if append.is_remembered]
        if commands:
            connection.execute(insert(COMMANDS), commands)
        messages = [message_row(append, message) for append, _ in done for message in append.messages]
        add_missing(connection, OUTBOX, messages)
        for append, _ in done:
            cancel_timers(connection, append.market_id, append.cancelled_timers)
            set_timers(connection, append.market_id, append.timers)
        end_fired(connection, [append.fired for append, _ in done if append.fired is not None])


END_ASSIGNMENT: Final = (
    update(ASSIGNMENTS)
    .where(
        ASSIGNMENTS.c.market_id == bindparam("of_market"),
        ASSIGNMENTS.c.order_id == bindparam("of_order"),
        ASSIGNMENTS.c.ended_at.is_(None),
    )
    .values(end=bindparam("end"), ended_at=bindparam("ended_at"))
)


def _payloads(append: Append) -> tuple[str, ...] | DispatchError:
    try:
        return payloads_of(append)
    except DispatchError as error:
        return error


def _new_market(market_id: MarketId) -> Row:
    return {
        "market_id": market_id,
        "seq": 0,
        "hash": GENESIS,
        "fence": 0,
        "tick": 0,
        "policy_name": "",
        "policy_version": 0,
    }


def _command_row(append: Append, recorded: tuple[Recorded, ...]) -> Row:
    return {
        "market_id": append.market_id,
        "command_id": append.command_id,
        "fingerprint": append.fingerprint,
        "outcome": canonical(append.outcome),
        "first_seq": recorded[0].seq if recorded else None,
        "last_seq": recorded[-1].seq if recorded else None,
        "recorded_at": append.recorded_at,
    }

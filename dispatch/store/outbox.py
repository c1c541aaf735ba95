"""Messages to the world outside: written with their events, claimed by workers, tried again, given up, sent again.

A message is sent at least once. Its ``id`` and ``name`` stay the same at every attempt, so that who gets it can tell.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from dispatch.model.codec import Json
from dispatch.model.order import MarketId
from dispatch.store.claims import CLAIMED, WAITING, claim, finish
from dispatch.store.storable import Prepared
from dispatch.store.tables import OUTBOX
from dispatch.store.writes import Row as Values
from dispatch.units import HOUR_S, MINUTE_S, Instant, Seconds

SENT: Final = "sent"
DEAD: Final = "dead"
BACK_OFF_S: Final = (
    5, 30, 2 * MINUTE_S, 10 * MINUTE_S, 30 * MINUTE_S, HOUR_S, 2 * HOUR_S, 4 * HOUR_S, 8 * HOUR_S, 8 * HOUR_S
)  # fmt: skip
"""Waits after each failed attempt: a day in all; after the last one a message is dead."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in the hands of one worker; ``attempts`` counts this one too."""

    id: int
    market_id: MarketId
    topic: str
    name: str | None
    payload: Json
    created_at: Instant
    attempts: int


def message_rows(prepared: Prepared) -> list[Values]:
    """The rows of the messages that go with a command."""
    append = prepared.append
    return [
        {
            "market_id": append.market_id,
            "topic": message.topic,
            "name": message.name,
            "payload": payload,
            "created_at": append.recorded_at,
            "due_at": message.due_at,
            "state": WAITING,
            "attempts": 0,
            "claimed_by": "",
            "claimed_until": 0,
            "error": "",
            "ended_at": None,
        }
        for message, payload in zip(append.messages, prepared.messages, strict=True)
    ]


def claim_messages(
    connection: Connection, *, worker: str, now: Instant, lease_s: Seconds, limit: int, topics: Collection[str] = ()
) -> list[Claimed]:
    """Messages that are due, of some topics or of all."""
    where = [OUTBOX.c.topic.in_(sorted(topics))] if topics else []
    rows = claim(connection, OUTBOX, worker=worker, now=now, lease_s=lease_s, limit=limit, where=where)
    return [_claimed(row) for row in rows]


def message_sent(connection: Connection, claimed: Claimed, now: Instant) -> bool:
    """The message went out; False where the claim had run out."""
    values = {"state": SENT, "ended_at": now, "error": ""}
    return finish(connection, OUTBOX, {"id": claimed.id}, claimed.attempts, values)


def message_failed(
    connection: Connection, claimed: Claimed, now: Instant, error: str, *, back_off_s: tuple[Seconds, ...] = BACK_OFF_S
) -> bool:
    """The message did not go out: it is due again after a wait, or dead after the last wait.

    False, and nothing is written, where the claim had run out.
    """
    if claimed.attempts > len(back_off_s):
        values: dict[str, object] = {"state": DEAD, "ended_at": now, "error": error}
    else:
        values = {"state": WAITING, "due_at": now + back_off_s[claimed.attempts - 1], "error": error}
    return finish(connection, OUTBOX, {"id": claimed.id}, claimed.attempts, values)


def resend(connection: Connection, now: Instant, *, ids: Collection[int] = (), state: str = DEAD) -> int:
    """Send messages again that are dead (or were sent): those named, or all; how many."""
    which = [OUTBOX.c.state == state] + ([OUTBOX.c.id.in_(sorted(ids))] if ids else [])
    again = update(OUTBOX).where(*which).values(state=WAITING, due_at=now, attempts=0, ended_at=None)
    return connection.execute(again).rowcount


def resend_named(connection: Connection, market_id: MarketId, names: Collection[str], now: Instant) -> int:
    """Send dead messages of these names again; how many."""
    mine = (OUTBOX.c.market_id == market_id, OUTBOX.c.name.in_(sorted(names)), OUTBOX.c.state == DEAD)
    again = update(OUTBOX).where(*mine).values(state=WAITING, due_at=now, attempts=0, ended_at=None)
    return connection.execute(again).rowcount


def outbox_depth(connection: Connection) -> Mapping[tuple[str, str], int]:
    """How many messages there are by topic and state."""
    return _depth(connection)


def unsent(connection: Connection) -> Mapping[tuple[str, str], int]:
    """How many messages wait, are under way, or are dead, by topic and state."""
    return _depth(connection, OUTBOX.c.state.in_((WAITING, CLAIMED, DEAD)))


def _depth(connection: Connection, *where: ColumnElement[bool]) -> Mapping[tuple[str, str], int]:
    query = select(OUTBOX.c.topic, OUTBOX.c.state, func.count()).where(*where).group_by(OUTBOX.c.topic, OUTBOX.c.state)
    return {(topic, state): count for topic, state, count in connection.execute(query)}


def _claimed(row: Row[Any]) -> Claimed:
    payload: Json = json.loads(row.payload)
    return Claimed(row.id, MarketId(row.market_id), row.topic, row.name, payload, row.created_at, row.attempts)

"""Webhooks and their deliveries: rows of their own beside the log.

The log says what there is to tell, so nothing is written for webhooks when events are. ``fan_out`` hands the events
after a webhook's ``after_seq`` to the outbox and moves ``after_seq`` in the same transaction: each event gets there
once, whoever dies meanwhile. From there on it is delivered at least once, under one name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from dispatch.errors import ConflictError, NotFoundError
from dispatch.model.codec import Json
from dispatch.model.events import Recorded
from dispatch.model.order import MarketId
from dispatch.store.chain import canonical
from dispatch.store.claims import CLAIMED, WAITING
from dispatch.store.databases import add_missing, parts
from dispatch.store.outbox import Claimed
from dispatch.store.recording import recorded_of
from dispatch.store.tables import DELIVERIES, EVENTS, MARKETS, OUTBOX, WEBHOOKS
from dispatch.units import Instant

TOPIC: Final = "webhook:"
"""Each webhook has a topic of its own in the outbox, so that one that hangs keeps no other waiting."""
DELIVERED: Final = "delivered"
DEAD: Final = "dead"
MOST_WEBHOOKS: Final = 50
"""Webhooks that a market may have."""
_RESULTS: Final = 20
"""Attempts that are remembered of one delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One row of ``webhooks``; ``kinds`` empty means every kind of event."""

    id: str
    market_id: MarketId
    url: str
    kinds: tuple[str, ...] = ()
    description: str = ""
    secret: str
    old_secret: str | None = None
    old_secret_until: Instant | None = None
    after_seq: int
    version: int = 1
    created_at: Instant
    created_by: str = ""
    changed_at: Instant
    disabled_at: Instant | None = None
    disabled_why: str = ""

    @property
    def topic(self) -> str:
        """Its topic in the outbox."""
        return TOPIC + self.id

    def delivery_id(self, seq: int) -> str:
        """The name under which an event is delivered to it, the same at every attempt."""
        return f"msg_{self.id.partition('_')[2]}_{seq}"


def valid_secrets(secret: str, old_secret: str | None, old_until: Instant | None, now: Instant) -> list[str]:
    """The secrets that messages are signed with now, the newest first."""
    return [secret, old_secret] if old_secret is not None and old_until is not None and now < old_until else [secret]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of ``webhook_deliveries``; ``results`` has the latest attempts, the oldest first."""

    id: str
    market_id: MarketId
    webhook_id: str
    seq: int
    type: str
    state: str
    created_at: Instant
    next_at: Instant | None
    ended_at: Instant | None
    results: tuple[dict[str, Json], ...]


def add_webhook(connection: Connection, webhook: Webhook) -> None:
    """Tell another system from now on. Raises ConflictError (codes "webhook_taken", "webhooks_full")."""
    count = select(func.count()).select_from(WEBHOOKS).where(WEBHOOKS.c.market_id == webhook.market_id)
    if connection.execute(count).scalar_one() >= MOST_WEBHOOKS:
        cause = f"Market {webhook.market_id} has {MOST_WEBHOOKS} webhooks already."
        raise ConflictError(cause, "Delete one that is not needed any more.", code="webhooks_full")
    try:
        connection.execute(insert(WEBHOOKS).values(_values(webhook)))
    except IntegrityError:
        raise _taken(webhook) from None


def change_webhook(connection: Connection, webhook: Webhook) -> bool:
    """Write a webhook over the one of the version before; False where somebody else has changed that.

    Raises ConflictError (code "webhook_taken").
    """
    before = (WEBHOOKS.c.id == webhook.id, WEBHOOKS.c.version == webhook.version - 1)
    values = {name: value for name, value in _values(webhook).items() if name != "after_seq"}
    if webhook.disabled_at is None:
        # What happened while it was off is not told; a replay does that.
        off = WEBHOOKS.c.disabled_at.is_not(None)
        skip = update(WEBHOOKS).where(*before, off).values(after_seq=head(connection, webhook.market_id))
        connection.execute(skip)
    try:
        return connection.execute(update(WEBHOOKS).where(*before).values(values)).rowcount == 1
    except IntegrityError:
        raise _taken(webhook) from None


def _taken(webhook: Webhook) -> ConflictError:
    cause = f"Market {webhook.market_id} has a webhook at {webhook.url} already."
    return ConflictError(cause, "Change that one, or name another address.", code="webhook_taken")


def remove_webhook(connection: Connection, webhook: Webhook) -> None:
    """Tell it nothing any more, and forget what was told."""
    connection.execute(delete(OUTBOX).where(OUTBOX.c.market_id == webhook.market_id, OUTBOX.c.topic == webhook.topic))
    connection.execute(delete(DELIVERIES).where(DELIVERIES.c.webhook_id == webhook.id))
    connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.id == webhook.id))


def disable_webhook(connection: Connection, webhook_id: str, now: Instant, why: str) -> None:
    """Tell it nothing until somebody enables it again."""
    on = (WEBHOOKS.c.id == webhook_id, WEBHOOKS.c.disabled_at.is_(None))
    values = {"disabled_at": now, "disabled_why": why, "changed_at": now, "version": WEBHOOKS.c.version + 1}
    connection.execute(update(WEBHOOKS).where(*on).values(values))


def webhook(connection: Connection, market_id: MarketId, webhook_id: str) -> Webhook:
    """One webhook of a market. Raises NotFoundError."""
    found = connection.execute(
        select(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id, WEBHOOKS.c.market_id == market_id)
    ).one_or_none()
    if found is None:
        raise NotFoundError(f"There is no webhook {webhook_id!r} in this market.", "Check the id and the market.")
    return _webhook(found)


def webhooks(connection: Connection, market_id: MarketId | None = None) -> list[Webhook]:
    """The webhooks of a market, or of all, the oldest first."""
    query = select(WEBHOOKS).order_by(WEBHOOKS.c.id)
    if market_id is not None:
        query = query.where(WEBHOOKS.c.market_id == market_id)
    return [_webhook(row) for row in connection.execute(query)]


def behind(connection: Connection) -> list[Webhook]:
    """Enabled webhooks whose market has events that were not handed to the outbox yet."""
    joined = WEBHOOKS.join(MARKETS, MARKETS.c.market_id == WEBHOOKS.c.market_id)
    late = (MARKETS.c.seq > WEBHOOKS.c.after_seq, WEBHOOKS.c.disabled_at.is_(None))
    return [_webhook(row) for row in connection.execute(select(WEBHOOKS).select_from(joined).where(*late))]


def head(connection: Connection, market_id: MarketId) -> int:
    """The last event of a market."""
    found: int | None = connection.execute(select(MARKETS.c.seq).where(MARKETS.c.market_id == market_id)).scalar()
    return found or 0


def fan_out(connection: Connection, one: Webhook, now: Instant, limit: int) -> int:
    """Hand the next events to the outbox; how many. Nothing where another process was quicker."""
    last = head(connection, one.market_id)
    events = wanted_events(connection, one, EVENTS.c.seq > one.after_seq, EVENTS.c.seq <= last, limit=limit)
    reached = events[-1][0] if len(events) == limit else last
    mine = (WEBHOOKS.c.id == one.id, WEBHOOKS.c.after_seq == one.after_seq, WEBHOOKS.c.disabled_at.is_(None))
    if connection.execute(update(WEBHOOKS).where(*mine).values(after_seq=reached)).rowcount != 1:
        return 0
    enqueue(connection, one, events, now)
    return len(events)


Known = tuple[int, str]
"""An event by its place in the log, and its type."""


def wanted_events(connection: Connection, one: Webhook, *where: ColumnElement[bool], limit: int) -> list[Known]:
    """Events of the kinds that a webhook wants, in the order of the log."""
    kinds = [EVENTS.c.type.in_(one.kinds)] if one.kinds else []
    query = select(EVENTS.c.seq, EVENTS.c.type).where(EVENTS.c.market_id == one.market_id, *kinds, *where)
    return [(row.seq, row.type) for row in connection.execute(query.order_by(EVENTS.c.seq).limit(limit))]


def enqueue(connection: Connection, one: Webhook, events: Sequence[Known], now: Instant) -> None:
    """Deliver these events, unless they are on their way or were delivered already."""
    told = [(one.delivery_id(seq), seq, kind) for seq, kind in events]
    add_missing(connection, DELIVERIES, [_delivery_row(one, *known, now) for known in told])
    add_missing(connection, OUTBOX, [_message_row(one, name, seq, now) for name, seq, _ in told])


def deliver_again(connection: Connection, one: Webhook, events: Sequence[Known], now: Instant) -> None:
    """Deliver these events now, those that were delivered before or are dead once more, under the same names."""
    enqueue(connection, one, events, now)
    for names in parts([one.delivery_id(seq) for seq, _ in events]):
        again = (OUTBOX.c.market_id == one.market_id, OUTBOX.c.name.in_(names), OUTBOX.c.state != CLAIMED)
        values = {"state": WAITING, "due_at": now, "attempts": 0, "ended_at": None}
        connection.execute(update(OUTBOX).where(*again).values(values))
        waiting = {"state": WAITING, "next_at": now, "ended_at": None}
        connection.execute(update(DELIVERIES).where(DELIVERIES.c.id.in_(names)).values(waiting))


def _delivery_row(one: Webhook, name: str, seq: int, kind: str, now: Instant) -> dict[str, object]:
    return {
        "id": name,
        "market_id": one.market_id,
        "webhook_id": one.id,
        "seq": seq,
        "type": kind,
        "state": WAITING,
        "created_at": now,
        "next_at": now,
        "ended_at": None,
        "results": "[]",
    }


def _message_row(one: Webhook, name: str, seq: int, now: Instant) -> dict[str, object]:
    return {
        "market_id": one.market_id,
        "topic": one.topic,
        "name": name,
        "payload": canonical({"seq": seq}),
        "created_at": now,
        "due_at": now,
        "state": WAITING,
        "attempts": 0,
        "claimed_by": "",
        "claimed_until": 0,
        "error": "",
        "ended_at": None,
    }


def due_webhooks(connection: Connection, now: Instant) -> list[str]:
    """The ids of webhooks to which something is to be delivered now."""
    due = or_(
        and_(OUTBOX.c.state == WAITING, OUTBOX.c.due_at <= now),
        and_(OUTBOX.c.state == CLAIMED, OUTBOX.c.claimed_until <= now),
    )
    query = select(OUTBOX.c.topic).where(due, OUTBOX.c.topic.startswith(TOPIC)).distinct()
    return sorted(topic.removeprefix(TOPIC) for topic in connection.execute(query).scalars())


def event_at(connection: Connection, market_id: MarketId, seq: int) -> Recorded:
    """One event of the log. Raises NotFoundError."""
    row = connection.execute(select(EVENTS).where(EVENTS.c.market_id == market_id, EVENTS.c.seq == seq)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no event {seq} in market {market_id}.", "Check the number.")
    return recorded_of(row)


def note_result(connection: Connection, claimed: Claimed, result: dict[str, Json]) -> None:
    """Write down what came of an attempt; the message's own row, changed before, says what happens next."""
    message = connection.execute(select(OUTBOX).where(OUTBOX.c.id == claimed.id)).one_or_none()
    row = connection.execute(select(DELIVERIES.c.results).where(DELIVERIES.c.id == claimed.name)).one_or_none()
    if message is None or row is None:
        return  # the webhook was deleted meanwhile
    state = {"sent": DELIVERED}.get(message.state, message.state)
    values = {
        "state": state,
        "next_at": message.due_at if message.state == WAITING else None,
        "ended_at": message.ended_at,
        "results": canonical([*json.loads(row.results), result][-_RESULTS:]),
    }
    connection.execute(update(DELIVERIES).where(DELIVERIES.c.id == claimed.name).values(values))


def forget_delivered(connection: Connection, before: Instant, limit: int) -> int:
    """Forget what ended before an instant, delivered or dead, and its messages; how many, ``limit`` at most."""
    old = (DELIVERIES.c.state.in_((DELIVERED, DEAD)), DELIVERIES.c.ended_at < before)
    names = connection.execute(select(DELIVERIES.c.id).where(*old).limit(limit)).scalars().all()
    if names:
        connection.execute(delete(OUTBOX).where(OUTBOX.c.name.in_(names), OUTBOX.c.state.in_(("sent", DEAD))))
        connection.execute(delete(DELIVERIES).where(DELIVERIES.c.id.in_(names)))
    return len(names)


def seqs_of(one: Webhook, state: str) -> Select[int]:
    """The events whose deliveries to a webhook are in one state, for ``wanted_events``."""
    return select(DELIVERIES.c.seq).where(DELIVERIES.c.webhook_id == one.id, DELIVERIES.c.state == state)


def delivery(connection: Connection, webhook_id: str, delivery_id: str) -> Delivery:
    """One delivery. Raises NotFoundError."""
    mine = (DELIVERIES.c.id == delivery_id, DELIVERIES.c.webhook_id == webhook_id)
    row = connection.execute(select(DELIVERIES).where(*mine)).one_or_none()
    if row is None:
        raise NotFoundError(f"Webhook {webhook_id} has no delivery {delivery_id!r}.", "Check the id.")
    return _delivery(row)


def deliveries(
    connection: Connection, webhook_id: str, *, state: str | None, before_seq: int | None, limit: int
) -> list[Delivery]:
    """Deliveries to a webhook, the newest event first."""
    where = [DELIVERIES.c.webhook_id == webhook_id]
    where += [] if state is None else [DELIVERIES.c.state == state]
    where += [] if before_seq is None else [DELIVERIES.c.seq < before_seq]
    query = select(DELIVERIES).where(*where).order_by(DELIVERIES.c.seq.desc()).limit(limit)
    return [_delivery(row) for row in connection.execute(query)]


def _values(webhook: Webhook) -> dict[str, object]:
    return asdict(webhook) | {"kinds": ",".join(webhook.kinds)}


def _webhook(row: Row[Any]) -> Webhook:
    values = dict(row._mapping)
    values["kinds"] = tuple(part for part in values["kinds"].split(",") if part)
    return Webhook(**values)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**dict(row._mapping) | {"results": tuple(json.loads(row.results))})

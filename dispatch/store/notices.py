"""What people are told, and each message on its way to them: rows of their own beside the log.

``add_notices`` writes what follows from some events and moves the mark of the market in the same transaction, so each
event is told of once, whoever dies meanwhile. Each message waits in the outbox under the name of its sending.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from dispatch.errors import NotFoundError
from dispatch.model.codec import Json
from dispatch.model.events import Recorded
from dispatch.model.order import MarketId
from dispatch.store.chain import canonical
from dispatch.store.claims import CLAIMED, WAITING
from dispatch.store.databases import add_missing
from dispatch.store.recording import recorded_of
from dispatch.store.tables import EVENTS, MARKETS, NOTICE_MARKS, NOTICES, OUTBOX, SENDINGS
from dispatch.units import Instant

TOPIC: Final = "notify:"
NEXT: Final = TOPIC + "next"
"""The topic of what is to be sent over the next channel, at its time."""

HOOKS: Final = TOPIC + "webhook:"
"""Before the host of a person's own system: each has a topic of its own, so that one that hangs delays no other."""

OPEN: Final = "open"
SENT: Final = "sent"
DELIVERED: Final = "delivered"
READ: Final = "read"
UNREACHED: Final = "unreached"
"""No channel got it to the person."""
EXPIRED: Final = "expired"
"""It was of no use any more before it could be sent."""
DEAD: Final = "dead"
"""Of a sending: given up."""
STATES: Final = (OPEN, SENT, DELIVERED, READ, UNREACHED, EXPIRED)
_BETTER: Final[Mapping[str, tuple[str, ...]]] = {
    SENT: (OPEN, UNREACHED, EXPIRED),
    DELIVERED: (OPEN, UNREACHED, EXPIRED, SENT),
    UNREACHED: (OPEN,),
    EXPIRED: (OPEN,),
}
"""From which states a notice may get to each; nothing leads back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One row of ``notices``. about: what else it is about, by kind. plan: channels, in order.

    number: its place among all, in the order in which they were written; 0 before that.
    """

    id: str
    market_id: MarketId
    seq: int
    occasion: str
    audience: str
    person: str
    order_id: str | None
    about: Mapping[str, str]
    content: Mapping[str, Json]
    plan: tuple[str, ...]
    urgent: bool
    state: str = OPEN
    created_at: Instant
    until_at: Instant
    read_at: Instant | None = None
    read_by: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One row of ``sendings``; ``step``: which channel of the plan it is."""

    id: str
    market_id: MarketId
    notice_id: str
    step: int
    channel: str
    address: str
    device_id: str | None = None
    state: str = WAITING
    provider_id: str = ""
    error: str = ""
    took_ms: int = 0
    created_at: Instant
    sent_at: Instant | None = None
    delivered_at: Instant | None = None
    ended_at: Instant | None = None

    @property
    def topic(self) -> str:
        """Its topic in the outbox: one for each channel, and for each host of persons' own systems."""
        topic = TOPIC + self.channel
        return f"{topic}:{urlsplit(self.address).netloc}" if topic + ":" == HOOKS else topic


def behind(connection: Connection) -> list[tuple[MarketId, int]]:
    """Markets with events that nobody was told of yet, with the mark of each."""
    joined = MARKETS.join(NOTICE_MARKS, MARKETS.c.market_id == NOTICE_MARKS.c.market_id, isouter=True)
    mark = func.coalesce(NOTICE_MARKS.c.after_seq, 0)
    query = select(MARKETS.c.market_id, mark).select_from(joined).where(MARKETS.c.seq > mark)
    return [(MarketId(name), after) for name, after in connection.execute(query)]


def events_after(
    connection: Connection, market_id: MarketId, after_seq: int, kinds: Collection[str], limit: int
) -> tuple[list[Recorded], int]:
    """The next events of some kinds, and up to which one that is all there is."""
    last = connection.execute(select(MARKETS.c.seq).where(MARKETS.c.market_id == market_id)).scalar_one()
    where = (EVENTS.c.market_id == market_id, EVENTS.c.seq > after_seq, EVENTS.c.type.in_(sorted(kinds)))
    rows = connection.execute(select(EVENTS).where(*where).order_by(EVENTS.c.seq).limit(limit))
    found = [recorded_of(row) for row in rows]
    return found, found[-1].seq if len(found) == limit else last


def add_notices(
    connection: Connection,
    market_id: MarketId,
    after_seq: int,
    reached: int,
    notices: Sequence[tuple[Notice, Instant]],
) -> bool:
    """Write what follows from the events up to ``reached``, each with the instant of its first step.

    False, and nothing is written, where another process was quicker.
    """
    if not _move_mark(connection, market_id, after_seq, reached):
        return False
    add_missing(connection, NOTICES, [_notice_row(notice) for notice, _ in notices])
    sent = [_step_row(notice, 0, due_at) for notice, due_at in notices if notice.plan and notice.state == OPEN]
    add_missing(connection, OUTBOX, sent)
    return True


def _move_mark(connection: Connection, market_id: MarketId, after_seq: int, reached: int) -> bool:
    mine = (NOTICE_MARKS.c.market_id == market_id, NOTICE_MARKS.c.after_seq == after_seq)
    if connection.execute(update(NOTICE_MARKS).where(*mine).values(after_seq=reached)).rowcount == 1:
        return True
    if after_seq != 0:
        return False
    try:
        with connection.begin_nested():
            connection.execute(insert(NOTICE_MARKS).values(market_id=market_id, after_seq=reached))
    except IntegrityError:
        return False
    return True


def add_notice(connection: Connection, notice: Notice, due_at: Instant) -> None:
    """Tell somebody something that follows from no event, such as a test."""
    add_missing(connection, NOTICES, [_notice_row(notice)])
    if notice.plan:
        add_missing(connection, OUTBOX, [_step_row(notice, 0, due_at)])


def go_on(connection: Connection, notice: Notice, step: int, due_at: Instant) -> None:
    """Try the channel ``step`` of the plan at an instant, or earlier where that was set already."""
    add_missing(connection, OUTBOX, [_step_row(notice, step, due_at)])
    mine = (OUTBOX.c.market_id == notice.market_id, OUTBOX.c.name == step_name(notice.id, step))
    sooner = update(OUTBOX).where(*mine, OUTBOX.c.state == WAITING, OUTBOX.c.due_at > due_at)
    connection.execute(sooner.values(due_at=due_at))


def step_name(notice_id: str, step: int) -> str:
    """The name of a step in the outbox: each is taken once."""
    return f"{notice_id}:{step}"


def add_sendings(connection: Connection, sendings: Sequence[Sending], due_at: Instant) -> None:
    """Put messages on their way; those that are already stay as they are."""
    add_missing(connection, SENDINGS, [asdict(sending) for sending in sendings])
    rows = [_message(one.market_id, one.topic, one.id, {"sending": one.id}, due_at) for one in sendings]
    add_missing(connection, OUTBOX, rows)


def due_hooks(connection: Connection, now: Instant, besides: Collection[str], limit: int) -> list[str]:
    """The topics of hosts to which something is to be sent now, who has waited longest first.

    besides: topics that are worked through already.
    """
    c = OUTBOX.c
    due = or_(and_(c.state == WAITING, c.due_at <= now), and_(c.state == CLAIMED, c.claimed_until <= now))
    query = select(c.topic).where(due, c.topic.startswith(HOOKS), c.topic.not_in(sorted(besides)))
    return list(connection.execute(query.group_by(c.topic).order_by(func.min(c.due_at)).limit(limit)).scalars())


def _step_row(notice: Notice, step: int, due_at: Instant) -> dict[str, object]:
    payload: Json = {"notice": notice.id, "step": step}
    return _message(notice.market_id, NEXT, step_name(notice.id, step), payload, due_at)


def _message(market_id: MarketId, topic: str, name: str, payload: Json, due_at: Instant) -> dict[str, object]:
    return {
        "market_id": market_id,
        "topic": topic,
        "name": name,
        "payload": canonical(payload),
        "created_at": due_at,
        "due_at": due_at,
        "state": WAITING,
        "attempts": 0,
        "claimed_by": "",
        "claimed_until": 0,
        "error": "",
        "ended_at": None,
    }


def note_sending(connection: Connection, sending_id: str, values: Mapping[str, object]) -> bool:
    """Write down what became of a sending; False where there is none of that id."""
    return connection.execute(update(SENDINGS).where(SENDINGS.c.id == sending_id).values(**values)).rowcount == 1


def raise_notice(connection: Connection, notice_id: str, state: str) -> None:
    """Say how far a notice got, unless it is further already."""
    known = (NOTICES.c.id == notice_id, NOTICES.c.state.in_(_BETTER[state]))
    connection.execute(update(NOTICES).where(*known).values(state=state))


def mark_read(connection: Connection, notice_id: str, now: Instant, by: str) -> None:
    """The person has seen it; the first time counts."""
    unread = (NOTICES.c.id == notice_id, NOTICES.c.read_at.is_(None))
    connection.execute(update(NOTICES).where(*unread).values(read_at=now, read_by=by, state=READ))


def renew(connection: Connection, notice_id: str, sending_ids: Collection[str], until_at: Instant) -> None:
    """Let dead messages of a notice be of use once more, until an instant."""
    if sending_ids:
        connection.execute(update(NOTICES).where(NOTICES.c.id == notice_id).values(until_at=until_at))
        waiting = update(SENDINGS).where(SENDINGS.c.id.in_(sorted(sending_ids)))
        connection.execute(waiting.values(state=WAITING, ended_at=None))


def notice(connection: Connection, notice_id: str) -> Notice:
    """One notice. Raises NotFoundError."""
    row = connection.execute(select(NOTICES).where(NOTICES.c.id == notice_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no notification {notice_id!r}.", "Check the id.")
    return _notice(row)


def sending(connection: Connection, sending_id: str) -> Sending:
    """One sending. Raises NotFoundError."""
    row = connection.execute(select(SENDINGS).where(SENDINGS.c.id == sending_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no message {sending_id!r}.", "Check the id.")
    return Sending(**row._mapping)


def sendings_of(connection: Connection, notice_ids: Collection[str]) -> dict[str, list[Sending]]:
    """The messages of some notices, in the order in which they were made."""
    query = select(SENDINGS).where(SENDINGS.c.notice_id.in_(sorted(notice_ids)))
    found: dict[str, list[Sending]] = {}
    for row in connection.execute(query.order_by(SENDINGS.c.step, SENDINGS.c.id)):
        found.setdefault(row.notice_id, []).append(Sending(**row._mapping))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFilter:
    """Which notices; what is None asks for nothing. persons: of any of these; after: with greater numbers."""

    persons: Collection[str] | None = None
    order_id: str | None = None
    occasion: str | None = None
    state: str | None = None
    unread: bool = False
    after: int | None = None
    with_dead: bool = False


def notices(
    connection: Connection, market_id: MarketId, wanted: NoticeFilter, *, before: int | None, limit: int
) -> list[Notice]:
    """Notices that fit a filter, the newest first; ``before``: only those with smaller numbers."""
    c = NOTICES.c
    where: list[ColumnElement[bool]] = [c.market_id == market_id]
    where += [] if wanted.persons is None else [c.person.in_(sorted(wanted.persons))]
    where += [] if wanted.order_id is None else [c.order_id == wanted.order_id]
    where += [] if wanted.occasion is None else [c.occasion == wanted.occasion]
    where += [] if wanted.state is None else [c.state == wanted.state]
    where += [c.read_at.is_(None)] if wanted.unread else []
    where += [] if wanted.after is None else [c.number > wanted.after]
    if wanted.with_dead:
        dead = select(SENDINGS.c.notice_id).where(SENDINGS.c.market_id == market_id, SENDINGS.c.state == DEAD)
        where += [or_(c.id.in_(dead), c.state == UNREACHED)]
    where += [] if before is None else [c.number < before]
    query = select(NOTICES).where(*where).order_by(c.number.desc()).limit(limit)
    return [_notice(row) for row in connection.execute(query)]


def channel_figures(connection: Connection, market_id: MarketId, since: Instant) -> list[Row[Any]]:
    """Messages since an instant by channel and state: how many, their mean and greatest time at the provider."""
    c = SENDINGS.c
    took = (func.avg(c.took_ms), func.max(c.took_ms))
    query = select(c.channel, c.state, func.count(), *took).where(c.market_id == market_id, c.created_at >= since)
    return list(connection.execute(query.group_by(c.channel, c.state).order_by(c.channel, c.state)).all())


def forget_notices(connection: Connection, before: Instant, limit: int) -> int:
    """Forget what people were told before an instant, with its messages; how many notices, ``limit`` at most."""
    names = connection.execute(select(NOTICES.c.id).where(NOTICES.c.created_at < before).limit(limit)).scalars().all()
    if names:
        messages = select(SENDINGS.c.id).where(SENDINGS.c.notice_id.in_(names))
        connection.execute(delete(OUTBOX).where(OUTBOX.c.name.in_(messages)))
        connection.execute(delete(SENDINGS).where(SENDINGS.c.notice_id.in_(names)))
        connection.execute(delete(NOTICES).where(NOTICES.c.id.in_(names)))
    done = (OUTBOX.c.topic.startswith(TOPIC), OUTBOX.c.state == "sent", OUTBOX.c.ended_at < before)
    connection.execute(delete(OUTBOX).where(*done))
    return len(names)


def _notice_row(notice: Notice) -> dict[str, object]:
    values = asdict(notice)
    packed = {name: canonical(values[name]) for name in ("about", "content")}
    del values["number"]
    return values | packed | {"plan": ",".join(notice.plan), "urgent": int(notice.urgent)}


def _notice(row: Row[Any]) -> Notice:
    values = dict(row._mapping)
    packed = {name: json.loads(values[name]) for name in ("about", "content")}
    plan = tuple(part for part in values["plan"].split(",") if part)
    return Notice(**values | packed | {"plan": plan, "urgent": bool(values["urgent"])})

"""Durable timers: set with the events that ask for them, and fired once.

A worker claims what is due and appends what follows under ``TimerClaim.command_id`` with ``fired`` set; the timer
ends in that very transaction. If the worker dies before, another one claims it; if it comes back late, its append is
refused.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select, tuple_, update

from dispatch.errors import StaleError
from dispatch.model.codec import Json
from dispatch.model.order import MarketId
from dispatch.store.claims import CLAIMED, WAITING, claim, finish
from dispatch.store.databases import put
from dispatch.store.storable import Prepared
from dispatch.store.tables import TIMERS
from dispatch.store.writes import Append, Timer, TimerClaim
from dispatch.units import Instant, Seconds

FIRED: Final = "fired"
CANCELLED: Final = "cancelled"


def change_timers(connection: Connection, commands: Sequence[Prepared]) -> None:
    """Set and cancel what the commands ask for, in their order.

    A timer of the same name is replaced, whatever has become of it; what has fired cannot be cancelled any more.
    """
    cancelled: dict[Key, None] = {}
    wanted: dict[Key, dict[str, object]] = {}
    for command in commands:
        append = command.append
        for key in ((append.market_id, name) for name in append.cancelled_timers):
            if wanted.pop(key, None) is None:
                cancelled[key] = None
        for timer, payload in zip(append.timers, command.timers, strict=True):
            wanted[append.market_id, timer.name] = _row(append.market_id, timer, payload)
    if cancelled:
        connection.execute(_CANCEL, [{"of_market": market_id, "of_name": name} for market_id, name in cancelled])
    if not wanted:
        return
    for market_id, name, generation in connection.execute(_GENERATIONS, {"keys": list(wanted)}):
        wanted[market_id, name]["generation"] = generation + 1
    put(connection, TIMERS, list(wanted.values()))


Key = tuple[str, str]
"""Market and name of a timer."""

_CANCEL: Final = (
    update(TIMERS)
    .where(
        TIMERS.c.market_id == bindparam("of_market"),
        TIMERS.c.name == bindparam("of_name"),
        or_(TIMERS.c.state == WAITING, TIMERS.c.state == CLAIMED),  # a list cannot go with many rows of values
    )
    .values(state=CANCELLED)
)
_GENERATIONS: Final = select(TIMERS.c.market_id, TIMERS.c.name, TIMERS.c.generation).where(
    tuple_(TIMERS.c.market_id, TIMERS.c.name).in_(bindparam("keys", expanding=True))
)


def _row(market_id: MarketId, timer: Timer, payload: str) -> dict[str, object]:
    return {
        "market_id": market_id,
        "name": timer.name,
        "kind": timer.kind,
        "payload": payload,
        "due_at": timer.due_at,
        "generation": 1,
        "state": WAITING,
        "attempts": 0,
        "claimed_by": "",
        "claimed_until": 0,
    }


def claim_timers(
    connection: Connection,
    *,
    worker: str,
    now: Instant,
    lease_s: Seconds,
    limit: int,
    market_id: MarketId | None = None,
) -> list[TimerClaim]:
    """Timers that are due, of one market or of all."""
    where: list[ColumnElement[bool]] = [] if market_id is None else [TIMERS.c.market_id == market_id]
    rows = claim(connection, TIMERS, worker=worker, now=now, lease_s=lease_s, limit=limit, where=where)
    found: list[TimerClaim] = []
    for row in rows:
        payload: Json = json.loads(row.payload)
        found.append(
            TimerClaim(
                market_id=MarketId(row.market_id),
                name=row.name,
                kind=row.kind,
                due_at=row.due_at,
                payload=payload,
                generation=row.generation,
                attempts=row.attempts,
            )
        )
    return found


class HeldClaims:
    """Which of some claims still count; their rows stay locked until the transaction ends."""

    def __init__(self, connection: Connection, claims: Sequence[TimerClaim]) -> None:
        self._held: set[tuple[str, str, int, int]] = set()
        if claims:
            columns = (TIMERS.c.market_id, TIMERS.c.name, TIMERS.c.generation, TIMERS.c.attempts)
            named = tuple_(TIMERS.c.market_id, TIMERS.c.name).in_([(c.market_id, c.name) for c in claims])
            rows = connection.execute(select(*columns).where(named, TIMERS.c.state == CLAIMED).with_for_update())
            self._held.update((row.market_id, row.name, row.generation, row.attempts) for row in rows)

    def check(self, fired: TimerClaim | None) -> None:
        """Raise StaleError (code "timer_gone") for a claim that counts no more."""
        if fired is not None and _key(fired) not in self._held:
            cause = f"Timer {fired.name} of market {fired.market_id} was cancelled, set anew or taken over."
            raise StaleError(cause, "Leave it: who has it now takes care of it.", code="timer_gone")

    def use(self, append: Append) -> None:
        """What a command has fired, set anew or cancelled counts no more."""
        if self._held:
            gone = {*append.cancelled_timers, *(timer.name for timer in append.timers)}
            self._held = {held for held in self._held if held[0] != append.market_id or held[1] not in gone}
            if append.fired is not None:
                self._held.discard(_key(append.fired))


def _key(fired: TimerClaim) -> tuple[str, str, int, int]:
    return (fired.market_id, fired.name, fired.generation, fired.attempts)


def end_fired(connection: Connection, claims: Sequence[TimerClaim]) -> None:
    """The timers of these claims have taken effect, unless the same command has set them anew."""
    for one in claims:
        key = {"market_id": one.market_id, "name": one.name, "generation": one.generation}
        finish(connection, TIMERS, key, one.attempts, {"state": FIRED})


def next_due_at(
    connection: Connection, market_id: MarketId | None = None, after: Instant | None = None
) -> Instant | None:
    """When the next timer is due, of one market or of all; ``after``: of those that are due later than that.

    One in the hands of a worker is due once more when its claim is over: the worker may have died.
    """
    found: list[Instant] = []
    # Two questions, each of which an index answers.
    for state, at in ((WAITING, TIMERS.c.due_at), (CLAIMED, TIMERS.c.claimed_until)):
        query = select(func.min(at)).where(TIMERS.c.state == state)
        if market_id is not None:
            query = query.where(TIMERS.c.market_id == market_id)
        if after is not None:
            query = query.where(at > after)
        first = connection.execute(query).scalar()
        found += [] if first is None else [first]
    return min(found, default=None)


def timers_overdue(connection: Connection, now: Instant) -> int:
    """How many timers are due and have not fired."""
    late = select(func.count()).select_from(TIMERS).where(TIMERS.c.state.in_((WAITING, CLAIMED)), TIMERS.c.due_at < now)
    return connection.execute(late).scalar_one()

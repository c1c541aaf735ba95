"""Durable timers: set with the events that ask for them, and fired once.

A worker claims what is due and appends what follows under ``TimerClaim.command_id`` with ``fired`` set; the timer
ends in that very transaction. If the worker dies before, another one claims it; if it comes back late, its append is
refused.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select, tuple_, update

from dispatch.errors import StaleError
from dispatch.model.codec import Json
from dispatch.model.order import MarketId
from dispatch.store.chain import canonical
from dispatch.store.claims import CLAIMED, WAITING, claim, finish
from dispatch.store.databases import put
from dispatch.store.tables import TIMERS
from dispatch.store.writes import Timer, TimerClaim
from dispatch.units import Instant, Seconds

FIRED: Final = "fired"
CANCELLED: Final = "cancelled"


def set_timers(connection: Connection, market_id: MarketId, timers: Sequence[Timer]) -> None:
    """Set timers; one of the same name is replaced, whatever has become of it."""
    if not timers:
        return
    names = [timer.name for timer in timers]
    query = select(TIMERS.c.name, TIMERS.c.generation).where(TIMERS.c.market_id == market_id, TIMERS.c.name.in_(names))
    known = {row.name: row.generation for row in connection.execute(query)}
    rows = {
        timer.name: {
            "market_id": market_id,
            "name": timer.name,
            "kind": timer.kind,
            "payload": canonical(timer.payload),
            "due_at": timer.due_at,
            "generation": known.get(timer.name, 0) + 1,
            "state": WAITING,
            "attempts": 0,
            "claimed_by": "",
            "claimed_until": 0,
        }
        for timer in timers
    }
    put(connection, TIMERS, list(rows.values()))


def cancel_timers(connection: Connection, market_id: MarketId, names: Sequence[str]) -> None:
    """Cancel timers that have not fired; others are left as they are."""
    if names:
        alive = TIMERS.c.state.in_((WAITING, CLAIMED))
        which = (TIMERS.c.market_id == market_id, TIMERS.c.name.in_(names), alive)
        connection.execute(update(TIMERS).where(*which).values(state=CANCELLED))


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

    def use(self, fired: TimerClaim | None) -> None:
        """The claim has taken effect and counts no more."""
        if fired is not None:
            self._held.discard(_key(fired))


def _key(fired: TimerClaim) -> tuple[str, str, int, int]:
    return (fired.market_id, fired.name, fired.generation, fired.attempts)


def end_fired(connection: Connection, claims: Sequence[TimerClaim]) -> None:
    """The timers of these claims have taken effect, unless the same command has set them anew."""
    for one in claims:
        key = {"market_id": one.market_id, "name": one.name, "generation": one.generation}
        finish(connection, TIMERS, key, one.attempts, {"state": FIRED})


def next_due_at(connection: Connection) -> Instant | None:
    """When the next timer is due."""
    return connection.execute(select(func.min(TIMERS.c.due_at)).where(TIMERS.c.state == WAITING)).scalar()

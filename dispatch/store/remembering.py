"""Remembering what was answered to a request that wrote no events, and forgetting answers of long ago."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import Connection, delete, func, insert, select

from dispatch.model.codec import Json
from dispatch.model.order import MarketId
from dispatch.store.tables import COMMANDS
from dispatch.units import Instant


def remember(
    market_id: MarketId, command_id: str, fingerprint: str, outcome: Json, now: Instant
) -> Callable[[Connection], None]:
    """A write for ``Store.run``, after which ``Store.remembered`` has the answer."""
    row = {
        "market_id": market_id,
        "command_id": command_id,
        "fingerprint": fingerprint,
        "outcome": json.dumps(outcome),
        "first_seq": None,
        "last_seq": None,
        "recorded_at": now,
    }

    def work(connection: Connection) -> None:
        connection.execute(insert(COMMANDS), row)

    return work


def forget_answers(connection: Connection, before: Instant, limit: int) -> int:
    """Forget what was answered before an instant; how many, ``limit`` or a few more at most, all of a second together.

    The same id is decided anew after that. The events stay, with the ids of their commands.
    """
    oldest = select(COMMANDS.c.recorded_at).where(COMMANDS.c.recorded_at < before)
    some = oldest.order_by(COMMANDS.c.recorded_at).limit(limit).subquery()
    until = connection.execute(select(func.max(some.c.recorded_at))).scalar()
    return 0 if until is None else connection.execute(delete(COMMANDS).where(COMMANDS.c.recorded_at <= until)).rowcount

"""Remembering what was answered to a request that wrote no events."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import Connection, insert

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

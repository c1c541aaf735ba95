"""Events as they stand in the log's table, read back."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row

from dispatch.model.actor import Actor, ActorKind
from dispatch.model.events import Recorded, from_dict
from dispatch.model.order import MarketId


def recorded_of(row: Row[Any]) -> Recorded:
    """An event from its row. Raises InvalidInputError for an event of a newer version."""
    return Recorded(
        row.seq,
        MarketId(row.market_id),
        row.stream,
        row.version,
        row.occurred_at,
        row.recorded_at,
        Actor(ActorKind(row.actor_kind), row.actor_id),
        row.command_id,
        from_dict(json.loads(row.payload)),
    )

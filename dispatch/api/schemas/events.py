"""Events on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dispatch.api.schemas.base import Schema, when
from dispatch.model.actor import ActorKind
from dispatch.model.events import Recorded, to_dict


class EventOut(Schema):
    """One event of a market's log; `data` has the fields of its type."""

    seq: int
    market_id: str
    type: str
    stream: str
    version: int
    occurred_at: datetime
    recorded_at: datetime
    actor_kind: ActorKind
    actor_id: str
    command_id: str
    data: dict[str, Any]

    @classmethod
    def of(cls, recorded: Recorded, *, customers: bool = True) -> EventOut:
        """For the wire; ``customers``: with their phones and addresses."""
        data = to_dict(recorded.event)
        order = data.get("order")
        if not customers and isinstance(order, dict):
            order["customer"] = None
        return cls.model_construct(
            seq=recorded.seq,
            market_id=recorded.market_id,
            type=str(data.pop("type")),
            stream=recorded.stream,
            version=recorded.version,
            occurred_at=when(recorded.occurred_at),
            recorded_at=when(recorded.recorded_at),
            actor_kind=recorded.actor.kind,
            actor_id=recorded.actor.id,
            command_id=recorded.command_id,
            data=data,
        )

"""The record of truth: what every event log can do, wherever it keeps the events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from dispatch.model.events import Actor, Event, Recorded
from dispatch.model.order import MarketId
from dispatch.units import Instant


class EventLog(Protocol):
    """Append-only; events of one command are written together or not at all, and never changed."""

    def append(
        self,
        market_id: MarketId,
        events: Sequence[Event],
        *,
        expected_seq: int,
        occurred_at: Instant,
        recorded_at: Instant,
        actor: Actor,
        command_id: str,
    ) -> tuple[Recorded, ...]:
        """Write the events of one command after event ``expected_seq``; they are durable on return.

        Raises StaleError if ``expected_seq`` is not the last event of the market, ConflictError (code
        "command_repeated") if the command has been written before.
        """
        ...

    def read(self, market_id: MarketId, after_seq: int = 0) -> Iterator[Recorded]:
        """The market's events after ``after_seq``, in order."""
        ...

    def last_seq(self, market_id: MarketId) -> int:
        """The number of the market's last event, 0 where there is none."""
        ...

    def written_by(self, market_id: MarketId, command_id: str) -> tuple[Recorded, ...]:
        """The events that a command has written; empty where it has written none."""
        ...

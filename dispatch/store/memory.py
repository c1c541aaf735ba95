"""An event log that lives as long as its process: for simulations, training and tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dispatch.errors import ConflictError, StaleError
from dispatch.model.events import Actor, Event, Recorded, stream_of
from dispatch.model.order import MarketId
from dispatch.units import Instant


@dataclass(slots=True)
class _MarketLog:
    events: list[Recorded] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    by_command: dict[str, tuple[Recorded, ...]] = field(default_factory=dict)


class MemoryLog:
    """An ``EventLog`` in lists; nothing survives the process."""

    def __init__(self) -> None:
        self._markets: dict[MarketId, _MarketLog] = {}

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
        """See ``EventLog.append``."""
        market = self._markets.setdefault(market_id, _MarketLog())
        seq = len(market.events)
        if expected_seq != seq:
            cause = f"Market {market_id} is at event {seq}, not at {expected_seq}."
            raise StaleError(cause, "Read what was added and decide again.")
        if command_id in market.by_command:
            cause = f"Command {command_id} has been carried out already."
            raise ConflictError(cause, "Give every command an id of its own.", code="command_repeated")
        recorded: list[Recorded] = []
        for event in events:
            seq += 1
            stream = stream_of(event, market_id)
            version = market.versions[stream] = market.versions.get(stream, 0) + 1
            recorded.append(
                Recorded(seq, market_id, stream, version, occurred_at, recorded_at, actor, command_id, event),
            )
        written = tuple(recorded)
        market.events.extend(written)
        if written:
            market.by_command[command_id] = written
        return written

    def read(self, market_id: MarketId, after_seq: int = 0) -> Iterator[Recorded]:
        """See ``EventLog.read``."""
        market = self._markets.get(market_id)
        return iter(market.events[after_seq:] if market is not None else ())

    def last_seq(self, market_id: MarketId) -> int:
        """See ``EventLog.last_seq``."""
        market = self._markets.get(market_id)
        return len(market.events) if market is not None else 0

    def written_by(self, market_id: MarketId, command_id: str) -> tuple[Recorded, ...]:
        """See ``EventLog.written_by``."""
        market = self._markets.get(market_id)
        return market.by_command.get(command_id, ()) if market is not None else ()

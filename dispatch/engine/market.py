"""One market as it lives: commands in, recorded events out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dispatch.engine.clock import Clock
from dispatch.engine.decide import drafted
from dispatch.errors import StaleError
from dispatch.model.commands import Command
from dispatch.model.events import Actor, Recorded
from dispatch.model.fold import apply
from dispatch.model.order import MarketId
from dispatch.model.state import MarketState
from dispatch.store.log import EventLog
from dispatch.units import Instant

_ATTEMPTS: Final = 3
"""How often a command is decided anew because somebody else has written meanwhile; one writer a market is the rule."""


class Market:
    """The state of one market, kept equal to its log, and the way to change both."""

    def __init__(self, market_id: MarketId, log: EventLog, clock: Clock) -> None:
        self.market_id = market_id
        self.state = MarketState(market_id)
        self.clock = clock
        self._log = log
        self.catch_up()

    def catch_up(self) -> None:
        """Take in what the log has and the state has not."""
        for recorded in self._log.read(self.market_id, self.state.seq):
            apply(self.state, recorded)

    def since(self, seq: int) -> Iterator[Recorded]:
        """What has been recorded after event ``seq``, in order."""
        return self._log.read(self.market_id, seq)

    def execute(
        self, command: Command, actor: Actor, command_id: str, occurred_at: Instant | None = None
    ) -> tuple[Recorded, ...]:
        """Carry out a command: decide, record, take in. A command id seen before gets its first answer again.

        ``occurred_at`` is when it happened, if that was earlier than now (a device that was offline). Raises a
        DispatchError, and records nothing, where the command is refused.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._once(command, actor, command_id, occurred_at)
            except StaleError:
                self.catch_up()
        return self._once(command, actor, command_id, occurred_at)

    def _once(
        self, command: Command, actor: Actor, command_id: str, occurred_at: Instant | None
    ) -> tuple[Recorded, ...]:
        answered = self._log.written_by(self.market_id, command_id)
        if answered:
            return answered
        now = self.clock.now()
        at = now if occurred_at is None else min(occurred_at, now)
        draft = drafted(self.state, command, now, at)
        if not draft.events:
            return ()
        written = self._log.append(
            self.market_id,
            draft.events,
            expected_seq=self.state.seq,
            occurred_at=at,
            recorded_at=now,
            actor=actor,
            command_id=command_id,
        )
        draft.settle()
        return written

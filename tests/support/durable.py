"""A town whose timers come due: those that the service would set, fired by what the service would do."""

from __future__ import annotations

from contextlib import suppress

from dispatch.errors import ConflictError, NotFoundError
from dispatch.model.commands import Command
from dispatch.model.events import Event
from dispatch.service.follow import follow_ups
from dispatch.service.timers import FIRES
from dispatch.store.writes import Timer, TimerClaim
from dispatch.units import Instant, Seconds
from tests.support.builders import MARKET
from tests.support.towns import Town


class TimedTown(Town):
    """``timers`` are those that wait, by name."""

    def __init__(self, *rider_ids: str) -> None:
        self.timers: dict[str, Timer] = {}
        self.fired: list[str] = []
        super().__init__(*rider_ids)

    def do(self, command: Command, occurred_at: Instant | None = None) -> list[Event]:
        """The events that the command leads to; its timers are set and cancelled."""
        events = super().do(command, occurred_at)
        found = follow_ups(events, self.market.state, self.clock.now())
        for name in found.cancelled:
            self.timers.pop(name, None)
        for timer in found.timers:
            self.timers[timer.name] = timer
        return events

    def pass_time(self, seconds: Seconds) -> None:
        """Let time pass; what comes due meanwhile is fired at its time, the earliest first."""
        until = self.clock.now() + seconds
        while due := [timer for timer in self.timers.values() if timer.due_at <= until]:
            self.fire(min(due, key=lambda timer: (timer.due_at, timer.name)))
        self.clock.set(until)

    def fire(self, timer: Timer) -> None:
        """Carry out one timer, as the service does."""
        self.clock.set(max(self.clock.now(), timer.due_at))
        del self.timers[timer.name]
        self.fired.append(timer.name)
        claim = TimerClaim(
            market_id=MARKET,
            name=timer.name,
            kind=timer.kind,
            due_at=timer.due_at,
            payload=timer.payload,
            generation=1,
            attempts=1,
        )
        with suppress(ConflictError, NotFoundError):
            self.do(FIRES[timer.kind](claim))

"""A sandbox: its clock stands until somebody moves it, and what waits for the clock happens on the way.

Between where the clock is and where it is moved to, instants are gone through in order: timers that are due fire and
robots do what is due, then the markets whose ticks are due are planned, then what that made due at once happens. The
same requests in the same order so make the same log. Nothing of a market goes on by itself meanwhile; what leaves the
service (webhooks, refunds) still goes by the clock of the wall.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from dispatch.engine.clock import SimulatedClock
from dispatch.errors import ConflictError
from dispatch.model.order import MarketId, Vehicle
from dispatch.model.place import Place
from dispatch.model.rider import RiderId
from dispatch.service.forward import MarketAwayError
from dispatch.service.loop import Loop
from dispatch.service.robots import Robots
from dispatch.service.timers import Timers
from dispatch.units import DAY_S, Instant, Seconds

MOST_S: Final[Seconds] = 7 * DAY_S
"""How far the clock moves at once."""


@dataclass(slots=True)
class Part:
    """One market of a sandbox: timers, robots, and its loop if it is planned, every ``tick_s`` seconds of the clock."""

    timers: Timers
    robots: Robots
    loop: Loop | None
    tick_s: Seconds
    tick_at: Instant = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """What happened while the clock moved to ``now``."""

    now: Instant
    ticks: int = 0
    timers: int = 0


class Sandbox:
    """Moves the clock of a service, which must be alone with its database."""

    def __init__(self, clock: SimulatedClock) -> None:
        self.clock = clock
        self.stopping = False
        self._parts: dict[MarketId, Part] = {}
        self._moving = asyncio.Lock()

    async def take_part(self, market_id: MarketId, part: Part) -> None:
        """Let a market go by this clock, until cancelled."""
        part.tick_at = self.clock.now() + part.tick_s
        self._parts[market_id] = part
        if part.loop is not None:
            part.loop.begin()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            if self._parts.get(market_id) is part:
                del self._parts[market_id]

    async def move(self, to: Instant, markets: frozenset[MarketId]) -> Moved:
        """Go on to ``to``; answers when everything until then has happened in all of ``markets``.

        Two who move the clock wait for each other. Raises ConflictError (codes "clock_back", "clock_far"), and
        MarketAwayError where a market is not held at this moment; the clock then stands where that was seen.
        """
        async with self._moving:
            self._check(to)
            ticks, timers = 0, await self._fire()
            while not self.stopping and (at := await self._next_at()) <= to:
                for market_id in sorted(markets):
                    self._part(market_id)
                self.clock.set(at)
                timers += await self._fire()
                ticks += await self._tick()
                timers += await self._fire()
            if not self.stopping:
                self.clock.set(to)
            return Moved(self.clock.now(), ticks, timers)

    async def send_robots(
        self, market_id: MarketId, count: int, near: Place, vehicle: Vehicle, shift_s: Seconds
    ) -> tuple[RiderId, ...]:
        """Let so many robots begin to work in a market; their ids. Raises MarketAwayError, DispatchError."""
        async with self._moving:
            return await self._part(market_id).robots.begin(count, near, vehicle, shift_s)

    def _part(self, market_id: MarketId) -> Part:
        part = self._parts.get(market_id)
        if part is None:
            cause = f"No process holds market {market_id} at this moment."
            raise MarketAwayError(cause, "Look at the clock, and ask again in a few seconds.")
        return part

    def _check(self, to: Instant) -> None:
        now = self.clock.now()
        if to < now:
            cause = f"The clock cannot be moved back by {now - to} s."
            raise ConflictError(cause, "Move it on, or start another sandbox.", code="clock_back")
        if to - now > MOST_S:
            cause = f"The clock is to be moved by {to - now} s, which is more than {MOST_S} s at once."
            raise ConflictError(cause, "Move it in several steps.", code="clock_far")

    async def _next_at(self) -> Instant:
        """The next instant at which something is due; far away where nothing is."""
        now = self.clock.now()
        never = now + 2 * MOST_S
        parts = tuple(self._parts.values())
        ticks = [part.tick_at for part in parts if part.loop is not None]
        timers = [await part.timers.next_after(now) or never for part in parts]
        robots = [part.robots.next_at() or never for part in parts]
        return max(now, min([never, *ticks, *timers, *robots]))

    async def _fire(self) -> int:
        """Carry out what is due at this instant, and what becomes due by that; how many timers fired."""
        fired = 0
        for _, part in sorted(self._parts.items()):
            moving = True
            while moving:
                found = await part.timers.fire_due()
                moving = await part.robots.act() > 0 or found > 0
                fired += found
        return fired

    async def _tick(self) -> int:
        """Plan the markets whose ticks are due."""
        now = self.clock.now()
        due = [part for _, part in sorted(self._parts.items()) if part.loop is not None and part.tick_at <= now]
        for part in due:
            part.tick_at = now + part.tick_s
            await part.robots.report()
            if part.loop is not None:
                await part.loop.try_tick()
        return len(due)

"""What time it is: the one module that reads the clock."""

from __future__ import annotations

import time
from typing import Protocol

from dispatch.units import Instant


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> Instant:
        """The present instant, UTC epoch seconds."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> Instant:
        """The present instant, UTC epoch seconds."""
        return int(time.time())


class SimulatedClock:
    """A clock that stands until it is set."""

    def __init__(self, now: Instant = 0) -> None:
        self._now = now

    def now(self) -> Instant:
        """The instant last set."""
        return self._now

    def set(self, now: Instant) -> None:
        """Go on to ``now``. Raises ValueError if that is in the past."""
        if now < self._now:
            raise ValueError(f"time cannot go back from {self._now} to {now}")
        self._now = now


class FastClock:
    """A clock that goes ``speed`` times as fast as that of the machine, from ``start`` on."""

    def __init__(self, start: Instant, speed: float) -> None:
        if not speed > 0:
            raise ValueError(f"a clock needs a speed above 0, not {speed}")
        self._start, self._speed, self._began = start, speed, time.monotonic()

    def now(self) -> Instant:
        """The present instant of this clock."""
        return self._start + int((time.monotonic() - self._began) * self._speed)

"""Travel times that go on when their provider fails, and say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dispatch.errors import TravelError
from dispatch.geo.kernel import TravelTable
from dispatch.geo.points import Points
from dispatch.geo.travel import TravelTimes

T = TypeVar("T")


class WithFallback:
    """TravelTimes of ``inner``; where it raises TravelError, the whole answer is that of ``fallback``.

    failures: how often ``inner`` failed. last_error: what it said last, None before. fallback_answers: answers that
    came from ``fallback``. After a failure, ``inner`` is left alone for ``rest_s`` seconds by the clock ``now``, so
    that a server that is down does not make every answer wait for it.
    Raises ValueError where the two know different profiles, or ``rest_s`` comes without ``now``.
    """

    def __init__(
        self, inner: TravelTimes, fallback: TravelTimes, *, rest_s: int = 0, now: Callable[[], int] | None = None
    ) -> None:
        if inner.profiles != fallback.profiles:
            raise ValueError(
                f"both must know the same profiles in the same order, not {', '.join(inner.profiles)} "
                f"and {', '.join(fallback.profiles)}"
            )
        if rest_s < 0 or (rest_s > 0 and now is None):
            raise ValueError(f"rest_s needs a clock and must not be negative, but is {rest_s}")
        self._inner = inner
        self._fallback = fallback
        self._rest_s = rest_s
        self._now = now
        self._failed_at: int | None = None
        self.failures = 0
        self.fallback_answers = 0
        self.last_error: TravelError | None = None

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles of both."""
        return self._inner.profiles

    def pairs(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        """Seconds from origins[i] to destinations[i], int64 (n,)."""
        return self._first(lambda travel: travel.pairs(origins, destinations, profile))

    def matrix(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        """Seconds from each of n origins to each of m destinations, int64 (n, m)."""
        return self._first(lambda travel: travel.matrix(origins, destinations, profile))

    def table(self, points: Points) -> TravelTable:
        """All travel between ``points`` for every profile, for compiled loops."""
        return self._first(lambda travel: travel.table(points))

    def distance_pairs_m(self, origins: Points, destinations: Points) -> NDArray[np.int64]:
        """Metres from origins[i] to destinations[i], int64 (n,)."""
        return self._first(lambda travel: travel.distance_pairs_m(origins, destinations))

    def _first(self, ask: Callable[[TravelTimes], T]) -> T:
        if not self._resting():
            try:
                return ask(self._inner)
            except TravelError as error:
                self.failures += 1
                self.last_error = error
                self._failed_at = self._now() if self._now else None
        self.fallback_answers += 1
        return ask(self._fallback)

    def _resting(self) -> bool:
        if self._now is None or self._failed_at is None:
            return False
        return self._now() - self._failed_at < self._rest_s

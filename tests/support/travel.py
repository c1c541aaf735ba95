"""Travel times for tests that remember what they were asked, and that fail when told to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dispatch.errors import TravelError
from dispatch.geo.kernel import TravelTable
from dispatch.geo.points import Points
from dispatch.geo.travel import StraightLine, TravelTimes


class AskedTravel:
    """Answers like ``inner`` and keeps (method, pairs or cells asked for); raises TravelError while ``broken``."""

    def __init__(self, inner: TravelTimes | None = None) -> None:
        self._inner = inner or StraightLine()
        self.asked: list[tuple[str, int]] = []
        self.broken = False

    @property
    def profiles(self) -> tuple[str, ...]:
        return self._inner.profiles

    def pairs(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        self._note("pairs", len(origins))
        return self._inner.pairs(origins, destinations, profile)

    def matrix(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        self._note("matrix", len(origins) * len(destinations))
        return self._inner.matrix(origins, destinations, profile)

    def table(self, points: Points) -> TravelTable:
        self._note("table", len(points))
        return self._inner.table(points)

    def distance_pairs_m(self, origins: Points, destinations: Points) -> NDArray[np.int64]:
        self._note("distance_pairs_m", len(origins))
        return self._inner.distance_pairs_m(origins, destinations)

    def _note(self, method: str, size: int) -> None:
        self.asked.append((method, size))
        if self.broken:
            raise TravelError("The roads are closed.", "Wait until they open.")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: int = 1_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

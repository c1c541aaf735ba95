"""Travel times remembered by pairs of H3 cells, so that a road server is asked once for places close together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.cells import Cells, cells_of, centres_of
from dispatch.geo.kernel import TravelTable
from dispatch.geo.pair_memory import PairMemory
from dispatch.geo.points import Points, check_pairs, check_points, sphere_table
from dispatch.geo.travel import SPEEDS_KMH, StraightLine, TravelTimes, profile_index

NUMBER_BITS: Final = 24
"""A cell is known by a number of this many bits; a key is a profile and two such numbers."""

DENSE: Final = 2
"""A rectangle is asked for whole where it has at most this many times the cells that are missing."""


class CellPairCache:
    """TravelTimes that snap places to the centres of H3 cells and ask ``inner`` once for each pair of cells.

    resolution: of the cells; 9 moves a place by some 200 m at most. max_pairs: pairs remembered, the oldest go first.
    ttl_s: a time is asked again when it is this old by the clock ``now``. near: times between places of the same cell,
    by default a straight line at the usual speeds. Distances are not remembered: they are asked of ``inner``.
    Put a WithFallback around the cache, not into it, or it remembers what the fallback said.
    Not for use by several threads at once. Raises what ``inner`` raises; ValueError where ``near`` lacks a profile.
    """

    def __init__(
        self,
        inner: TravelTimes,
        *,
        now: Callable[[], int],
        resolution: int = 9,
        max_pairs: int = 1_000_000,
        ttl_s: int = 3600,
        near: TravelTimes | None = None,
    ) -> None:
        self._inner = inner
        self._near = near or StraightLine({name: SPEEDS_KMH[name] for name in inner.profiles if name in SPEEDS_KMH})
        lacking = [name for name in inner.profiles if name not in self._near.profiles]
        if lacking:
            raise ValueError(f"near must know every profile, but lacks {', '.join(lacking)}")
        self._now = now
        self._resolution = resolution
        self._memory = PairMemory(max_pairs, ttl_s)
        self._number_of: dict[int, int] = {}
        self.hits = 0
        """Pairs of cells that were remembered when asked for."""
        self.misses = 0
        """Pairs of cells that had to be asked of ``inner``."""

    def __len__(self) -> int:
        return len(self._memory)

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles of ``inner``."""
        return self._inner.profiles

    def pairs(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        """Seconds from origins[i] to destinations[i], int64 (n,)."""
        profile_index(self.profiles, profile)
        a, b = check_pairs(origins, destinations)
        from_cells, to_cells = cells_of(a, self._resolution), cells_of(b, self._resolution)
        keys = self._keys(profile, from_cells, to_cells)
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        out = self._seconds(from_cells[first], to_cells[first], profile)[place]
        same = np.flatnonzero(from_cells == to_cells)
        out[same] = self._near.pairs(a[same], b[same], profile)
        return out

    def matrix(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        """Seconds from each of n origins to each of m destinations, int64 (n, m)."""
        profile_index(self.profiles, profile)
        a, b = check_points(origins, "origins"), check_points(destinations, "destinations")
        return self._rectangle(a, b, cells_of(a, self._resolution), cells_of(b, self._resolution), profile)

    def table(self, points: Points) -> TravelTable:
        """All travel between ``points`` for every profile, for compiled loops."""
        table = sphere_table(points)
        places = check_points(points)
        cells = cells_of(places, self._resolution)
        matrix = np.stack([self._rectangle(places, places, cells, cells, name) for name in self.profiles])
        return table._replace(matrix=matrix.astype(np.int32))

    def distance_pairs_m(self, origins: Points, destinations: Points) -> NDArray[np.int64]:
        """Metres from origins[i] to destinations[i] as ``inner`` knows them, int64 (n,)."""
        return self._inner.distance_pairs_m(origins, destinations)

    def _rectangle(self, a: Points, b: Points, from_cells: Cells, to_cells: Cells, profile: str) -> NDArray[np.int64]:
        sources, row = np.unique(from_cells, return_inverse=True)
        targets, column = np.unique(to_cells, return_inverse=True)
        n, m = len(sources), len(targets)
        seconds = self._seconds(np.repeat(sources, m), np.tile(targets, n), profile).reshape(n, m)
        out: NDArray[np.int64] = seconds[np.ix_(row, column)]
        same_row, same_column = np.nonzero(from_cells[:, None] == to_cells[None, :])
        out[same_row, same_column] = self._near.pairs(a[same_row], b[same_column], profile)
        return out

    def _seconds(self, from_cells: Cells, to_cells: Cells, profile: str) -> NDArray[np.int64]:
        """Seconds between distinct pairs of cells, int64 (n,); 0 where both are the same."""
        keys, now = self._keys(profile, from_cells, to_cells), self._now()
        remembered, seconds = self._memory.get(keys, now)
        apart = from_cells != to_cells
        missing = apart & ~remembered
        self.hits += int(np.count_nonzero(apart & remembered))
        self.misses += int(np.count_nonzero(missing))
        if missing.any():
            seconds[missing] = self._ask(from_cells[missing], to_cells[missing], profile)
            self._memory.put(keys[missing], seconds[missing], now)
        return seconds

    def _ask(self, from_cells: Cells, to_cells: Cells, profile: str) -> NDArray[np.int64]:
        """One question to ``inner``: a rectangle where that is about what is missing, else the pairs."""
        sources, row = np.unique(from_cells, return_inverse=True)
        targets, column = np.unique(to_cells, return_inverse=True)
        if len(sources) * len(targets) <= DENSE * len(from_cells):
            return self._inner.matrix(centres_of(sources), centres_of(targets), profile)[row, column]
        return self._inner.pairs(centres_of(from_cells), centres_of(to_cells), profile)

    def _keys(self, profile: str, from_cells: Cells, to_cells: Cells) -> NDArray[np.int64]:
        profile_number = np.int64(self.profiles.index(profile)) << (2 * NUMBER_BITS)
        return profile_number | self._numbers(from_cells) << NUMBER_BITS | self._numbers(to_cells)

    def _numbers(self, cells: Cells) -> NDArray[np.int64]:
        distinct, place = np.unique(cells, return_inverse=True)
        numbers = [self._number_of.setdefault(cell, len(self._number_of)) for cell in distinct.tolist()]
        if len(self._number_of) > 1 << NUMBER_BITS:
            raise ValueError(
                f"a cache covers {1 << NUMBER_BITS} cells; take a coarser resolution than {self._resolution}"
            )
        return np.array(numbers, dtype=np.int64)[place]

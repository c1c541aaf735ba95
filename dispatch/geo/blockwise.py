"""Travel times from a server that answers rectangles (origins x destinations) of limited size."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.kernel import TravelTable
from dispatch.geo.points import Points, check_pairs, check_points, sphere_table
from dispatch.geo.travel import profile_index

PAIRS_A_BLOCK: Final = 25
"""Pairs asked at once. A rectangle holds their square, so more would mostly carry cells nobody asked for."""


class Block(NamedTuple):
    """A rectangle: seconds and metres, int64 (n, m); UNREACHABLE_S and 0 m where there is no way."""

    seconds: NDArray[np.int64]
    metres: NDArray[np.int64]


class BlockTravel(ABC):
    """TravelTimes of a server: cuts every question into rectangles the server allows."""

    def __init__(self, server_profiles: Mapping[str, str], max_cells: int, max_side: int) -> None:
        """``server_profiles``: ours -> the server's; a request has at most ``max_cells`` cells, ``max_side`` a side."""
        if not server_profiles:
            raise ValueError("at least one profile is needed")
        if max_cells < 1 or max_side < 1:
            raise ValueError(f"a request needs room for a cell, not {max_cells} cells and {max_side} places a side")
        self._server_profiles = dict(server_profiles)
        self._max_cells = max_cells
        self._max_side = max_side

    @abstractmethod
    def _block(self, origins: Points, destinations: Points, server_profile: str) -> Block:
        """One request; raises TravelError."""

    @property
    def profiles(self) -> tuple[str, ...]:
        """Our names of the profiles the server is asked for."""
        return tuple(self._server_profiles)

    def pairs(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        """Seconds from origins[i] to destinations[i], int64 (n,)."""
        return self._pairs(origins, destinations, profile).seconds

    def distance_pairs_m(self, origins: Points, destinations: Points) -> NDArray[np.int64]:
        """Metres by road of the first profile, int64 (n,); 0 where there is no way."""
        return self._pairs(origins, destinations, self.profiles[0]).metres

    def matrix(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        """Seconds from each of n origins to each of m destinations, int64 (n, m)."""
        server_profile = self._server_profile(profile)
        a, b = check_points(origins, "origins"), check_points(destinations, "destinations")
        return self._rectangle(a, b, server_profile)

    def table(self, points: Points) -> TravelTable:
        """All travel between ``points`` for every profile; what shares a profile of the server is asked once."""
        table = sphere_table(points)
        places = check_points(points)
        asked = {name: self._rectangle(places, places, name) for name in set(self._server_profiles.values())}
        matrix = np.stack([asked[name] for name in self._server_profiles.values()]).astype(np.int32)
        return table._replace(matrix=matrix)

    def _server_profile(self, profile: str) -> str:
        profile_index(self.profiles, profile)
        return self._server_profiles[profile]

    def _rectangle(self, origins: Points, destinations: Points, server_profile: str) -> NDArray[np.int64]:
        sources, row = np.unique(origins, axis=0, return_inverse=True)
        targets, column = np.unique(destinations, axis=0, return_inverse=True)
        out = np.empty((len(sources), len(targets)), np.int64)
        for rows, columns in _tiles(len(sources), len(targets), self._max_cells, self._max_side):
            out[rows, columns] = self._block(sources[rows], targets[columns], server_profile).seconds
        asked: NDArray[np.int64] = out[np.ix_(row, column)]
        return asked

    def _pairs(self, origins: Points, destinations: Points, profile: str) -> Block:
        server_profile = self._server_profile(profile)
        a, b = check_pairs(origins, destinations)
        out = Block(np.empty(len(a), np.int64), np.empty(len(a), np.int64))
        # Pairs that share an origin come together, so that a rectangle has fewer rows.
        order = np.lexsort((b[:, 1], b[:, 0], a[:, 1], a[:, 0]))
        size = min(PAIRS_A_BLOCK, math.isqrt(self._max_cells), self._max_side)
        for start in range(0, len(a), size):
            chosen = order[start : start + size]
            sources, row = np.unique(a[chosen], axis=0, return_inverse=True)
            targets, column = np.unique(b[chosen], axis=0, return_inverse=True)
            block = self._block(sources, targets, server_profile)
            out.seconds[chosen], out.metres[chosen] = block.seconds[row, column], block.metres[row, column]
        return out


def _tiles(n: int, m: int, max_cells: int, max_side: int) -> Iterator[tuple[slice, slice]]:
    """Slices of rows and columns that cover n x m; a narrow rectangle gets longer tiles, which saves requests."""
    if n == 0 or m == 0:
        return
    rows = min(n, math.isqrt(max_cells), max_side)
    columns = min(m, max_cells // rows, max_side)
    rows = min(n, max_cells // columns, max_side)
    for row in range(0, n, rows):
        for column in range(0, m, columns):
            yield slice(row, row + rows), slice(column, column + columns)

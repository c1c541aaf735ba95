"""A bounded memory of numbers by key, in sorted arrays: a million look-ups at once cost a fraction of a second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class PairMemory:
    """Remembers an int64 for each int64 key, at most ``most`` of them, each for ``ttl_s`` seconds."""

    def __init__(self, most: int, ttl_s: int) -> None:
        if most < 1 or ttl_s < 1:
            raise ValueError(f"a memory holds at least 1 pair for at least 1 second, not {most} for {ttl_s}")
        self._most = most
        self._ttl_s = ttl_s
        self._puts = 0
        # Parallel arrays, sorted by key: the number, the instant it was put, and the how manieth put that was.
        self._keys: Ints = np.empty(0, np.int64)
        self._values: Ints = np.empty(0, np.int64)
        self._put_at: Ints = np.empty(0, np.int64)
        self._put_number: Ints = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, keys: Ints, now: int) -> tuple[NDArray[np.bool_], Ints]:
        """Whether each key is remembered and fresh, bool (n,), and its number where it is, int64 (n,)."""
        if not len(self._keys):
            return np.zeros(len(keys), np.bool_), np.zeros(len(keys), np.int64)
        at = self._position(keys)
        fresh = (self._keys[at] == keys) & (now - self._put_at[at] < self._ttl_s)
        return fresh, np.where(fresh, self._values[at], 0)

    def put(self, keys: Ints, values: Ints, now: int) -> None:
        """Remember the numbers (keys distinct) in place of older ones; when full, the oldest puts are forgotten."""
        self._puts += 1
        kept = np.ones(len(self._keys), np.bool_)
        if len(kept):
            at = self._position(keys)
            kept[at[self._keys[at] == keys]] = False
        everything = np.concatenate((self._keys[kept], keys))
        order = np.argsort(everything, kind="stable")
        self._keys = everything[order]
        self._values = np.concatenate((self._values[kept], values))[order]
        self._put_at = np.concatenate((self._put_at[kept], np.full(len(keys), now)))[order]
        self._put_number = np.concatenate((self._put_number[kept], np.full(len(keys), self._puts)))[order]
        if len(self._keys) > self._most:
            self._forget_oldest(len(self._keys) - self._most)

    def _position(self, keys: Ints) -> Ints:
        """Where each key stands if it is there at all."""
        return np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)

    def _forget_oldest(self, count: int) -> None:
        keep = np.sort(np.argsort(self._put_number, kind="stable")[count:])
        self._keys, self._values = self._keys[keep], self._values[keep]
        self._put_at, self._put_number = self._put_at[keep], self._put_number[keep]

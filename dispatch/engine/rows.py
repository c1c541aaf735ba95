"""Entities as rows of integers, made anew only for those that have changed since the last tick.

States of orders and riders are never changed in place, so an entity that is the same object has the same row. What
depends on the clock, or on who else is there, is worked out from the rows in each tick.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import compress, count
from operator import is_not
from typing import Generic, TypeVar

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.geo.points import Points
from dispatch.model.order import MerchantId
from dispatch.model.place import Place
from dispatch.model.rider import RiderId
from dispatch.solver.problem import Ints

K = TypeVar("K", bound=Hashable)
E = TypeVar("E")


class Rows(Generic[E]):
    """A row of ``width`` integers for each entity, made anew only where it is not the same object as last time."""

    def __init__(self, width: int, make: Callable[[E], tuple[int, ...]]) -> None:
        self._make = make
        self._columns: Ints = np.zeros((width, 0), np.int64)
        self._entities: list[E] = []  # kept, so that no other object can have the id of one of them

    def of(self, entities: list[E]) -> Ints:
        """The columns of the rows, int64 (width, N)."""
        before = self._entities
        if entities == before:  # quick, as it ends at the first that is another one
            return self._columns
        fresh = [*compress(count(), map(is_not, entities, before)), *range(len(before), len(entities))]
        if 2 * len(fresh) > len(entities):  # as good as all have another place in the list
            columns, fresh = self._found(entities)
        else:
            columns = np.empty((len(self._columns), len(entities)), np.int64)
            kept = min(len(before), len(entities))
            columns[:, :kept] = self._columns[:, :kept]
        if fresh:
            columns[:, fresh] = np.array([self._make(entities[at]) for at in fresh], np.int64).T
        self._columns, self._entities = columns, entities
        return columns

    def forget(self) -> None:
        """Make every row anew when it is asked for."""
        self._columns, self._entities = self._columns[:, :0], []

    def _found(self, entities: list[E]) -> tuple[Ints, list[int]]:
        """(columns with the rows known, wherever they were; the indices of those to be made)."""
        at = dict(zip(map(id, self._entities), count()))
        slots = np.array([at.get(name, -1) for name in map(id, entities)], np.int64)
        fresh = np.flatnonzero(slots < 0).tolist()
        if len(fresh) == len(slots):
            return np.empty((len(self._columns), len(slots)), np.int64), fresh
        return self._columns[:, slots], fresh


class Numbers(Generic[K]):
    """A number for each key that was ever met. A problem counts anew, in the order in which it mentions them."""

    def __init__(self) -> None:
        self._number: dict[K, int] = {}
        self.keys: list[K] = []

    def of(self, key: K) -> int:
        """The key's number."""
        number = self._number.get(key)
        if number is None:
            number = self._number[key] = len(self.keys)
            self.keys.append(key)
        return number

    def named(self, numbers: Ints) -> list[K]:
        """The keys with these numbers."""
        return list(map(self.keys.__getitem__, numbers.tolist()))

    def counted(self, mentioned: Ints) -> tuple[Ints, Ints]:
        """(0, 1, 2 ... for each of the numbers as they are first mentioned, the numbers so counted)."""
        again, met = np.full(len(self.keys), -1, np.int64), np.empty(len(self.keys), np.int64)
        out = np.empty(len(mentioned), np.int64)
        return out, met[: _count(mentioned, again, met, out)]

    def forget(self) -> None:
        """Number everything anew."""
        self._number.clear()
        self.keys.clear()


@kernel
def _count(mentioned: Ints, again: Ints, met: Ints, out: Ints) -> int:
    count = 0
    for k in range(mentioned.shape[0]):
        number = mentioned[k]
        if again[number] < 0:
            again[number] = count
            met[count] = number
            count += 1
        out[k] = again[number]
    return count


class Names:
    """Numbers that last from tick to tick: of places with their coordinates, of merchants, and of riders."""

    def __init__(self) -> None:
        self.places: Numbers[Place] = Numbers()
        self.merchants: Numbers[MerchantId] = Numbers()
        self.riders: Numbers[RiderId] = Numbers()
        self._points = np.zeros((0, 2))

    def points(self, places: Ints) -> Points:
        """Latitude and longitude of places by their numbers, float64 (N, 2)."""
        fresh = self.places.keys[len(self._points) :]
        if fresh:
            more = np.array([(place.latitude, place.longitude) for place in fresh], np.float64)
            self._points = np.concatenate([self._points, more])
        points: Points = self._points[places]
        return points

    def forget(self) -> None:
        """Number everything anew."""
        for numbers in (self.places, self.merchants, self.riders):
            numbers.forget()
        self._points = np.zeros((0, 2))

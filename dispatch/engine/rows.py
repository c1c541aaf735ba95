"""Entities as rows of integers, made anew only for those that have changed since the last tick.

States of orders and riders are never changed in place, so an entity that is the same object has the same row. What
depends on the clock, or on who else is there, is worked out from the rows in each tick.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.geo.points import Points
from dispatch.model.order import MerchantId
from dispatch.model.place import Place
from dispatch.model.rider import RiderId
from dispatch.solver.problem import Ints

K = TypeVar("K", bound=Hashable)
E = TypeVar("E")

_ROOM: Final = 256
"""Rows there is room for at first, and so many more than are asked for may be known."""


class Rows(Generic[E]):
    """A row of ``width`` integers for each entity, as long as it is the same object."""

    def __init__(self, width: int, make: Callable[[E], tuple[int, ...]]) -> None:
        self._make = make
        self._rows = np.zeros((_ROOM, width), np.int64)
        self._slots: dict[int, int] = {}
        self._entities: list[E] = []  # kept, so that no other object can have the id of one of them

    def of(self, entities: Sequence[E]) -> Ints:
        """The rows, int64 (N, width)."""
        slots = list(map(self._slots.get, map(id, entities)))
        for at in [at for at, slot in enumerate(slots) if slot is None]:
            slots[at] = self._add(entities[at])
        rows: Ints = self._rows[np.array(slots, np.int64)]
        if len(self._entities) > 2 * len(entities) + _ROOM:
            self.forget()
            self._rows[: len(rows)] = rows
            self._entities = list(entities)
            self._slots = {id(entity): slot for slot, entity in enumerate(entities)}
        return rows

    def forget(self) -> None:
        """Make every row anew when it is asked for."""
        self._slots.clear()
        self._entities.clear()

    def _add(self, entity: E) -> int:
        slot = len(self._entities)
        if slot == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[slot] = self._make(entity)
        self._entities.append(entity)
        self._slots[id(entity)] = slot
        return slot


class Numbers(Generic[K]):
    """A number for each key that was ever met. A problem counts anew, in the order in which it mentions them."""

    def __init__(self) -> None:
        self._number: dict[K, int] = {}
        self.keys: list[K] = []

    def of(self, key: K) -> int:
        """The key's number."""
        number = self._number.setdefault(key, len(self.keys))
        if number == len(self.keys):
            self.keys.append(key)
        return number

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

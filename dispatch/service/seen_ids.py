"""Which ids were seen before, in little memory: never wrong about one that is new.

A Bloom filter (Bloom 1970). Nearly every command is new, so asking this first spares nearly all of them a look into the
database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

_BITS: Final = 1 << 23
"""A million ids leave one new id in forty in doubt."""
_PLACES: Final = 4


class SeenIds:
    """Ids that were added. It can take an id for one of them that is none, and never the other way round."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._bits = bytearray(_BITS // 8)
        for name in ids:
            self.add(name)

    def add(self, name: str) -> None:
        """This id was seen."""
        for place in _places(name):
            self._bits[place >> 3] |= 1 << (place & 7)

    def may_have(self, name: str) -> bool:
        """Whether this id may have been seen."""
        return all(self._bits[place >> 3] & 1 << (place & 7) for place in _places(name))


def _places(name: str) -> Iterator[int]:
    """The bits of an id: two halves of one hash, added again and again (Kirsch & Mitzenmacher 2008)."""
    number = hash(name)
    step = number >> 32 | 1
    return ((number + turn * step) % _BITS for turn in range(_PLACES))

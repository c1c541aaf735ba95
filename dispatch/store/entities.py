"""A market's state as the store folds it: read from the projections entity by entity, when an event needs one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from typing import TypeVar

K = TypeVar("K", bound=str)
V = TypeVar("V")


class Entities(MutableMapping[K, V]):
    """Entities of one kind: those read so far, and over them what one command changes until it is settled.

    ``read`` gives the entities of some ids from the database. ``touched`` says which ids were set since it was last
    cleared, and what they were before.
    """

    def __init__(self, read: Callable[[Collection[str]], Mapping[str, V]]) -> None:
        self.touched: dict[K, V | None] = {}
        self._read = read
        self._known: dict[str, V | None] = {}
        self._draft: dict[str, V] = {}

    def fetch(self, ids: Collection[str]) -> None:
        """Read what is not known yet, at once."""
        unknown = [name for name in ids if name not in self._known]
        if unknown:
            found = self._read(unknown)
            self._known.update((name, found.get(name)) for name in unknown)

    def __getitem__(self, key: K) -> V:
        if key in self._draft:
            return self._draft[key]
        if key not in self._known:
            self.fetch((key,))
        value = self._known[key]
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: K, value: V) -> None:
        if key not in self.touched:
            self.touched[key] = self.get(key)
        self._draft[key] = value

    def __delitem__(self, key: K) -> None:
        raise TypeError("entities of a log are never deleted")

    def __iter__(self) -> Iterator[K]:
        raise TypeError("the store knows only the entities it was asked for")

    def __len__(self) -> int:
        """How many are held in memory."""
        return len(self._known) + len(self._draft)

    def settle(self) -> None:
        """Take the draft for true."""
        self._known.update(self._draft)
        self._draft.clear()

    def discard(self) -> None:
        """Forget the draft."""
        self._draft.clear()
        self.touched.clear()


class Unkept(MutableMapping[K, V]):
    """Takes what is set and holds nothing: for the part of the state that no projection needs."""

    def __getitem__(self, key: K) -> V:
        raise KeyError(key)

    def __setitem__(self, key: K, value: V) -> None:
        """Let it go."""

    def __delitem__(self, key: K) -> None:
        raise KeyError(key)

    def __iter__(self) -> Iterator[K]:
        return iter(())

    def __len__(self) -> int:
        return 0

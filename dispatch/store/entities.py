"""A market's state as the store folds it: read from the projections entity by entity, when an event needs one."""

from __future__ import annotations

from collections.abc import Callable, Collection, ItemsView, Iterable, Iterator, Mapping, MutableMapping, ValuesView
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


class Remembered(MutableMapping[K, V]):
    """Entities of one kind in a market as its holder has them: all ids in the order in which they came, and the
    entities that were needed so far; one that was not is read when it is asked for.

    That is right as long as nobody else writes: what the holder changes, it holds. Going through all entities reads
    all of them.
    """

    __slots__ = ("_held", "_read")

    def __init__(self, ids: Iterable[K], read: Callable[[Collection[str]], Mapping[str, V]]) -> None:
        self._held: dict[K, V | None] = dict.fromkeys(ids)
        self._read = read

    def hold(self, found: Mapping[K, V]) -> None:
        """These have been read."""
        self._held.update(found)

    def at_hand(self, key: K) -> V | None:
        """One that has been read, without looking for it in the database."""
        return self._held.get(key)

    def __getitem__(self, key: K) -> V:
        value = self._held[key]
        return self._fetched(key) if value is None else value

    def _fetched(self, key: K) -> V:
        value = self._held[key] = self._read((key,))[key]
        return value

    def __setitem__(self, key: K, value: V) -> None:
        self._held[key] = value

    def __delitem__(self, key: K) -> None:
        del self._held[key]

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __iter__(self) -> Iterator[K]:
        return iter(self._held)

    def __len__(self) -> int:
        """How many there are, read or not."""
        return len(self._held)

    def values(self) -> ValuesView[V]:
        """All of them."""
        self._read_all()
        return super().values()

    def items(self) -> ItemsView[K, V]:
        """All of them, by id."""
        self._read_all()
        return super().items()

    def _read_all(self) -> None:
        missing = [key for key, value in self._held.items() if value is None]
        if missing:
            found = self._read(missing)
            self._held.update((key, found[key]) for key in missing)


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

"""What a market holds in memory ahead of the disk, and a look at it that knows what it has to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dispatch.model.state import MarketState
from dispatch.store.entities import Remembered
from dispatch.store.rows import Projection

V = TypeVar("V")

Named = tuple[str, str]
"""An entity: the field of ``MarketState`` it stands in, and its id."""
Write = asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class Memory:
    """A market in memory. What was looked at, found or not, stands in ``seen``."""

    state: MarketState
    seen: set[Named] = field(default_factory=set)

    def one(self, projection: Projection[V], name: str) -> V | None:
        """One entity, if it is there."""
        self.seen.add((projection.field, name))
        found: V | None = getattr(self.state, projection.field).get(name)
        return found

    def at_hand(self, projection: Projection[V], name: str) -> V | None:
        """One entity, if nothing has to be read for it: what is at rest stays on the disk until it is needed."""
        every = getattr(self.state, projection.field)
        if not isinstance(every, Remembered):
            return self.one(projection, name)
        self.seen.add((projection.field, name))
        found: V | None = every.at_hand(name)
        return found


class Unwritten:
    """Which entities are ahead of the disk, and the last write of each."""

    def __init__(self) -> None:
        self._writes: dict[Named, Write] = {}
        self._named: dict[Write, list[Named]] = {}

    def add(self, write: Write, changed: Iterable[Named]) -> None:
        """These entities are as they are because of ``write``, which is under way."""
        named = self._named[write] = list(changed)
        for one in named:
            self._writes[one] = write

    def end(self, write: Write) -> None:
        """The write was carried out, or refused."""
        for one in self._named.pop(write, ()):
            if self._writes.get(one) is write:
                del self._writes[one]

    @property
    def writes(self) -> Collection[Write]:
        """All that is under way."""
        return self._named.keys()

    def of(self, seen: Iterable[Named]) -> set[Write]:
        """The writes without which some entities would be as they were before."""
        writes = self._writes
        return {writes[one] for one in seen if one in writes}

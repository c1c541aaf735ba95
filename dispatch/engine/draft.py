"""Events being decided, and the market as it will be once they are recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import fields
from typing import Final, TypeVar

from dispatch.model.events import Event
from dispatch.model.fold import fold
from dispatch.model.state import MarketState
from dispatch.units import Instant

K = TypeVar("K")
V = TypeVar("V")


class Overlay(MutableMapping[K, V]):
    """Changes laid over a mapping that stays as it is until ``settle``."""

    __slots__ = ("_below", "_changed", "_gone")

    def __init__(self, below: MutableMapping[K, V]) -> None:
        self._below = below
        self._changed: dict[K, V] = {}
        self._gone: set[K] = set()

    def __getitem__(self, key: K) -> V:
        changed = self._changed
        if key in changed:
            return changed[key]
        if key in self._gone:
            raise KeyError(key)
        return self._below[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._changed[key] = value

    def __delitem__(self, key: K) -> None:
        self[key]  # KeyError where there is nothing to delete
        self._changed.pop(key, None)
        if key in self._below:
            self._gone.add(key)

    def __iter__(self) -> Iterator[K]:
        below = self._below
        yield from (key for key in below if key in self._changed or key not in self._gone)
        yield from (key for key in self._changed if key not in below)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def changed(self) -> Iterable[K]:
        """The keys whose values are others than below."""
        return (*self._changed, *self._gone) if self._gone else self._changed.keys()

    def settle(self) -> None:
        """Make the changes in the mapping below."""
        if self._gone:
            for key in self._gone:
                del self._below[key]
        if self._changed:
            self._below.update(self._changed)


class Draft:
    """The events a command leads to so far, folded into a copy-on-write state.

    Because every event goes through the fold as it is added, a draft holds only events that can be recorded, and a
    handler sees what its earlier events have done. ``now`` is the instant of the decision, ``at`` when it happened.
    """

    __slots__ = ("_base", "at", "events", "now", "state")

    def __init__(self, state: MarketState, now: Instant, at: Instant) -> None:
        self.now = now
        self.at = at
        self.events: list[Event] = []
        self._base = state
        self.state = MarketState(
            state.market_id,
            state.seq,
            Overlay(state.orders),
            Overlay(state.riders),
            Overlay(state.merchants),
            Overlay(state.merchant_bars),
            Overlay(state.shifts),
            Overlay(state.offers),
            Overlay(state.overrides),
            Overlay(state.cases),
            Overlay(state.active),
            state.tick,
            state.policy,
            Overlay(state.accounts),
            Overlay(state.penalties),
            Overlay(state.closures),
            Overlay(state.cares),
            Overlay(state.cases_of),
            Overlay(state.records),
            Overlay(state.etas),
            Overlay(state.preps),
        )

    def add(self, event: Event) -> None:
        """Decide one more event. Raises IllegalMove or NotFoundError if it cannot happen."""
        fold(self.state, event, self.at)
        self.state.seq += 1
        self.events.append(event)

    def next_name(self, what: str) -> str:
        """A name for what the next event creates: its place in the log makes it unique and the same in every replay."""
        return f"{what}-{self.state.seq + 1}"

    def settle(self) -> None:
        """Make the base what the draft says: the events have been recorded. The draft is used up."""
        for _, overlay in self._overlays():
            overlay.settle()
        base, mine = self._base, self.state
        base.seq, base.tick, base.policy = mine.seq, mine.tick, mine.policy

    def changed(self) -> Iterator[tuple[str, str]]:
        """What the events have changed: the field of ``MarketState``, and the id in it."""
        return ((field, key) for field, overlay in self._overlays() for key in overlay.changed)

    def _overlays(self) -> Iterator[tuple[str, Overlay[str, object]]]:
        for field in _LAID_OVER:
            yield field, getattr(self.state, field)


_LAID_OVER: Final = tuple(field.name for field in fields(MarketState) if field.default_factory is dict)
"""The fields of ``MarketState`` that are mappings."""

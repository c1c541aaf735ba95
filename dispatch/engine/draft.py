"""Events being decided, and the market as it will be once they are recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TypeVar

from dispatch.model.events import Event
from dispatch.model.fold import fold
from dispatch.model.state import MarketState
from dispatch.units import Instant

K = TypeVar("K")
V = TypeVar("V")


class Overlay(MutableMapping[K, V]):
    """Changes laid over a mapping that stays as it is. Only what was laid over can be deleted."""

    __slots__ = ("_below", "_changed")

    def __init__(self, below: Mapping[K, V]) -> None:
        self._below = below
        self._changed: dict[K, V] = {}

    def __getitem__(self, key: K) -> V:
        changed = self._changed
        return changed[key] if key in changed else self._below[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._changed[key] = value

    def __delitem__(self, key: K) -> None:
        del self._changed[key]

    def __iter__(self) -> Iterator[K]:
        yield from self._below
        yield from (key for key in self._changed if key not in self._below)

    def __len__(self) -> int:
        return len(self._below) + sum(key not in self._below for key in self._changed)


class Draft:
    """The events a command leads to so far, folded into a copy-on-write state.

    Because every event goes through the fold as it is added, a draft holds only events that can be recorded, and a
    handler sees what its earlier events have done. ``now`` is the instant of the decision.
    """

    __slots__ = ("events", "now", "state")

    def __init__(self, state: MarketState, now: Instant) -> None:
        self.now = now
        self.events: list[Event] = []
        self.state = MarketState(
            market_id=state.market_id,
            seq=state.seq,
            orders=Overlay(state.orders),
            riders=Overlay(state.riders),
            merchants=Overlay(state.merchants),
            merchant_bars=Overlay(state.merchant_bars),
            shifts=Overlay(state.shifts),
            offers=Overlay(state.offers),
            overrides=Overlay(state.overrides),
            cases=Overlay(state.cases),
            tick=state.tick,
            policy=state.policy,
        )

    def add(self, event: Event) -> None:
        """Decide one more event. Raises IllegalMove or NotFoundError if it cannot happen."""
        fold(self.state, event, self.now)
        self.state.seq += 1
        self.events.append(event)

    def next_name(self, what: str) -> str:
        """A name for what the next event creates: its place in the log makes it unique and the same in every replay."""
        return f"{what}-{self.state.seq + 1}"

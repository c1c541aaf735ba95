"""What has just happened in a market, for those who wait for it: streams, long polls, caches.

The feed is only woken by what is durable. It keeps the latest events in memory; whoever was away longer reads them from
the log. It lives on one event loop.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from dispatch.model.events import PositionReported, Recorded
from dispatch.model.order import MarketId
from dispatch.store.store import Store

KEPT: Final = 5_000
_KEPT_TEXTS: Final = 2_000
EVERYTHING: Final = "*"
"""The topic of those who want to know of every event."""


class Watch:
    """Somebody who waits for events of some topics; set once there are any."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something new."""
        self._woken.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for something new, for so many seconds at most; whether there is, since the last time it was waited."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True


class Feed:
    """The latest events of one market, and who waits for more."""

    def __init__(self, market_id: MarketId, store: Store, seq: int = 0, kept: int = KEPT) -> None:
        self.market_id, self.seq = market_id, seq
        self.closed = False
        self._store = store
        self._recent: deque[Recorded] = deque(maxlen=kept)
        self._watches: dict[str, set[Watch]] = {}
        self._texts: OrderedDict[tuple[int, Callable[[Recorded], str]], str] = OrderedDict()

    def take(self, recorded: Sequence[Recorded]) -> None:
        """These events are durable; those known already are left out. A gap empties what is kept."""
        for entry in recorded:
            if entry.seq <= self.seq:
                continue
            if entry.seq != self.seq + 1:
                self._recent.clear()
            self.seq = entry.seq
            self._recent.append(entry)
            for topic in (EVERYTHING, *topics_of(entry)):
                for watch in self._watches.get(topic, ()):
                    watch.wake()

    def close(self) -> None:
        """Nothing more will come: let everybody who waits go."""
        self.closed = True
        for watches in self._watches.values():
            for watch in watches:
                watch.wake()

    async def after(self, seq: int, limit: int = 500) -> Sequence[Recorded]:
        """Up to ``limit`` events after ``seq``, in order."""
        if seq >= self.seq:
            return ()
        first = self._recent[0].seq if self._recent else self.seq + 1
        if first <= seq + 1:
            begin = seq + 1 - first
            return [self._recent[at] for at in range(begin, min(begin + limit, len(self._recent)))]
        return await asyncio.to_thread(self._store.events, self.market_id, seq, limit=limit)

    def written(self, entry: Recorded, write: Callable[[Recorded], str]) -> str:
        """An event as ``write`` puts it, which is asked once for all who watch."""
        key = (entry.seq, write)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = write(entry)
            if len(self._texts) > _KEPT_TEXTS:
                self._texts.popitem(last=False)
        return text

    @contextmanager
    def watching(self, topics: Collection[str]) -> Iterator[Watch]:
        """Be woken by events of these topics, such as "order:o1" or "rider:r1"; see ``topics_of``."""
        watch = Watch()
        for topic in topics:
            self._watches.setdefault(topic, set()).add(watch)
        try:
            yield watch
        finally:
            for topic in topics:
                waiting = self._watches[topic]
                waiting.discard(watch)
                if not waiting:
                    del self._watches[topic]


def topics_of(recorded: Recorded) -> set[str]:
    """What an event is about: its stream, and every order and rider that it names; positions have none."""
    event = recorded.event
    if isinstance(event, PositionReported):
        return set()  # nobody waits for the next position of one rider: there is one every few seconds
    found = {recorded.stream}
    for field, kind in (("order_id", "order"), ("rider_id", "rider"), ("from_rider_id", "rider")):
        name = getattr(event, field, None)
        if name is not None:
            found.add(f"{kind}:{name}")
    found.update(f"order:{name}" for name in getattr(event, "order_ids", ()))
    return found

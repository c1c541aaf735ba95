"""Live state in the process: for one process that does everything, and for tests.

To be used from one event loop; other threads go through ``loop.call_soon_threadsafe``.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from dispatch.model.codec import Json
from dispatch.model.order import MarketId
from dispatch.model.place import Position
from dispatch.model.rider import RiderId
from dispatch.store.live import rate
from dispatch.store.live.ports import Allowance, Lease, Notice, Notices, Ping, Seen
from dispatch.units import Instant, Seconds

KEPT_NOTICES: Final = 4096
"""Notices of a channel that can be asked for again."""
KEPT_PINGS: Final = 1_000_000
"""Positions of a market that wait for the history; beyond that the oldest are dropped."""


def system_us() -> int:
    """Microseconds since 1970 by the clock of this machine."""
    return time.time_ns() // 1000


@dataclass(slots=True)
class _Market:
    newest: dict[RiderId, Seen] = field(default_factory=dict)
    heard: dict[RiderId, Instant] = field(default_factory=dict)
    pings: deque[Ping] = field(default_factory=lambda: deque(maxlen=KEPT_PINGS))


@dataclass(slots=True)
class _Channel:
    last_seq: int
    kept: deque[Notice] = field(default_factory=lambda: deque(maxlen=KEPT_NOTICES))
    told: asyncio.Event = field(default_factory=asyncio.Event)


class MemoryLive:
    """A ``LiveState`` in dictionaries. ``clock_us`` says what time it is, for leases, rates and the first number of a
    channel.
    """

    def __init__(self, clock_us: Callable[[], int] = system_us) -> None:
        self._clock_us = clock_us
        self._markets: dict[MarketId, _Market] = {}
        self._channels: dict[str, _Channel] = {}
        self._leases: dict[str, tuple[Lease, int]] = {}
        self._buckets: dict[str, int] = {}
        self._closed = False

    async def report(
        self, market_id: MarketId, reports: Mapping[RiderId, Sequence[Position]], received_at: Instant
    ) -> frozenset[RiderId]:
        """See ``Positions.report``."""
        market = self._market(market_id)
        moved: set[RiderId] = set()
        for rider_id, positions in reports.items():
            for position in (not_ahead(position, received_at) for position in positions):
                market.pings.append(Ping(rider_id, position, received_at))
                known = market.newest.get(rider_id)
                if known is None or position.occurred_at > known.position.occurred_at:
                    market.newest[rider_id] = Seen(position, received_at)
                    moved.add(rider_id)
        await self.heard_of(market_id, list(reports), received_at)
        return frozenset(moved)

    async def positions(self, market_id: MarketId) -> Mapping[RiderId, Seen]:
        """See ``Positions.positions``."""
        return dict(self._market(market_id).newest)

    async def position(self, market_id: MarketId, rider_id: RiderId) -> Seen | None:
        """See ``Positions.position``."""
        return self._market(market_id).newest.get(rider_id)

    async def forget(self, market_id: MarketId, rider_id: RiderId) -> None:
        """See ``Positions.forget``."""
        market = self._market(market_id)
        market.newest.pop(rider_id, None)
        market.heard.pop(rider_id, None)

    async def heard_of(self, market_id: MarketId, rider_ids: Sequence[RiderId], at: Instant) -> None:
        """See ``Positions.heard_of``."""
        heard = self._market(market_id).heard
        for rider_id in rider_ids:
            heard[rider_id] = max(at, heard.get(rider_id, at))

    async def presence(self, market_id: MarketId) -> Mapping[RiderId, Instant]:
        """See ``Positions.presence``."""
        return dict(self._market(market_id).heard)

    async def silent(self, market_id: MarketId, since: Instant) -> tuple[RiderId, ...]:
        """See ``Positions.silent``."""
        quiet = [(at, rider_id) for rider_id, at in self._market(market_id).heard.items() if at < since]
        return tuple(rider_id for _, rider_id in sorted(quiet))

    async def take_pings(self, market_id: MarketId, limit: int) -> tuple[Ping, ...]:
        """See ``Positions.take_pings``."""
        pings = self._market(market_id).pings
        return tuple(pings.popleft() for _ in range(min(limit, len(pings))))

    async def publish(self, channel: str, data: Json) -> int:
        """See ``Hub.publish``."""
        told = self._channel(channel)
        told.last_seq += 1
        told.kept.append(Notice(told.last_seq, data))
        told.told.set()
        told.told = asyncio.Event()
        return told.last_seq

    async def last_seq(self, channel: str) -> int:
        """See ``Hub.last_seq``."""
        return self._channel(channel).last_seq

    async def notices(self, channel: str, after: int, *, wait_s: float = 0.0) -> Notices:
        """See ``Hub.notices``."""
        kept = self._channel(channel)
        if kept.last_seq == after and wait_s > 0 and not self._closed:
            with suppress(TimeoutError):
                await asyncio.wait_for(kept.told.wait(), wait_s)
        return since(tuple(kept.kept), after, kept.last_seq)

    async def acquire(self, name: str, holder: str, ttl_ms: int) -> Lease | None:
        """See ``Leases.acquire``."""
        now = self._clock_us()
        lease, until = self._leases.get(name, (Lease(name, "", 0), 0))
        if until <= now:
            lease = Lease(name, holder, max(lease.token + 1, now))
        elif lease.holder != holder:
            return None
        self._leases[name] = (lease, now + ttl_ms * 1000)
        return lease

    async def renew(self, lease: Lease, ttl_ms: int) -> bool:
        """See ``Leases.renew``."""
        now = self._clock_us()
        held, until = self._leases.get(lease.name, (None, 0))
        if held != lease or until <= now:
            return False
        self._leases[lease.name] = (lease, now + ttl_ms * 1000)
        return True

    async def release(self, lease: Lease) -> None:
        """See ``Leases.release``."""
        if self._leases.get(lease.name, (None, 0))[0] == lease:
            self._leases[lease.name] = (lease, 0)

    async def take(self, key: str, limit: int, period_s: Seconds, cost: int = 1) -> Allowance:
        """See ``Rates.take``."""
        now = self._clock_us()
        if len(self._buckets) > KEPT_NOTICES:
            self._buckets = {name: full_at for name, full_at in self._buckets.items() if full_at > now}
        self._buckets[key], allowance = rate.take(
            self._buckets.get(key, 0), now, limit, period_s * rate.SECOND_US, cost
        )
        return allowance

    async def close(self) -> None:
        """See ``LiveState.close``."""
        self._closed = True
        for channel in self._channels.values():
            channel.told.set()

    def _market(self, market_id: MarketId) -> _Market:
        return self._markets.setdefault(market_id, _Market())

    def _channel(self, channel: str) -> _Channel:
        found = self._channels.get(channel)
        if found is None:
            found = self._channels[channel] = _Channel(self._clock_us())
        return found


def not_ahead(position: Position, received_at: Instant) -> Position:
    """The position, seen now at the latest: a device's clock that is ahead must not hide what it reports later."""
    return position if position.occurred_at <= received_at else replace(position, occurred_at=received_at)


def since(kept: Sequence[Notice], after: int, last_seq: int) -> Notices:
    """The notices after a number, out of those that are kept."""
    items = tuple(notice for notice in kept if notice.seq > after)
    first = items[0].seq if items else last_seq + 1
    return Notices(items, after + 1 != first, last_seq)

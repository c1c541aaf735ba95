"""What live state can do, wherever it is kept: in the process for one, in Redis for many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dispatch.model.codec import Json
from dispatch.model.order import MarketId
from dispatch.model.place import Position
from dispatch.model.rider import RiderId
from dispatch.units import Instant, Seconds


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest position of a rider, and when it came in; its age counts from ``position.occurred_at``."""

    position: Position
    received_at: Instant

    def is_stale(self, now: Instant, after_s: Seconds) -> bool:
        """Whether it is too old to tell where the rider is."""
        return self.position.age_s(now) > after_s


@dataclass(frozen=True, slots=True)
class Ping:
    """One position as it came in, for the history."""

    rider_id: RiderId
    position: Position
    received_at: Instant


class Positions(Protocol):
    """Where riders are and when they were heard of."""

    async def report(
        self, market_id: MarketId, reports: Mapping[RiderId, Sequence[Position]], received_at: Instant
    ) -> frozenset[RiderId]:
        """Take in positions in any order, late ones and repeated ones too; the riders whose newest one is another now.

        A device whose clock is ahead counts as reporting at ``received_at``.
        """
        ...

    async def positions(self, market_id: MarketId) -> Mapping[RiderId, Seen]:
        """The newest position of every rider of a market."""
        ...

    async def position(self, market_id: MarketId, rider_id: RiderId) -> Seen | None:
        """The newest position of one rider."""
        ...

    async def forget(self, market_id: MarketId, rider_id: RiderId) -> None:
        """Forget where a rider was and when: the shift is over."""
        ...

    async def heard_of(self, market_id: MarketId, rider_ids: Sequence[RiderId], at: Instant) -> None:
        """Something was heard of riders, such as a request; positions count too."""
        ...

    async def presence(self, market_id: MarketId) -> Mapping[RiderId, Instant]:
        """When each rider was last heard of."""
        ...

    async def silent(self, market_id: MarketId, since: Instant) -> tuple[RiderId, ...]:
        """Riders of whom nothing was heard since then, the longest silent first."""
        ...

    async def take_pings(self, market_id: MarketId, limit: int) -> tuple[Ping, ...]:
        """Take out up to ``limit`` of the positions that came in, oldest first, to write them to the history."""
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """Something changed; ``seq`` grows along a channel."""

    seq: int
    data: Json


@dataclass(frozen=True, slots=True)
class Notices:
    """Notices after a number. ``missed``: some before these are no longer kept, so look at everything anew."""

    items: tuple[Notice, ...]
    missed: bool
    last_seq: int


class Hub(Protocol):
    """Tells all who listen to a channel, such as "market:bogota" or "rider:r1", that something changed."""

    async def publish(self, channel: str, data: Json) -> int:
        """Tell; the notice's number, larger than all before it on the channel, also after a restart."""
        ...

    async def last_seq(self, channel: str) -> int:
        """The number to listen from in order to hear what comes next."""
        ...

    async def notices(self, channel: str, after: int, *, wait_s: float = 0.0) -> Notices:
        """What was told after a number; where there is nothing yet, wait so long for it."""
        ...


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do something alone for a while; ``token`` is larger than that of every holder before."""

    name: str
    holder: str
    token: int


class Leases(Protocol):
    """Rights that one holder has at a time."""

    async def acquire(self, name: str, holder: str, ttl_ms: int) -> Lease | None:
        """Take the lease if it is free or one's own already; None where another has it."""
        ...

    async def renew(self, lease: Lease, ttl_ms: int) -> bool:
        """Hold it for so long from now; False where it is lost."""
        ...

    async def release(self, lease: Lease) -> None:
        """Give it back, if it is still held."""
        ...


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether a request may pass, how many more could, and the seconds until this one could and until all could."""

    allowed: bool
    remaining: int
    retry_after_s: float
    reset_s: float


class Rates(Protocol):
    """How much somebody asks for."""

    async def take(self, key: str, limit: int, period_s: Seconds, cost: int = 1) -> Allowance:
        """Let ``cost`` pass if no more than ``limit`` pass in a period, evenly refilled."""
        ...


class LiveState(Positions, Hub, Leases, Rates, Protocol):
    """All of it."""

    async def close(self) -> None:
        """Let go of connections; who waits is answered with nothing."""
        ...

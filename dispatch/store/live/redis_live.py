"""Live state in a Redis server: for several processes.

One connection a process listens for all channels and rings whoever waits; the notices themselves are read from
Redis. A server that comes back empty has lost nothing that matters: positions and presence come again, leases are taken
anew with larger tokens, channels begin beyond their old numbers and say so (``Notices.missed``).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from dispatch.errors import DispatchError
from dispatch.model.codec import Json, decode, encode
from dispatch.model.order import MarketId
from dispatch.model.place import Position
from dispatch.model.rider import RiderId
from dispatch.store.live import rate, scripts
from dispatch.store.live.memory import KEPT_NOTICES, KEPT_PINGS, not_ahead, since
from dispatch.store.live.ports import Allowance, Lease, Notice, Notices, Ping, Seen
from dispatch.units import Instant, Seconds

CONNECTIONS: Final = 32
_PREFIX: Final = "dispatch"
_BELL: Final = f"{_PREFIX}:bell:"
_AGAIN_S: Final = 0.5


class LiveUnavailableError(DispatchError):
    """The Redis server did not answer (HTTP 503)."""

    code = "live_unavailable"


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        cause = f"The Redis server did not answer: {error}."
        raise LiveUnavailableError(cause, "See that it runs, and try again.") from error


class RedisLive:
    """A ``LiveState`` in the Redis server at an address; to be used from one event loop."""

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url, max_connections=CONNECTIONS, timeout=5, decode_responses=True, protocol=2
        )
        self._redis = Redis(connection_pool=pool)
        self._scripts = {text: self._redis.register_script(text) for text in _SCRIPTS}
        self._bells: dict[str, asyncio.Event] = {}
        self._listening: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()
        self._closed = False

    async def report(
        self, market_id: MarketId, reports: Mapping[RiderId, Sequence[Position]], received_at: Instant
    ) -> frozenset[RiderId]:
        """See ``Positions.report``."""
        values: list[str] = []
        lines: list[str] = []
        for rider_id, positions in reports.items():
            seen = [not_ahead(position, received_at) for position in positions]
            lines += [_line(Ping(rider_id, position, received_at)) for position in seen]
            if seen:
                newest = max(seen, key=lambda position: position.occurred_at)
                values += [rider_id, str(newest.occurred_at), _line(Ping(rider_id, newest, received_at))]
        moved = await self._run(scripts.REPORT, [_key(market_id, "newest")], values) if values else []
        if lines:
            await self._do("RPUSH", _key(market_id, "pings"), *lines)
            await self._do("LTRIM", _key(market_id, "pings"), -KEPT_PINGS, -1)
        await self.heard_of(market_id, list(reports), received_at)
        return frozenset(RiderId(rider_id) for rider_id in moved)

    async def positions(self, market_id: MarketId) -> Mapping[RiderId, Seen]:
        """See ``Positions.positions``."""
        found = await self._do("HGETALL", _key(market_id, "newest"))
        return {RiderId(rider_id): _seen(value) for rider_id, value in found.items()}

    async def position(self, market_id: MarketId, rider_id: RiderId) -> Seen | None:
        """See ``Positions.position``."""
        found = await self._do("HGET", _key(market_id, "newest"), rider_id)
        return None if found is None else _seen(found)

    async def forget(self, market_id: MarketId, rider_id: RiderId) -> None:
        """See ``Positions.forget``."""
        await self._do("HDEL", _key(market_id, "newest"), rider_id)
        await self._do("ZREM", _key(market_id, "heard"), rider_id)

    async def heard_of(self, market_id: MarketId, rider_ids: Sequence[RiderId], at: Instant) -> None:
        """See ``Positions.heard_of``."""
        if rider_ids:
            scores = [part for rider_id in rider_ids for part in (at, rider_id)]
            await self._do("ZADD", _key(market_id, "heard"), "GT", *scores)

    async def presence(self, market_id: MarketId) -> Mapping[RiderId, Instant]:
        """See ``Positions.presence``."""
        found = await self._do("ZRANGE", _key(market_id, "heard"), 0, -1, "WITHSCORES")
        return {RiderId(rider_id): int(at) for rider_id, at in zip(found[::2], found[1::2], strict=True)}

    async def silent(self, market_id: MarketId, since: Instant) -> tuple[RiderId, ...]:
        """See ``Positions.silent``."""
        found = await self._do("ZRANGEBYSCORE", _key(market_id, "heard"), "-inf", f"({since}")
        return tuple(RiderId(rider_id) for rider_id in found)

    async def take_pings(self, market_id: MarketId, limit: int) -> tuple[Ping, ...]:
        """See ``Positions.take_pings``."""
        found = await self._do("LPOP", _key(market_id, "pings"), limit)
        return tuple(_ping(line) for line in found or ())

    async def publish(self, channel: str, data: Json) -> int:
        """See ``Hub.publish``."""
        keys = [_key(channel, "seq"), _key(channel, "notices")]
        return int(await self._run(scripts.PUBLISH, keys, [KEPT_NOTICES, json.dumps(data), _BELL + channel]))

    async def last_seq(self, channel: str) -> int:
        """See ``Hub.last_seq``."""
        return int(await self._run(scripts.LAST_SEQ, [_key(channel, "seq")], []))

    async def notices(self, channel: str, after: int, *, wait_s: float = 0.0) -> Notices:
        """See ``Hub.notices``."""
        if wait_s <= 0 or self._closed:
            return await self._notices(channel, after)
        await self._listen()
        bell = self._bells.setdefault(channel, asyncio.Event())
        found = await self._notices(channel, after)
        if found.items or found.missed:
            return found
        with suppress(TimeoutError):
            await asyncio.wait_for(bell.wait(), wait_s)
        return found if self._closed else await self._notices(channel, after)

    async def _notices(self, channel: str, after: int) -> Notices:
        last_seq = await self.last_seq(channel)
        rows = await self._do("XRANGE", _key(channel, "notices"), f"({after}-0", "+")
        kept = [Notice(int(name.split("-")[0]), json.loads(fields["data"])) for name, fields in rows]
        return since(kept, after, max(last_seq, kept[-1].seq if kept else 0))

    async def _listen(self) -> None:
        """See that bells ring from here on."""
        if self._listening is None:
            self._listening = asyncio.create_task(self._ring())
        with _available():
            await asyncio.wait_for(self._subscribed.wait(), 5)

    async def _ring(self) -> None:
        while not self._closed:
            with suppress(RedisError, OSError):
                await self._ring_until_cut_off()
            self._subscribed.clear()
            await asyncio.sleep(_AGAIN_S)

    async def _ring_until_cut_off(self) -> None:
        ropes = self._redis.pubsub()
        try:
            await ropes.psubscribe(f"{_BELL}*")
            async for message in ropes.listen():
                self._rung(message)
        finally:
            with suppress(RedisError, OSError):
                await ropes.aclose()  # type: ignore[no-untyped-call]

    def _rung(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "psubscribe":
            self._subscribed.set()
            waiting = list(self._bells)  # something may have been told while nobody listened
        else:
            waiting = [str(message["channel"]).removeprefix(_BELL)]
        for channel in waiting:
            bell = self._bells.pop(channel, None)
            if bell is not None:
                bell.set()

    async def acquire(self, name: str, holder: str, ttl_ms: int) -> Lease | None:
        """See ``Leases.acquire``."""
        token = await self._run(scripts.ACQUIRE, [_key(name, "lease"), _key(name, "token")], [holder, ttl_ms])
        return None if token is None else Lease(name, holder, int(token))

    async def renew(self, lease: Lease, ttl_ms: int) -> bool:
        """See ``Leases.renew``."""
        return bool(await self._run(scripts.RENEW, [_key(lease.name, "lease")], [lease.holder, lease.token, ttl_ms]))

    async def release(self, lease: Lease) -> None:
        """See ``Leases.release``."""
        await self.renew(lease, 0)

    async def take(self, key: str, limit: int, period_s: Seconds, cost: int = 1) -> Allowance:
        """See ``Rates.take``."""
        period_us = period_s * rate.SECOND_US
        rate.check(limit, cost)
        found = await self._run(scripts.TAKE, [_key(key, "rate")], [limit, period_us, cost])
        allowed, used, too_soon = (int(value) for value in found)
        return rate.allowance(bool(allowed), used, too_soon, period_us, limit)

    async def close(self) -> None:
        """See ``LiveState.close``."""
        self._closed = True
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        for bell in self._bells.values():
            bell.set()
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    async def _run(self, script: str, keys: Sequence[str], values: Sequence[str | int]) -> Any:  # noqa: ANN401
        with _available():
            return await self._scripts[script](keys=keys, args=values)

    async def _do(self, *command: str | int) -> Any:  # noqa: ANN401
        with _available():
            return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]


_SCRIPTS: Final = (
    scripts.REPORT,
    scripts.LAST_SEQ,
    scripts.PUBLISH,
    scripts.ACQUIRE,
    scripts.RENEW,
    scripts.TAKE,
)


def _key(name: str, what: str) -> str:
    return f"{_PREFIX}:{{{name}}}:{what}"


def _line(ping: Ping) -> str:
    return json.dumps([ping.rider_id, ping.received_at, encode(ping.position)], separators=(",", ":"))


def _ping(line: str) -> Ping:
    rider_id, received_at, position = json.loads(line)
    return Ping(RiderId(rider_id), decode(Position, position, "position"), received_at)


def _seen(value: str) -> Seen:
    ping = _ping(value.partition(" ")[2])
    return Seen(ping.position, ping.received_at)

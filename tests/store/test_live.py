"""What live state promises, in the process and in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from dispatch.model.order import MarketId
from dispatch.model.place import Place, Position
from dispatch.model.rider import RiderId
from dispatch.store.live.memory import MemoryLive
from dispatch.store.live.open import LiveUrlError, open_live
from dispatch.store.live.ports import LiveState, Ping, Seen
from dispatch.store.live.redis_live import LiveUnavailableError, RedisLive
from dispatch.units import Instant
from tests.support.builders import MARKET, NOON
from tests.support.servers import Redis

T = TypeVar("T")
R1, R2 = RiderId("r1"), RiderId("r2")
Scene = Callable[[LiveState], Awaitable[None]]
Play = Callable[[Scene], None]


@pytest.fixture(params=["memory", "redis"])
def play(request: pytest.FixtureRequest) -> Play:
    """Plays a scene on a new, empty live state."""
    url: str | None = None
    if request.param == "redis":
        server: Redis = request.getfixturevalue("redis_server")
        server.empty()
        url = server.url

    def played(scene: Scene) -> None:
        async def whole() -> None:
            live = open_live(url)
            try:
                await asyncio.wait_for(scene(live), 20)
            finally:
                await live.close()

        asyncio.run(whole())

    return played


def at(occurred_at: Instant, east: float = 0.0) -> Position:
    return Position(
        Place(4.65, -74.06 + east), occurred_at, accuracy_m=8, speed_kmh=21.5, heading_deg=90.0, source="gps"
    )


def test_the_newest_position_counts_whatever_the_order_in_which_they_come(play: Play) -> None:
    async def scene(live: LiveState) -> None:
        assert await live.position(MARKET, R1) is None
        assert await live.report(MARKET, {R1: [at(NOON + 5), at(NOON + 15), at(NOON + 10)]}, NOON + 16) == {R1}
        assert await live.position(MARKET, R1) == Seen(at(NOON + 15), NOON + 16)
        late = {R1: [at(NOON), at(NOON + 15, east=1.0)], R2: [at(NOON + 1)]}
        assert await live.report(MARKET, late, NOON + 20) == {R2}
        assert await live.report(MARKET, late, NOON + 21) == frozenset()
        assert await live.positions(MARKET) == {
            R1: Seen(at(NOON + 15), NOON + 16),
            R2: Seen(at(NOON + 1), NOON + 20),
        }
        assert await live.positions(MarketId("cali")) == {}
        assert await live.report(MARKET, {R1: []}, NOON + 22) == frozenset()
        assert await live.report(MARKET, {}, NOON + 22) == frozenset()

    play(scene)


def test_a_device_whose_clock_is_ahead_does_not_hide_what_it_reports_later(play: Play) -> None:
    async def scene(live: LiveState) -> None:
        await live.report(MARKET, {R1: [at(NOON + 3600)]}, NOON)
        await live.report(MARKET, {R1: [at(NOON + 5, east=1.0)]}, NOON + 5)
        seen = await live.position(MARKET, R1)
        assert seen == Seen(at(NOON + 5, east=1.0), NOON + 5)
        assert not seen.is_stale(NOON + 65, 60)
        assert seen.is_stale(NOON + 66, 60)

    play(scene)


def test_riders_are_heard_of_and_fall_silent(play: Play) -> None:
    async def scene(live: LiveState) -> None:
        await live.report(MARKET, {R1: [at(NOON)]}, NOON)
        await live.heard_of(MARKET, [R2], NOON - 30)
        await live.heard_of(MARKET, [R1], NOON - 50)
        assert await live.presence(MARKET) == {R1: NOON, R2: NOON - 30}
        assert await live.silent(MARKET, NOON) == (R2,)
        assert await live.silent(MARKET, NOON + 1) == (R2, R1)
        await live.forget(MARKET, R1)
        assert await live.presence(MARKET) == {R2: NOON - 30}
        assert await live.position(MARKET, R1) is None

    play(scene)


def test_positions_wait_for_the_history_in_the_order_in_which_they_came(play: Play) -> None:
    async def scene(live: LiveState) -> None:
        await live.report(MARKET, {R1: [at(NOON + 9), at(NOON)]}, NOON + 10)
        await live.report(MARKET, {R2: [at(NOON + 3)]}, NOON + 12)
        assert await live.take_pings(MARKET, 2) == (Ping(R1, at(NOON + 9), NOON + 10), Ping(R1, at(NOON), NOON + 10))
        assert await live.take_pings(MARKET, 5) == (Ping(R2, at(NOON + 3), NOON + 12),)
        assert await live.take_pings(MARKET, 5) == ()

    play(scene)


def test_notices_are_heard_once_each_in_order(play: Play) -> None:
    async def scene(live: LiveState) -> None:
        start = await live.last_seq("market:bogota")
        first = await live.publish("market:bogota", {"order": "o1", "text": "Nguyễn"})
        second = await live.publish("market:bogota", None)
        await live.publish("rider:r1", "elsewhere")
        assert start < first < second
        found = await live.notices("market:bogota", start)
        assert [(n.seq, n.data) for n in found.items] == [(first, {"order": "o1", "text": "Nguyễn"}), (second, None)]
        assert (found.missed, found.last_seq) == (False, second)
        assert [n.seq for n in (await live.notices("market:bogota", first)).items] == [second]
        nothing = await live.notices("market:bogota", second)
        assert (nothing.items, nothing.missed) == ((), False)

    play(scene)


def test_who_waits_is_woken_at_once(play: Play) -> None:
    async def scene(live: LiveState) -> None:
        start = await live.last_seq("rider:r1")
        waiting = [asyncio.create_task(live.notices("rider:r1", start, wait_s=15)) for _ in range(20)]
        other = asyncio.create_task(live.notices("rider:r2", await live.last_seq("rider:r2"), wait_s=0.5))
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in waiting)
        await live.publish("rider:r1", "come")
        for task in waiting:
            assert [n.data for n in (await asyncio.wait_for(task, 5)).items] == ["come"]
        assert (await other).items == ()

    play(scene)


def test_who_asks_for_more_than_is_kept_is_told_so(play: Play) -> None:
    async def scene(live: LiveState) -> None:
        start = await live.last_seq("c")
        for number in range(9000):
            await live.publish("c", number)
        found = await live.notices("c", start)
        assert found.missed
        assert found.items[-1].data == 8999
        assert len(found.items) < 9000
        assert not (await live.notices("c", found.items[0].seq)).missed
        before = await live.notices("c", start - 10**9, wait_s=5)
        assert before.missed

    play(scene)


def test_a_lease_has_one_holder_until_it_runs_out(play: Play) -> None:
    async def scene(live: LiveState) -> None:
        first = await live.acquire("market:bogota", "a", 300)
        assert first is not None
        assert await live.acquire("market:bogota", "b", 300) is None
        assert await live.acquire("market:bogota", "a", 300) == first
        assert await live.acquire("market:cali", "b", 300) is not None
        assert await live.renew(first, 300)
        await asyncio.sleep(0.5)
        second = await live.acquire("market:bogota", "b", 300)
        assert second is not None
        assert second.token > first.token
        assert not await live.renew(first, 300)
        await live.release(first)
        assert await live.renew(second, 300)
        await live.release(second)
        third = await live.acquire("market:bogota", "b", 300)
        assert third is not None
        assert third.token > second.token

    play(scene)


def test_a_rate_is_refilled_evenly(play: Play) -> None:
    async def scene(live: LiveState) -> None:
        taken = [await live.take("ana", 5, 1) for _ in range(6)]
        assert [one.allowed for one in taken] == [True] * 5 + [False]
        assert [one.remaining for one in taken[:5]] == [4, 3, 2, 1, 0]
        assert 0 < taken[-1].retry_after_s <= 0.2
        assert 0.5 < taken[-1].reset_s <= 1
        assert (await live.take("ben", 5, 1)).allowed
        await asyncio.sleep(taken[-1].retry_after_s + 0.02)
        assert (await live.take("ana", 5, 1)).allowed
        assert not (await live.take("ana", 5, 1, cost=3)).allowed
        with pytest.raises(ValueError, match="at least 1"):
            await live.take("ana", 0, 1)

    play(scene)


def test_who_waits_at_the_end_is_answered(play: Play) -> None:
    async def scene(live: LiveState) -> None:
        waiting = asyncio.create_task(live.notices("c", await live.last_seq("c"), wait_s=15))
        await asyncio.sleep(0.2)
        await live.close()
        assert (await asyncio.wait_for(waiting, 5)).items == ()

    play(scene)


def test_a_redis_server_that_comes_back_empty_is_noticed() -> None:
    server = Redis()

    async def scene() -> None:
        live = RedisLive(server.url)
        lease = await live.acquire("market:bogota", "a", 60_000)
        seq = await live.publish("c", 1)
        waiting = asyncio.create_task(live.notices("c", seq, wait_s=15))
        await asyncio.sleep(0.2)
        server.server.kill()
        with pytest.raises(LiveUnavailableError):
            await live.publish("c", 2)
        server.server.start()
        assert lease is not None
        assert not await live.renew(lease, 60_000)
        anew = await live.acquire("market:bogota", "b", 60_000)
        assert anew is not None
        assert anew.token > lease.token
        assert await live.publish("c", 3) > seq
        found = await asyncio.wait_for(waiting, 10)
        assert found.missed or [n.data for n in found.items] == [3]
        await live.close()

    try:
        asyncio.run(scene())
    finally:
        server.server.remove()


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(LiveUrlError):
        open_live("http://localhost")
    assert isinstance(open_live(), MemoryLive)

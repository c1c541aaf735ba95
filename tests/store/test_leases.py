"""One writer a market: leases in the database, and what keeps out a holder that hung and comes back."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from dispatch.errors import StaleError
from dispatch.store.leases import StoreLeases, acquire_lease, fence_market
from dispatch.store.live.memory import MemoryLive
from dispatch.store.live.ports import Lease
from dispatch.store.store import Store, open_store
from tests.support.builders import MARKET
from tests.support.recorded import KNOWN, an_append


def test_a_lease_has_one_holder_until_it_runs_out(store: Store) -> None:
    async def scene() -> None:
        leases = StoreLeases(store.writer)
        first = await leases.acquire("market:bogota", "a", 400)
        assert first is not None
        assert await leases.acquire("market:bogota", "b", 400) is None
        assert await leases.acquire("market:bogota", "a", 400) == first
        assert await leases.acquire("market:cali", "b", 400) is not None
        assert await leases.renew(first, 400)
        await asyncio.sleep(0.6)
        assert not await leases.renew(first, 400)
        second = await leases.acquire("market:bogota", "b", 400)
        assert second is not None
        assert second.token > first.token
        await leases.release(first)
        assert await leases.renew(second, 60_000)
        await leases.release(second)
        third = await leases.acquire("market:bogota", "a", 400)
        assert third is not None
        assert third.token > second.token

    asyncio.run(scene())


def test_of_many_who_ask_at_once_one_gets_the_lease(store: Store, store_url: str) -> None:
    def ask(number: int) -> Lease | None:
        asked = (store, other)[number % 2]
        return asked.run(lambda c: acquire_lease(c, "market:bogota", f"w{number}", 60_000)).result()

    with open_store(store_url) as other, ThreadPoolExecutor(8) as pool:
        got = [lease for lease in pool.map(ask, range(16)) if lease is not None]
    assert len(got) == 1


def test_a_holder_that_hung_and_comes_back_writes_nothing(store: Store, store_url: str) -> None:
    def take(asked: Store, holder: str) -> Lease:
        lease = asked.run(lambda c: acquire_lease(c, "market:bogota", holder, 1)).result()
        assert lease is not None
        asked.run(lambda c: fence_market(c, MARKET, lease.token)).result()
        return lease

    hanging = take(store, "a")
    store.submit(an_append("c1", [KNOWN], 0, fence=hanging.token)).result()
    with open_store(store_url) as other:
        asyncio.run(asyncio.sleep(0.01))
        newer = take(other, "b")
        assert newer.token > hanging.token
        # The new holder has written nothing yet: the fence alone keeps the old one out.
        with pytest.raises(StaleError) as caught:
            store.submit(an_append("c2", [KNOWN], 1, fence=hanging.token)).result()
        assert caught.value.code == "lease_lost"
        other.submit(an_append("c3", [KNOWN], 1, fence=newer.token)).result()
    with pytest.raises(StaleError):
        store.run(lambda c: fence_market(c, MARKET, hanging.token)).result()
    assert [recorded.command_id for recorded in store.read(MARKET)] == ["c1", "c3"]


def test_leases_may_move_between_the_database_and_elsewhere(store: Store) -> None:
    async def scene() -> None:
        tokens = []
        for leases in (StoreLeases(store.writer), MemoryLive(), StoreLeases(store.writer), MemoryLive()):
            lease = await leases.acquire("market:bogota", "a", 1)
            assert lease is not None
            tokens.append(lease.token)
            await asyncio.sleep(0.01)
        assert tokens == sorted(set(tokens))

    asyncio.run(scene())

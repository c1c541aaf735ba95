"""Holding a market: the lease outlasts a long start, and nothing is decided while it may be somebody else's."""

from __future__ import annotations

import asyncio

import pytest

from dispatch.engine.background import Background
from dispatch.engine.clock import SystemClock
from dispatch.errors import NotFoundError, StaleError
from dispatch.model.actor import SYSTEM_ACTOR, ActorKind
from dispatch.model.commands import CancelOrder
from dispatch.model.order import OrderId
from dispatch.model.reasons import CancelReason
from dispatch.service.asks import Ask
from dispatch.service.feed import Feed
from dispatch.service.holder import Holder
from dispatch.service.host import Host
from dispatch.service.markets import Market, MarketSettings
from dispatch.store.leases import fence_market
from dispatch.store.live.memory import MemoryLive
from dispatch.store.store import Store, open_store
from tests.support.builders import MARKET

UNKNOWN = CancelOrder(order_id=OrderId("none"), by=ActorKind.CUSTOMER, reason=CancelReason.DUPLICATE)
ASK = Ask(command=UNKNOWN, actor=SYSTEM_ACTOR, command_id="c1")


def a_holder(store: Store, leases: MemoryLive, name: str, told: list[str], start_s: float) -> Holder:
    def make_host(market: Market, token: int) -> Host:
        return Host(market.settings.id, store, SystemClock(), fence=token)

    async def start(_: Market, __: Host, ___: Background) -> None:
        await asyncio.sleep(start_s)

    def tell(_: str, change: str) -> None:
        told.append(f"{name} {change}")

    market = Market(MarketSettings(id=MARKET), Feed(MARKET, store))
    return Holder(market, leases, store, name, make_host, start, tell)


def test_a_market_that_takes_longer_to_open_than_a_lease_lasts_has_one_holder(sqlite_url: str) -> None:
    async def play() -> list[str]:
        told: list[str] = []
        leases = MemoryLive()
        async with Background() as work:
            for name in ("a", "b"):
                work.start(a_holder(store, leases, name, told, start_s=4.5).run(), name)
            async with asyncio.timeout(10):
                while not told:
                    await asyncio.sleep(0.1)
            await asyncio.sleep(1)
            return list(told)

    with open_store(sqlite_url) as store:
        assert asyncio.run(play()) == ["a taken"]


def test_a_market_that_cannot_be_opened_is_left_to_others(sqlite_url: str) -> None:
    async def play() -> list[str]:
        told: list[str] = []
        leases = MemoryLive()
        await asyncio.wrap_future(store.run(lambda connection: fence_market(connection, MARKET, 2**62)))
        async with Background() as work:
            work.start(a_holder(store, leases, "a", told, start_s=0).run(), "a")
            await asyncio.sleep(0.2)
            async with asyncio.timeout(10):
                while await leases.acquire(f"market:{MARKET}", "b", 1_000) is None:
                    await asyncio.sleep(0.05)
            return told

    with open_store(sqlite_url) as store:
        assert asyncio.run(play()) == []


@pytest.mark.parametrize("lost", [False, True])
def test_who_hung_decides_nothing_before_there_is_word_of_the_lease(sqlite_url: str, *, lost: bool) -> None:
    async def play() -> None:
        host = Host(MARKET, store, SystemClock(), fence=1)
        await host.open()
        host.sure_until = 0.0
        answer = asyncio.ensure_future(host.execute(ASK))
        assert not (await asyncio.wait((answer,), timeout=0.3))[0]
        if lost:
            host.lost = True
            with pytest.raises(StaleError) as gone:
                await answer
            assert gone.value.code == "lease_lost"
        else:
            host.sure_until = float("inf")
            with pytest.raises(NotFoundError):
                await answer

    with open_store(sqlite_url) as store:
        asyncio.run(play())

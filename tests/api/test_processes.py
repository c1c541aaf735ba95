"""Several processes: one holds the market, the others hand commands on, and take over when it is gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import update

from dispatch.engine.clock import SystemClock
from dispatch.errors import ConflictError
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.commands import CancelOrder, Command, PlaceOrder, RegisterMerchant
from dispatch.model.events import OrderPlaced
from dispatch.model.order import OrderId
from dispatch.model.reasons import CancelReason
from dispatch.model.state import OrderState
from dispatch.service.asks import Ask, Done, Ref
from dispatch.service.forward import MarketAwayError
from dispatch.service.markets import MarketSettings
from dispatch.service.running import Running, run_services
from dispatch.service.service import Services
from dispatch.solver.solve import solve
from dispatch.store.live.open import open_live
from dispatch.store.store import open_store
from dispatch.store.tables import LEASES
from tests.support.builders import MARKET, a_merchant, an_order
from tests.support.servers import Redis

STAFF = Actor(ActorKind.DISPATCHER, "d1")


@asynccontextmanager
async def a_process(store_url: str, redis: Redis | None, *, holding: bool = True) -> AsyncIterator[Services]:
    live = None if redis is None else open_live(redis.url)
    how = Running(live=live, holding=holding, ticking=False)
    with open_store(store_url) as store:
        async with run_services(store, SystemClock(), solve, [MarketSettings(id=MARKET)], how) as services:
            yield services
    if live is not None:
        await live.close()


def ask(command: Command, name: str, about: Ref | None = None) -> Ask:
    return Ask(command=command, actor=STAFF, command_id=name, about=about)


async def do(services: Services, command: Command, name: str, order_id: str = "") -> Done:
    about = Ref("orders", order_id) if order_id else None
    return await services.markets.execute(MARKET, ask(command, name, about))


async def until_held(services: Services) -> None:
    async with asyncio.timeout(10):
        while services.markets.get(MARKET).host is None:
            await asyncio.sleep(0.02)


async def until_seen(services: Services, seq: int) -> None:
    async with asyncio.timeout(5):
        while services.markets.get(MARKET).feed.seq < seq:
            await asyncio.sleep(0.02)


def test_commands_are_handed_on_to_the_holder(store_url: str, redis_server: Redis) -> None:
    async def play() -> None:
        async with a_process(store_url, redis_server) as worker:
            await until_held(worker)
            async with a_process(store_url, redis_server, holding=False) as api:
                assert (await do(api, RegisterMerchant(merchant=a_merchant()), "c1")).events[0].seq == 1
                placed = await do(api, PlaceOrder(order=an_order()), "c2", "o1")
                assert isinstance(placed.entity, OrderState)
                assert placed.entity.order == an_order()
                again = await do(api, PlaceOrder(order=an_order()), "c2", "o1")
                assert (again.events, again.entity, again.repeated) == (placed.events, placed.entity, True)
                gone = CancelOrder(order_id=OrderId("o1"), by=ActorKind.CUSTOMER, reason=CancelReason.DUPLICATE)
                await do(api, gone, "c3")
                with pytest.raises(ConflictError, match="cancelled") as refused:
                    await do(api, gone, "c4")
                assert refused.value.code == "illegal_move"
                await until_seen(api, 3)

    asyncio.run(play())


def test_another_process_takes_over_and_nothing_is_doubled(store_url: str, redis_server: Redis) -> None:
    async def play() -> None:
        async with a_process(store_url, redis_server, holding=False) as api:
            first, second = a_process(store_url, redis_server), a_process(store_url, redis_server)
            one = await first.__aenter__()
            await until_held(one)
            other = await second.__aenter__()
            await do(api, PlaceOrder(order=an_order("o0")), "first")
            commands = [do(api, PlaceOrder(order=an_order(f"o{n}")), f"c{n}") for n in range(1, 40)]
            placing = asyncio.gather(*commands)
            await asyncio.sleep(0.01)
            began = time.monotonic()
            await first.__aexit__(None, None, None)
            await until_held(other)
            assert time.monotonic() - began < 5
            await placing
            await second.__aexit__(None, None, None)
        with open_store(store_url) as store:
            placed = [e.event.order.id for e in store.read(MARKET) if isinstance(e.event, OrderPlaced)]
        assert sorted(placed) == sorted(f"o{n}" for n in range(40))

    asyncio.run(play())


def test_a_holder_that_hung_writes_nothing_when_it_comes_back(sqlite_url: str) -> None:
    async def play() -> None:
        async with a_process(sqlite_url, None) as one:
            host = one.markets.get(MARKET).host
            assert host is not None
            assert host.fence is not None
            await do(one, PlaceOrder(order=an_order("o1")), "c1")
            host.fence -= 1  # as one whose lease was over long ago
            with pytest.raises(Exception, match="lease") as refused:
                await do(one, PlaceOrder(order=an_order("o2")), "c2")
            assert getattr(refused.value, "code", "") == "lease_lost"
            async with asyncio.timeout(10):
                while one.markets.get(MARKET).host in (host, None):
                    await asyncio.sleep(0.02)
            done = await do(one, PlaceOrder(order=an_order("o2")), "c2")
            assert [entry.seq for entry in done.events] == [2]

    asyncio.run(play())


def test_a_lease_that_ran_out_is_taken_anew_without_letting_go(sqlite_url: str) -> None:
    async def play() -> None:
        async with a_process(sqlite_url, None) as one:
            host = one.markets.get(MARKET).host
            assert host is not None
            assert host.fence is not None
            fence = host.fence
            await asyncio.wrap_future(one.store.run(lambda c: c.execute(update(LEASES).values(expires_ms=0))))
            async with asyncio.timeout(20):
                while host.fence == fence:
                    await asyncio.sleep(0.02)
            assert host.fence > fence
            assert (await do(one, PlaceOrder(order=an_order()), "c1")).events[0].seq == 1
            assert one.markets.get(MARKET).host is host

    asyncio.run(play())


def test_without_a_holder_commands_are_refused_and_may_be_sent_again(sqlite_url: str) -> None:
    async def play() -> None:
        async with a_process(sqlite_url, None, holding=False) as api:
            with pytest.raises(MarketAwayError):
                await do(api, PlaceOrder(order=an_order()), "c1")

    asyncio.run(play())

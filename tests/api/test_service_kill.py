"""The whole service is killed at random moments while people use it: what it acknowledged is there, and all agrees.

``make endure`` kills it a hundred times.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from dispatch.model.events import OrderDelivered, OrderPickedUp, OrderPlaced
from dispatch.model.fold import apply
from dispatch.model.order import MarketId
from dispatch.model.rider import TaskKind
from dispatch.model.state import MarketState
from dispatch.store.store import Store, open_store
from dispatch.store.tables import COMMANDS
from dispatch.store.verify import verify
from tests.api.test_serve import PATIENCE_S, Process
from tests.support.busy_city import Acknowledged, City, Phone
from tests.support.servers import Postgres, Redis

KILLS = int(os.environ.get("DISPATCH_KILLS", "3"))
pytestmark = pytest.mark.skipif("DISPATCH_KILLS" not in os.environ, reason="takes minutes: make endure")

LONGEST_S = 2.0
CHECK_EVERY = 10
MAIN = MarketId("main")
RIDERS = tuple(f"r{number}" for number in range(8))
SECRET = {"DISPATCH_SECRET": "of this test and of nothing else"}


def test_every_acknowledged_write_outlives_kills_of_the_service(tmp_path: Path) -> None:
    asyncio.run(live_and_die(f"sqlite:///{tmp_path}/city.db", (), KILLS))


def test_the_same_on_postgresql_and_redis(postgres: Postgres, redis_server: Redis) -> None:
    redis_server.empty()
    name = postgres.new_database()
    asyncio.run(live_and_die(postgres.url(name), ("--redis", redis_server.url), max(2, KILLS // 4)))
    postgres.drop_database(name)


async def live_and_die(url: str, more: tuple[str, ...], kills: int) -> None:
    """Start, use and kill a service again and again; look at what it leaves."""
    chance = random.Random(20_261_122)
    city = City(chance)
    people: list[asyncio.Task[None]] = []
    try:
        for life in range(kills):
            service = await asyncio.to_thread(Process, "--db", url, *more, environment=SECRET)
            try:
                city.urls = [service.url]
                people = people or await move_in(city, service)
                # Now and then wait for the first plan, so that offers of the service are under way as well.
                await use(city, service, people, chance, ready=life % 4 == 1)
            finally:
                await asyncio.to_thread(service.stop, signal.SIGKILL)
            if life % CHECK_EVERY == CHECK_EVERY - 1 or life == kills - 1:
                await asyncio.to_thread(check, url, city.noted)
        assert len(city.noted.commands) > 20 * kills
    finally:
        for one in people:
            one.cancel()
        await asyncio.gather(*people, return_exceptions=True)
        await city.close()


async def move_in(city: City, service: Process) -> list[asyncio.Task[None]]:
    """Make everybody known, and let them begin."""
    password = await asyncio.to_thread(service.wait_for, r"password (\S+)")
    with await asyncio.to_thread(service.sign_in, password) as admin:
        key = admin.post("/v1/keys", json={"name": "office", "role": "admin"}).raise_for_status().json()
    await city.set_up(key, RIDERS)
    shops = [city.place_orders() for _ in range(4)]
    desks = [city.decide(RIDERS) for _ in range(2)]
    phones = [Phone(city, name).ride() for name in RIDERS]
    return [asyncio.create_task(one) for one in (*shops, *desks, *phones)]


async def use(
    city: City, service: Process, people: list[asyncio.Task[None]], chance: random.Random, *, ready: bool
) -> None:
    """Let people work for a moment, from the first acknowledgement on."""
    before = len(city.noted.commands)
    until = time.monotonic() + PATIENCE_S
    while len(city.noted.commands) == before or (ready and not await is_ready(service.url)):
        assert time.monotonic() < until, "nothing was acknowledged"
        assert service.process.poll() is None, "the service ended by itself"
        await asyncio.sleep(0.01)
    await city.ask_again()
    await asyncio.sleep(chance.random() * LONGEST_S)
    for one in people:
        if one.done():
            one.result()


async def is_ready(url: str) -> bool:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{url}/health/ready")).status_code == 200


def check(url: str, noted: Acknowledged) -> None:
    """Everything that was acknowledged is there, once, and all tables follow from the log."""
    with open_store(url) as store:
        with store.reading() as connection:
            assert verify(connection).faults == []
            kept = set(connection.execute(select(COMMANDS.c.command_id)).scalars())
        assert noted.commands - kept == set(), "acknowledged commands are not in the database"
        assert noted.orders - store.load_state(MAIN).orders.keys() == set()
        done = told_by(store)
    for kind in (OrderPlaced, OrderPickedUp, OrderDelivered):
        assert max(done[kind].values(), default=1) == 1, f"{kind.__name__} happened twice to an order"
    assert done[OrderDelivered].keys() <= done[OrderPickedUp].keys() <= done[OrderPlaced].keys()
    assert len(done[OrderDelivered]) > 3


def told_by(store: Store) -> Mapping[type, Counter[str]]:
    """How often what happened to which order; on the way, that no order ever has two riders."""
    state = MarketState(MAIN)
    done: dict[type, Counter[str]] = {kind: Counter() for kind in (OrderPlaced, OrderPickedUp, OrderDelivered)}
    for entry in store.read(MAIN):
        apply(state, entry)
        match entry.event:
            case OrderPlaced(order=order):
                done[OrderPlaced][order.id] += 1
            case OrderPickedUp(order_id=name) | OrderDelivered(order_id=name):
                done[type(entry.event)][name] += 1
            case _:
                pass
        assert_one_rider_each(state)
    return done


def assert_one_rider_each(state: MarketState) -> None:
    carried: dict[tuple[str, TaskKind], str] = {}
    for rider_id, rider in state.riders.items():
        for task in rider.tasks:
            other = carried.setdefault((task.order_id, task.kind), rider_id)
            assert other == rider_id, f"order {task.order_id} has the riders {other} and {rider_id}"
            assert state.orders[task.order_id].rider_id in (None, rider_id)

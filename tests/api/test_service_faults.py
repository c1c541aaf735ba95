"""What the service stands on fails while people use it: a holder hangs, Redis and the database are killed.

`make endure` does each of these several times.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import pytest

from tests.api.test_serve import Process
from tests.api.test_service_kill import SECRET, check, move_in
from tests.api.test_service_relay import look_after
from tests.support.busy_city import City
from tests.support.servers import Postgres, Redis, Server
from tests.support.store_fixtures import make_tables

pytestmark = pytest.mark.skipif("DISPATCH_KILLS" not in os.environ, reason="takes minutes: make endure")

ROUNDS: Final = max(1, int(os.environ.get("DISPATCH_KILLS", "1")) // 25)
HANGS_S: Final = 6.0
"""Longer than a lease."""
AWAY_S: Final = 1.0
USE_S: Final = 1.5
REFUSED_S: Final = 20.0
"""The longest that writes may be refused, on a machine that has other things to do as well."""

Fault = Callable[[], Awaitable[float]]
"""Something that goes wrong; the seconds until a write sent after that was acknowledged."""


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server that the test may kill."""
    server = Postgres(durable=True)
    yield server
    server.server.remove()


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """A server that the test may kill."""
    server = Redis()
    yield server
    server.server.remove()


def test_hanging_and_restarting_parts_lose_and_double_nothing(own_postgres: Postgres, own_redis: Redis) -> None:
    database = own_postgres.url(own_postgres.new_database())
    make_tables(database)
    took_s = asyncio.run(endure(database, own_postgres.server, own_redis))
    for fault, times in took_s.items():
        print(f"{fault}: the next write took {', '.join(f'{one:.1f} s' for one in times)}")  # noqa: T201
    assert max(max(times) for times in took_s.values()) < REFUSED_S


async def endure(database: str, postgres: Server, redis: Redis) -> dict[str, list[float]]:
    """Use two workers and an API while one part after the other is away; how long writes then took."""
    city, running = City(random.Random(20_261_122)), list[Process]()
    people: list[asyncio.Task[None]] = []
    words = ("--db", database, "--redis", redis.url, "--role")
    try:
        for role in ("worker", "worker", "api"):
            running.append(await asyncio.to_thread(Process, *words, role, environment=SECRET))
        city.urls = [running[-1].url]
        people = await move_in(city, running[-1])
        faults: dict[str, Fault] = {
            "the first worker hangs": lambda: hang(city, running[0]),
            "the second worker hangs": lambda: hang(city, running[1]),
            "Redis restarts": lambda: restart(city, redis.server),
            "PostgreSQL restarts": lambda: restart(city, postgres),
        }
        took_s: dict[str, list[float]] = {name: [] for name in faults}
        for _ in range(ROUNDS):
            for name, fault in faults.items():
                await asyncio.sleep(USE_S + city.chance.random())
                took_s[name].append(await fault())
                look_after(people)
        await city.ask_again()
    finally:
        for one in people:
            one.cancel()
        await asyncio.gather(*people, return_exceptions=True)
        await city.close()
        for process in running:
            await asyncio.to_thread(process.stop, signal.SIGKILL)
    await asyncio.to_thread(check, database, city.noted)
    return took_s


async def hang(city: City, worker: Process) -> float:
    """A worker stops for longer than a lease, and goes on; one of the two holds the market."""
    worker.process.send_signal(signal.SIGSTOP)
    took_s, _ = await asyncio.gather(next_write(city), asyncio.sleep(HANGS_S))
    await asyncio.sleep(USE_S)
    worker.process.send_signal(signal.SIGCONT)
    return max(took_s, await next_write(city))


async def restart(city: City, server: Server) -> float:
    """A power cut of a server, and its start a moment later; counted from when it is there again."""
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(AWAY_S)
    await asyncio.to_thread(server.start)
    return await next_write(city)


async def next_write(city: City) -> float:
    """How long it takes until a write is acknowledged that is sent now, and again until it is."""
    began = time.monotonic()
    name = f"after-{len(city.noted.commands)}-{city.chance.getrandbits(32)}"
    assert await city.write("/v1/merchants", {"id": name, "place": {"latitude": 4, "longitude": -74}})
    return time.monotonic() - began

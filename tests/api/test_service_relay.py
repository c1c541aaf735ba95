"""Two processes that answer and two that plan; one of them is killed again and again while people use the API.

`make endure` does that for some minutes, with a kill every 20 s.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from typing import Final

import pytest

from tests.api.test_serve import Process
from tests.api.test_service_kill import SECRET, check, move_in
from tests.support.busy_city import City
from tests.support.servers import Postgres, Redis

ROUNDS: Final = int(os.environ.get("DISPATCH_ROUNDS", "2"))
EVERY_S: Final = float(os.environ.get("DISPATCH_EVERY_S", "3"))
pytestmark = pytest.mark.skipif("DISPATCH_ROUNDS" not in os.environ, reason="takes minutes: make endure")

ROLES: Final = ("worker", "worker", "api", "api")
TAKEOVER_S: Final = 5.0
"""Until a write that was sent after the kill is acknowledged, by whoever holds the market then."""
SLOW: Final = float(os.environ.get("DISPATCH_SLOW", "2"))
"""How much longer it may take where tests share the machine."""


def test_kills_of_one_process_after_the_other_lose_and_double_nothing(postgres: Postgres, redis_server: Redis) -> None:
    redis_server.empty()
    name = postgres.new_database()
    took_s = asyncio.run(relay(postgres.url(name), redis_server.url))
    print(f"writes were answered {', '.join(f'{one:.1f} s' for one in took_s)} after a kill")  # noqa: T201
    assert max(took_s) < TAKEOVER_S * SLOW
    postgres.drop_database(name)


def look_after(people: list[asyncio.Task[None]]) -> None:
    """Raise what went wrong for one of them."""
    for one in people:
        if one.done():
            one.result()


async def relay(database: str, redis: str) -> list[float]:
    """Kill and start processes in turn; how long the first write after each kill took."""
    chance = random.Random(20_261_122)
    city, running, people = City(chance), {}, list[asyncio.Task[None]]()

    async def start(slot: int) -> None:
        words = ("--db", database, "--redis", redis, "--role", ROLES[slot])
        running[slot] = await asyncio.to_thread(Process, *words, environment=SECRET)
        city.urls = [one.url for place, one in sorted(running.items()) if ROLES[place] == "api"]

    took_s: list[float] = []
    try:
        for slot in range(len(ROLES)):  # the first worker makes the tables and the market
            await start(slot)
        people = await move_in(city, running[2])
        for number in range(ROUNDS):
            await asyncio.sleep(EVERY_S)
            slot = (0, 2, 1, 3)[number % 4]
            killed = running.pop(slot)
            city.urls = [one.url for place, one in sorted(running.items()) if ROLES[place] == "api"]
            began = time.monotonic()
            await asyncio.to_thread(killed.stop, signal.SIGKILL)
            assert await city.write(
                "/v1/merchants", {"id": f"after-{number}", "place": {"latitude": 4, "longitude": -74}}
            )
            took_s.append(time.monotonic() - began)
            await city.ask_again()
            await start(slot)
            look_after(people)
        await asyncio.sleep(EVERY_S)
    finally:
        for one in people:
            one.cancel()
        await asyncio.gather(*people, return_exceptions=True)
        await city.close()
        for process in running.values():
            await asyncio.to_thread(process.stop, signal.SIGKILL)
    await asyncio.to_thread(check, database, city.noted)
    return took_s

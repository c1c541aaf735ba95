"""A rider of the load: sends positions, takes every offer, and rides each leg in a few seconds."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks.service.wire import Answer, Connection

Json = dict[str, Any]
Took = Callable[[str, float], None]
"""Told of each write: its kind, and how many seconds its answer took."""
LEG_S: Final = 10.0
EVERY_S: Final = 5.0
POLL_S: Final = 60


def wire_time(at: float) -> str:
    """An instant as the service reads it."""
    return datetime.fromtimestamp(int(at), UTC).isoformat()


class LoadRider:
    """One rider with a device of two connections. ``start`` is where the shift begins."""

    def __init__(
        self,
        url: str,
        rider_id: str,
        token: str,
        start: tuple[float, float],
        chance: random.Random,
        took: Took,
    ) -> None:
        self._mine, self._reporting = Connection(url), Connection(url)
        self.rider_id, self._token, self._place = rider_id, token, start
        self._chance, self._took = chance, took
        self._sequence = 0
        self._tag = ""
        self.refused: Counter[str] = Counter()

    async def begin(self) -> None:
        """Start the shift, and report for the first time; both connections are open then."""
        latitude, longitude = self._place
        body = {"start": {"latitude": latitude, "longitude": longitude}}
        (await self._mine.ask("POST", "/v1/riders/me/shift", body, token=self._token)).json()
        await self._write(self._reporting, "positions", self._seen(time.time()))

    async def report(self) -> None:
        """Send a batch of positions every few seconds, one for each second."""
        await asyncio.sleep(self._chance.random() * EVERY_S)
        due = time.monotonic()
        while True:
            await self._write(self._reporting, "positions", self._seen(time.time()))
            due += EVERY_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _seen(self, now: float) -> Json:
        """A batch of positions up to now."""
        latitude, longitude = self._place
        seen = [
            {
                "latitude": round(latitude + self._chance.uniform(-1e-4, 1e-4), 6),
                "longitude": longitude,
                "occurred_at": wire_time(now - ago),
                "accuracy_m": 10,
            }
            for ago in range(int(EVERY_S))
        ]
        return {"positions": seen}

    async def ride(self) -> None:
        """Wait for offers and do what is to be done, until cancelled."""
        await asyncio.sleep(self._chance.random() * EVERY_S)
        tasks: Json = {"offers": [], "leg": None, "stops": []}
        while True:
            if tasks["offers"] or tasks["leg"] is not None or tasks["stops"]:
                tasks = await self._do(tasks)
            else:
                tasks = await self._pull(tasks)

    async def _pull(self, tasks: Json) -> Json:
        path = f"/v1/riders/me/tasks?wait_s={POLL_S}"
        answer = await self._mine.ask("GET", path, token=self._token, tag=self._tag)
        if answer.status == 304:
            return tasks
        self._tag = answer.tag
        found: Json = answer.json()
        return found

    async def _do(self, tasks: Json) -> Json:
        """The next thing, with what follows at once where that is known."""
        if tasks["offers"]:
            actions: list[Json] = [{"kind": "accept", "offer_id": offer["id"]} for offer in tasks["offers"]]
            return await self._act([*actions, *([] if tasks["stops"] else [self._departure()])])
        if tasks["leg"] is not None:
            arrives_at = datetime.fromisoformat(tasks["leg"]["arrives_at"]).timestamp()
            # The wire has whole seconds; people do not all arrive on the stroke of the clock.
            await asyncio.sleep(max(0.0, arrives_at - time.time()) + self._chance.random())
            goal = tasks["leg"]["destination"]
            self._place = (goal["latitude"], goal["longitude"])
            return await self._act([{"kind": "arrived"}, *self._at_stop(tasks["stops"])])
        if tasks["stops"][0]["place"] != tasks["rider"]["place"]:
            return await self._act([self._departure()])
        return await self._act(self._at_stop(tasks["stops"]))

    def _at_stop(self, stops: list[Json]) -> list[Json]:
        """What is done at the first stop, and the way to the next one."""
        if not stops:
            return []
        names = [task["order_id"] for task in stops[0]["tasks"]]
        match stops[0]["tasks"][0]["kind"]:
            case "pickup":
                done: list[Json] = [{"kind": "picked_up", "order_ids": names}]
            case "dropoff":
                done = [{"kind": "delivered", "order_id": name} for name in names]
            case _:
                done = [{"kind": "returned", "order_id": name} for name in names]
        return [*done, *([self._departure()] if len(stops) > 1 else [])]

    @staticmethod
    def _departure() -> Json:
        return {"kind": "depart", "arrives_at": wire_time(time.time() + LEG_S)}

    async def _act(self, actions: list[Json]) -> Json:
        for action in actions:
            self._sequence += 1
            action["sequence"] = self._sequence
        answer = await self._write(self._mine, "actions", {"actions": actions})
        told = answer.json()
        refused = [result["code"] for result in told["results"] if result["status"] == "refused"]
        if refused:
            self.refused.update(refused)
            await asyncio.sleep(1.0)
        self._tag = answer.tag
        tasks: Json = told["tasks"]
        return tasks

    async def _write(self, connection: Connection, kind: str, body: Json) -> Answer:
        path = f"/v1/riders/me/{kind}"
        began = time.perf_counter()
        answer = await connection.ask("POST", path, body, token=self._token)
        self._took(kind, time.perf_counter() - began)
        if answer.status >= 400:
            raise RuntimeError(f"{path} was answered with {answer.status}: {answer.body[:300]!r}")
        return answer

    def close(self) -> None:
        """Hang up."""
        self._mine.close()
        self._reporting.close()

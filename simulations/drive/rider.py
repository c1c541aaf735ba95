"""A robot rider: pulls tasks, accepts, rides at the world's speed, reports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import numpy as np

from dispatch.model.order import Order
from dispatch.model.place import Place
from dispatch.model.rider import Rider, Shift
from simulations.drive.api import Caller, ServiceClock, instant_of, rfc3339
from simulations.drive.progress import Progress, Stage
from simulations.instance import Instance

Tasks = dict[str, Any]
SignIn = Callable[[], Awaitable[str]]
POLL_S: Final = 20.0
REPORT_S: Final = 5.0
REPORT_CLOCK_S: Final = 60.0
"""Positions are reported so often by the wall, and so often by the clock of the service, where that goes fast."""
_STEP_S: Final = 0.5


class RobotRider:
    """One rider through one shift. ``progress`` is told of what was done."""

    def __init__(
        self,
        instance: Instance,
        rider: Rider,
        shift: Shift,
        caller: Caller,
        clock: ServiceClock,
        sign_in: SignIn,
        orders: Mapping[str, Order],
        progress: Progress,
    ) -> None:
        self._instance, self._rider, self._shift = instance, rider, shift
        self._caller, self._clock, self._sign_in = caller, clock, sign_in
        self._orders, self._progress = orders, progress
        self._sequence = int(clock.now() * 1000)
        self._tag = ""
        self._tasks: Tasks | None = None
        self._seen_at: dict[str, float] = {}
        self._done_at = self._told_at = 0.0

    async def work(self) -> None:
        """Begin the shift when it begins, and go home when it is over and nothing is left to do."""
        await self._clock.until(self._shift.starts_at)
        self._caller.token = await self._sign_in()
        body = {"start": _place(self._shift.start), "ends_at": rfc3339(self._shift.ends_at)}
        await self._caller.ask("POST", "/v1/riders/me/shift", body)
        reporting = asyncio.create_task(self._report())
        try:
            while not await self._is_over():
                await self._pull()
                await self._react()
        finally:
            reporting.cancel()
        await self._caller.ask("DELETE", "/v1/riders/me/shift")

    async def _is_over(self) -> bool:
        tasks = self._tasks
        return (
            self._clock.now() >= self._shift.ends_at and tasks is not None and not tasks["stops"] and not tasks["leg"]
        )

    async def _pull(self) -> None:
        """Wait for news, but not beyond the next thing to do by oneself."""
        at = self._next_at()
        wait_s = POLL_S if at is None else max(0.0, min(POLL_S, (at - self._clock.now()) / self._clock.speed))
        answer = await self._caller.ask(
            "GET", "/v1/riders/me/tasks", query={"wait_s": wait_s}, headers={"If-None-Match": self._tag}
        )
        if answer.status_code == 401:
            self._caller.token = await self._sign_in()
        elif answer.status_code == 200:
            before = [] if self._tasks is None else self._tasks["stops"]
            self._tag, self._tasks = answer.headers["ETag"], answer.json()
            if self._tasks["stops"] != before:
                self._told_at = self._clock.now()
        elif answer.status_code != 304:
            await asyncio.sleep(_STEP_S)

    def _next_at(self) -> float | None:
        """When there is something to do as things stand; None where nothing is known."""
        if self._tasks is None:
            return self._clock.now()
        offers = [self._answer_at(offer) for offer in self._tasks["offers"]]
        step = self._step()
        every = [*offers, *([] if step is None else [step[0]])]
        return min(every, default=self._shift.ends_at if self._clock.now() < self._shift.ends_at else None)

    def _answer_at(self, offer: Tasks) -> float:
        return instant_of(offer["made_at"]) + self._instance.rules.accept_s

    async def _react(self) -> None:
        if self._tasks is None:
            return
        for offer in list(self._tasks["offers"]):
            at = self._answer_at(offer)
            if self._clock.now() >= at and await self._act("accept", at, offer_id=offer["id"]):
                self._progress.move(offer["order_ids"], Stage.ASSIGNED)
        step = self._step()
        if step is not None and self._clock.now() >= step[0] and await self._act(step[1], step[0], **step[2]):
            self._tell(step[1], step[2])

    def _tell(self, kind: str, fields: Mapping[str, Any]) -> None:
        if kind == "picked_up":
            self._progress.move(fields["order_ids"], Stage.ON_BOARD)
        elif kind == "returned":
            self._progress.move((fields["order_id"],), Stage.CANCELLED)
        elif kind == "delivered" and fields["order_id"] in self._orders:
            self._progress.deliver(self._orders[fields["order_id"]], self._done_at)

    def _step(self) -> tuple[float, str, dict[str, Any]] | None:
        """The next step of the route: when, what, and with which fields."""
        tasks = self._tasks
        if tasks is None:
            return None
        if tasks["leg"] is not None:
            return instant_of(tasks["leg"]["arrives_at"]), "arrived", {}
        if not tasks["stops"] or tasks["rider"]["place"] is None:
            return None
        stop = tasks["stops"][0]
        free_at = 0.0 if tasks["busy_until"] is None else float(instant_of(tasks["busy_until"]))
        if stop["place"] != tasks["rider"]["place"]:
            depart_at = 0.0 if tasks["depart_at"] is None else float(instant_of(tasks["depart_at"]))
            leaves_at = max(free_at, depart_at, self._since())
            arrives_at = leaves_at + self._ride_s(tasks["rider"]["place"], stop["place"])
            return leaves_at, "depart", {"arrives_at": rfc3339(arrives_at)}
        return self._at_stop(stop, free_at)

    def _since(self) -> float:
        """Since when the rider can do what is next: what was before is done, and the rider has been told."""
        return max(self._done_at, self._told_at)

    def _at_stop(self, stop: Tasks, free_at: float) -> tuple[float, str, dict[str, Any]]:
        """What is done at a stop, when the food is ready and the handling before it is over."""
        names = [task["order_id"] for task in stop["tasks"]]
        key = f"{stop['tasks'][0]['kind']} {names[0]}"
        there_at = max(free_at, self._seen_at.setdefault(key, self._since()))
        orders = [self._orders[name] for name in names if name in self._orders]
        if stop["tasks"][0]["kind"] == "pickup":
            ready_at = max(instant_of(task["ready_at"]) for task in stop["tasks"])
            before_s = max((order.pickup_handling.before_s for order in orders), default=0)
            return max(there_at + before_s, ready_at), "picked_up", {"order_ids": names}
        kind = "delivered" if stop["tasks"][0]["kind"] == "dropoff" else "returned"
        before_s = max((order.dropoff_handling.before_s for order in orders), default=0)
        return there_at + before_s, kind, {"order_id": names[0]}

    async def _act(self, kind: str, at: float, **fields: object) -> bool:
        """Say what was done, and when by the clock of the device; whether the service agrees.

        A step was done when it was due: what the wire takes is no time on the road, and would be minutes at high speed.
        """
        self._sequence += 1
        self._done_at = max(self._done_at, at)
        action = {"kind": kind, "sequence": self._sequence, "occurred_at": rfc3339(self._done_at), **fields}
        answer = await self._caller.ask("POST", "/v1/riders/me/actions", {"actions": [action]})
        if answer.status_code != 200:
            self._tag = ""
            await asyncio.sleep(_STEP_S)
            return False
        result = answer.json()
        self._tasks, self._tag = result["tasks"], answer.headers.get("ETag", "")
        if result["results"][0]["status"] == "refused":
            self._progress.refused += 1
            await asyncio.sleep(_STEP_S)
            return False
        return True

    async def _report(self) -> None:
        """Say every few seconds where the rider is."""
        while True:
            await asyncio.sleep(min(REPORT_S, REPORT_CLOCK_S / self._clock.speed))
            place = self._place_now()
            if place is not None:
                seen = {**place, "occurred_at": rfc3339(self._clock.now()), "accuracy_m": 10}
                await self._caller.ask("POST", "/v1/riders/me/positions", {"positions": [seen]})

    def _place_now(self) -> dict[str, float] | None:
        if self._tasks is None:
            return None
        leg = self._tasks["leg"]
        if leg is None:
            found: dict[str, float] | None = self._tasks["rider"]["place"]
            return found
        departed_at, arrives_at = instant_of(leg["departed_at"]), instant_of(leg["arrives_at"])
        done = min(1.0, max(0.0, (self._clock.now() - departed_at) / max(1, arrives_at - departed_at)))
        return {
            name: leg["origin"][name] + done * (leg["destination"][name] - leg["origin"][name])
            for name in ("latitude", "longitude")
        }

    def _ride_s(self, origin: Mapping[str, float], goal: Mapping[str, float]) -> int:
        ends = np.array([[place["latitude"], place["longitude"]] for place in (origin, goal)])
        return int(self._instance.travel.pairs(ends[:1], ends[1:], self._rider.vehicle)[0])


def _place(place: Place) -> dict[str, float]:
    return {"latitude": place.latitude, "longitude": place.longitude}

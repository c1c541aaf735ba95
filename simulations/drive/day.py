"""The whole day: makes merchants and riders, places orders, sends riders out, and says how it goes."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any, Final

import click
import httpx

from dispatch.model.order import Order, OrderId
from dispatch.model.reasons import CancelReason
from dispatch.model.rider import Rider, Shift, ShiftId
from dispatch.units import Instant, Seconds
from simulations.drive.api import Caller, Clients, ServiceClock, clients_of, instant_of, rfc3339
from simulations.drive.line import telling
from simulations.drive.progress import Progress, Stage
from simulations.drive.rider import RobotRider
from simulations.instance import Instance
from simulations.readers import load_instance
from simulations.worlds.draws import draw

_TOGETHER: Final = 16
_READY_S: Final = 0.5


def play(url: str, key: str, path: Path, *, market: str | None, skip_s: Seconds, thin: int, again: bool) -> None:
    """Drive the service until the day is over, or, ``again``, until stopped. Raises InvalidInputError, HTTPError."""
    instance = load_instance(path, thin=thin)
    progress = Progress()
    asyncio.run(_until_stopped(_play(url, key, instance, market, skip_s, progress, again=again)))
    click.echo(progress.summary())


async def _until_stopped(playing: Coroutine[None, None, None]) -> None:
    """Play to the end, or until Ctrl-C or SIGTERM, which is a good end as well."""
    task = asyncio.ensure_future(playing)
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return


async def _play(
    url: str, key: str, instance: Instance, market: str | None, skip_s: Seconds, progress: Progress, *, again: bool
) -> None:
    clients = clients_of(url)
    async with clients() as client:
        answer = await client.get("/v1/markets", headers={"Authorization": f"Bearer {key}"})
        known = {found["id"]: found for found in answer.raise_for_status().json()}
        name = market or next(iter(known))
        clock = ServiceClock(float(instant_of(known[name]["now"])), float(known[name]["speed"]))
        office = Caller(client, key, name)
        await register(office, instance)
        await _until_ready(client)
        turn = 0
        while turn == 0 or again:
            day = _moved(instance, int(clock.now()), skip_s, turn)
            await Day(clients, office, name, day, clock, progress).run()
            turn += 1


async def _until_ready(client: httpx.AsyncClient) -> None:
    """Wait until the service can plan: where the solver was never compiled before, that takes a minute or more."""
    began = monotonic()
    told = "Compiling the solver; only the first start takes a minute or two"
    async with telling(lambda: f"{told}: {monotonic() - began:.0f} s"):
        while (await client.get("/health/ready")).status_code != 200:
            await asyncio.sleep(_READY_S)


async def register(office: Caller, instance: Instance) -> None:
    """Make merchants and riders known."""
    gate = asyncio.Semaphore(_TOGETHER)

    async def post(path: str, body: dict[str, Any]) -> None:
        async with gate:
            await office.post(path, body)

    merchants = [
        {"id": m.id, "name": m.name or m.id, "place": _place(m.place.latitude, m.place.longitude)}
        for m in instance.merchants
    ]
    riders = [
        {"id": r.id, "name": r.name or r.id, "vehicle": r.vehicle.value, "capacity": r.capacity}
        for r in instance.riders
    ]
    await asyncio.gather(*(post("/v1/merchants", body) for body in merchants))
    await asyncio.gather(*(post("/v1/riders", body) for body in riders))


def _moved(instance: Instance, now: Instant, skip_s: Seconds, turn: int) -> Instance:
    """The day moved so that what happens ``skip_s`` after its beginning happens now; orders get ids of this turn.

    What was placed before and is still being cooked is there from the beginning, so nobody waits for the first pickup.
    """
    move_s = now - (instance.starts_at + skip_s)

    def order(one: Order) -> Order:
        return replace(
            one,
            id=OrderId(f"{one.id}-{now % 1_000_000}-{turn}"),
            placed_at=one.placed_at + move_s,
            ready_at=one.ready_at + move_s,
            promised_at=one.promised_at + move_s,
            not_before_at=None if one.not_before_at is None else one.not_before_at + move_s,
        )

    def shift(one: Shift) -> Shift:
        return replace(
            one,
            id=ShiftId(f"{one.id}-{now % 1_000_000}-{turn}"),
            starts_at=one.starts_at + move_s,
            ends_at=one.ends_at + move_s,
        )

    return replace(
        instance,
        orders=tuple(order(one) for one in instance.orders if one.ready_at + move_s >= now),
        shifts=tuple(shift(one) for one in instance.shifts if one.ends_at + move_s > now + 600),
    )


@dataclass(slots=True)
class Day:
    """One day being played. ``patience``: a number in 0..1 for orders; who has a low one calls off what takes long."""

    clients: Clients
    office: Caller
    market: str
    instance: Instance
    clock: ServiceClock
    progress: Progress
    patience: Mapping[OrderId, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Play it to its end."""
        orders = {order.id: order for order in self.instance.orders}
        riders = {rider.id: rider for rider in self.instance.riders}
        shifts = [self._ride(riders[shift.rider_id], shift, orders) for shift in self.instance.shifts]
        async with telling(self._line):
            await asyncio.gather(self._place_orders(), *shifts)

    async def _place_orders(self) -> None:
        async with asyncio.TaskGroup() as group:
            for order in self.instance.orders:
                await self.clock.until(order.placed_at)
                group.create_task(self._play(order))

    async def _play(self, order: Order) -> None:
        """What customer and merchant do about one order."""
        answer = await self.office.ask("POST", "/v1/orders", _order(order))
        if answer.status_code != 201:
            self.progress.not_placed += 1
            return
        self.progress.move((order.id,), Stage.OPEN)
        await asyncio.gather(self._cook(order), self._lose_patience(order, self.clock.now()))

    async def _cook(self, order: Order) -> None:
        """The merchant takes the order, and says when the food is ready. Refusals do no harm: it may be off."""
        await self.office.ask("POST", f"/v1/orders/{order.id}/accept", {"ready_at": rfc3339(order.ready_at)})
        await self.clock.until(order.ready_at)
        if self.progress.stage(order.id) in (Stage.OPEN, Stage.ASSIGNED):
            await self.office.ask("POST", f"/v1/orders/{order.id}/ready")

    async def _lose_patience(self, order: Order, since: float) -> None:
        """The customer may call the order off where nobody carries it, and so does the office in the end."""
        rules = self.instance.rules
        chance = self.patience.get(order.id)
        if chance is None:
            chance = draw("patience", 0, order.id).random()
        if rules.cancel_after_s is not None and chance < rules.cancel_probability:
            await self._give_up(order, since + rules.cancel_after_s, CancelReason.WAITED_TOO_LONG)
        elif rules.give_up_after_s is not None:
            await self._give_up(order, since + rules.give_up_after_s, CancelReason.NO_RIDER_FOUND)

    async def _give_up(self, order: Order, at: float, reason: CancelReason) -> None:
        await self.clock.until(at)
        if self.progress.stage(order.id) is Stage.OPEN:
            answer = await self.office.ask("POST", f"/v1/orders/{order.id}/cancel", {"reason": reason.value})
            if answer.status_code == 200:
                self.progress.move((order.id,), Stage.CANCELLED)

    async def _ride(self, rider: Rider, shift: Shift, orders: dict[OrderId, Order]) -> None:
        refresh = ""

        async def sign_in() -> str:
            """On the device for the first time, or again when the token has run out."""
            nonlocal refresh
            if not refresh:
                made = await self.office.post(f"/v1/riders/{rider.id}/devices", {"device_id": f"phone-{shift.id}"})
                refresh = made["refresh_token"]
            tokens = await self.office.post("/v1/auth/refresh", {"refresh_token": refresh})
            refresh = tokens["refresh_token"]
            return str(tokens["access_token"])

        known = {str(name): order for name, order in orders.items()}
        async with self.clients() as client:
            caller = Caller(client, "", self.market)
            robot = RobotRider(self.instance, rider, shift, caller, self.clock, sign_in, known, self.progress)
            try:
                await robot.work()
            except httpx.HTTPError as error:
                click.echo(f"Rider {rider.id} gives up: {error}", err=True)

    def _line(self) -> str:
        """How it goes, by the clock of the service."""
        now = self.clock.now()
        working = sum(shift.starts_at <= now < shift.ends_at for shift in self.instance.shifts)
        return f"{rfc3339(now)[11:16]}  {working} riders  {self.progress.line()}"


def _order(order: Order) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": order.id,
        "merchant_id": order.merchant_id,
        "pickup": _place(order.pickup.latitude, order.pickup.longitude),
        "ready_at": rfc3339(order.ready_at),
        "promised_at": rfc3339(order.promised_at),
        "size": order.size,
        "priority": order.priority,
        "fulfilment": order.fulfilment.value,
        "vehicles": sorted(vehicle.value for vehicle in order.vehicles),
    }
    for name, handling in (("pickup_handling", order.pickup_handling), ("dropoff_handling", order.dropoff_handling)):
        body[name] = {"before_s": handling.before_s, "after_s": handling.after_s}
    if order.dropoff is not None:
        body["dropoff"] = _place(order.dropoff.latitude, order.dropoff.longitude)
    return body


def _place(latitude: float, longitude: float) -> dict[str, float]:
    return {"latitude": latitude, "longitude": longitude}

"""The whole day: makes merchants and riders, places orders, sends riders out, and says how it goes."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import click
import httpx

from dispatch.model.order import Order, OrderId
from dispatch.model.rider import Rider, Shift, ShiftId
from dispatch.units import Instant, Seconds
from simulations.drive.api import Caller, ServiceClock, instant_of, rfc3339
from simulations.drive.rider import RobotRider
from simulations.instance import Instance
from simulations.readers import load_instance

_TOGETHER: Final = 16
_SAY_S: Final = 1.0


def play(url: str, key: str, path: Path, *, market: str | None, skip_s: Seconds, thin: int, again: bool) -> None:
    """Drive the service until the day is over, or, ``again``, until stopped. Raises InvalidInputError, HTTPError."""
    instance = load_instance(path, thin=thin)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_play(url, key, instance, market, skip_s, again=again))


async def _play(url: str, key: str, instance: Instance, market: str | None, skip_s: Seconds, *, again: bool) -> None:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=90) as client:
        answer = await client.get("/v1/markets", headers={"Authorization": f"Bearer {key}"})
        known = {found["id"]: found for found in answer.raise_for_status().json()}
        name = market or next(iter(known))
        clock = ServiceClock(float(instant_of(known[name]["now"])), float(known[name]["speed"]))
        office = Caller(client, key, name)
        await _register(office, instance)
        turn = 0
        while turn == 0 or again:
            day = _moved(instance, int(clock.now()), skip_s, turn)
            await Day(client, office, name, day, clock).run()
            turn += 1


async def _register(office: Caller, instance: Instance) -> None:
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
    """The day moved so that what happens ``skip_s`` after its beginning happens now; orders get ids of this turn."""
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
        orders=tuple(order(one) for one in instance.orders if one.placed_at + move_s >= now),
        shifts=tuple(shift(one) for one in instance.shifts if one.ends_at + move_s > now + 600),
    )


@dataclass(slots=True)
class Day:
    """One day being played."""

    client: httpx.AsyncClient
    office: Caller
    market: str
    instance: Instance
    clock: ServiceClock
    counts: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Play it to its end."""
        orders = {order.id: order for order in self.instance.orders}
        riders = {rider.id: rider for rider in self.instance.riders}
        saying = asyncio.create_task(self._say())
        shifts = [self._ride(riders[shift.rider_id], shift, orders) for shift in self.instance.shifts]
        try:
            await asyncio.gather(self._place_orders(), *shifts)
        finally:
            saying.cancel()

    async def _place_orders(self) -> None:
        async with asyncio.TaskGroup() as group:
            for order in self.instance.orders:
                await self.clock.until(order.placed_at)
                group.create_task(self._place_order(order))

    async def _place_order(self, order: Order) -> None:
        answer = await self.office.ask("POST", "/v1/orders", _order(order))
        name = "placed" if answer.status_code == 201 else "not placed"
        self.counts[name] = self.counts.get(name, 0) + 1

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

        caller = Caller(self.client, "", self.market)
        known = {str(name): order for name, order in orders.items()}
        robot = RobotRider(self.instance, rider, shift, caller, self.clock, sign_in, known, self.counts)
        try:
            await robot.work()
        except httpx.HTTPError as error:
            click.echo(f"Rider {rider.id} gives up: {error}", err=True)

    async def _say(self) -> None:
        """A line of figures every second, over the last one on a terminal."""
        terminal = sys.stdout.isatty()
        while True:
            await asyncio.sleep(_SAY_S if terminal else 10 * _SAY_S)
            line = f"{rfc3339(self.clock.now())[11:19]}  {'  '.join(self._figures())}"
            click.echo(f"\r{line:<110}" if terminal else line, nl=not terminal)

    def _figures(self) -> Iterator[str]:
        now, counts = self.clock.now(), self.counts
        working = sum(shift.starts_at <= now < shift.ends_at for shift in self.instance.shifts)
        placed, delivered = counts.get("placed", 0), counts.get("delivered", 0)
        yield f"riders {working}"
        yield f"orders placed {placed}"
        yield f"on the way {counts.get('picked_up', 0) - delivered}"
        yield f"delivered {delivered}"
        yield f"refused steps {counts.get('refused', 0)}"


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

"""`python -m benchmarks.service.load`: the service under the load of a city, both on one machine.

Riders send a batch of positions every five seconds, take every offer and ride each leg in ten seconds; orders come
at an even pace, ready at once and a few hundred metres from door to door, so that the riders keep up; consoles read the
stream of events. Everything goes through the API of one `dispatch serve` with its usual pace (a tick every 10 s, sooner
where orders wait). What was acknowledged is held against the log and against what each console has seen.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
from rich.console import Console as Screen
from rich.table import Table

from benchmarks.rows import Row, number, target_table, write_rows
from benchmarks.service.console import Console
from benchmarks.service.rider import LoadRider, wire_time
from benchmarks.service.started import Service, started
from benchmarks.service.wire import Pool

OUT: Final = Path("build/bench-service.json")
COMMAND: Final = "make bench-service BENCH_ARGS='--riders {} --orders {:g} --consoles {} --minutes {:g}'"
CENTRE: Final = (4.65, -74.07)
MERCHANTS: Final = 100
NEAR: Final = 0.004
"""Degrees, about 450 m."""
Kitchens = list[tuple[float, float]]
TICK_S: Final = 10.0
SETTLE_S: Final = 5.0
NEVER: Final = 1e6
"""Ticks that an order waited that was never assigned."""
_TOGETHER: Final = 32


@dataclass(slots=True)
class Found:
    """What the clients saw: seconds of each write by kind, and when each order was placed and assigned."""

    took: dict[str, list[float]] = field(default_factory=lambda: {"positions": [], "actions": [], "orders": []})
    placed: dict[str, float] = field(default_factory=dict)
    assigned: dict[str, float] = field(default_factory=dict)
    delivered: int = 0
    counting: bool = False
    doubled: int = 0

    def write(self, kind: str, seconds: float) -> None:
        """A write was answered."""
        if self.counting:
            self.took[kind].append(seconds)

    def event(self, kind: str, entry: dict[str, Any], at: float) -> None:
        """The first console has seen an event."""
        data = entry["data"]
        if kind == "OfferAccepted":
            for name in data["order_ids"]:
                self.assigned.setdefault(name, at)
        self.delivered += kind == "OrderDelivered"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The load: how many riders and consoles, orders a second, and for how many minutes."""

    riders: int
    orders: float
    consoles: int
    minutes: float


async def load(service: Service, wanted: Wanted) -> tuple[Found, list[Row]]:
    """Put the load on a service; what was seen, and the rows."""
    found, chance = Found(), random.Random(1)
    pool = Pool(service.url, _TOGETHER)
    kitchens = [_near(CENTRE, 0.04, chance) for _ in range(MERCHANTS)]
    riders = await _riders(service, pool, wanted.riders, found, kitchens)
    consoles = [
        Console(service.url, service.key, found.event if number == 0 else None) for number in range(wanted.consoles)
    ]
    busy = [asyncio.create_task(one) for one in _work(riders, consoles)]
    await asyncio.gather(*(one.ready.wait() for one in consoles))
    click.echo(f"{wanted.riders} riders and {wanted.consoles} consoles are here; the load begins")
    before, mine, found.counting = service.cpu_s(), time.process_time(), True
    began = time.monotonic()
    await _place(service, pool, wanted, found, kitchens)
    took_s = time.monotonic() - began
    found.counting = False
    spent = (service.cpu_s() - before, time.process_time() - mine)
    await _settle(found)
    broken = [one for one in busy if one.done()]
    for one in busy:
        one.cancel()
    await asyncio.gather(*busy, return_exceptions=True)
    for one in broken:
        one.result()
    logged = await _logged(service, pool)
    pool.close()
    for rider in riders:
        rider.close()
    rows = _rows(wanted, found, consoles, logged, took_s, spent)
    refused = sum((rider.refused for rider in riders), Counter[str]())
    said = ", ".join(f"{count} {code}" for code, count in refused.most_common()) or "none"
    click.echo(f"Steps of riders that were refused: {said}.")
    return found, rows


def _work(riders: list[LoadRider], consoles: list[Console]) -> list[Coroutine[Any, Any, None]]:
    return [
        *(rider.ride() for rider in riders),
        *(rider.report() for rider in riders),
        *(console.watch() for console in consoles),
    ]


async def _riders(service: Service, pool: Pool, count: int, found: Found, kitchens: Kitchens) -> list[LoadRider]:
    """Make merchants and riders known, sign the riders in, and let their shifts begin."""
    chance = random.Random(3)
    for name, (latitude, longitude) in enumerate(kitchens):
        body = {"id": f"m{name}", "name": f"m{name}", "place": {"latitude": latitude, "longitude": longitude}}
        (await pool.ask("POST", "/v1/merchants", body, token=service.key)).json()

    async def make(number: int) -> LoadRider:
        name = f"r{number}"
        (await pool.ask("POST", "/v1/riders", {"id": name}, token=service.key)).json()
        made = await pool.ask("POST", f"/v1/riders/{name}/devices", {"device_id": f"phone-{number}"}, token=service.key)
        tokens = await pool.ask("POST", "/v1/auth/refresh", {"refresh_token": made.json()["refresh_token"]})
        start, token = _near(kitchens[number % MERCHANTS], NEAR, chance), tokens.json()["access_token"]
        rider = LoadRider(service.url, name, token, start, random.Random(number), found.write)
        await rider.begin()
        return rider

    return list(await asyncio.gather(*(make(number) for number in range(count))))


async def _place(service: Service, pool: Pool, wanted: Wanted, found: Found, kitchens: Kitchens) -> None:
    """Place orders at an even pace, whether earlier ones were answered or not."""
    begin, chance = time.monotonic(), random.Random(2)

    async def place(number: int) -> None:
        merchant = chance.randrange(MERCHANTS)
        latitude, longitude = _near(kitchens[merchant], NEAR, chance)
        sent, at = time.perf_counter(), time.time()
        body = {
            "merchant_id": f"m{merchant}",
            "dropoff": {"latitude": latitude, "longitude": longitude},
            "ready_at": wire_time(at + 1),
            "promised_at": wire_time(at + 1800),
        }
        answer = await pool.ask("POST", "/v1/orders", body, token=service.key, key=f"order-{number}")
        found.write("orders", time.perf_counter() - sent)
        found.placed[answer.json()["id"]] = at

    async with asyncio.TaskGroup() as group:
        for number in range(int(wanted.orders * wanted.minutes * 60)):
            await asyncio.sleep(max(0.0, begin + number / wanted.orders - time.monotonic()))
            group.create_task(place(number))


def _near(place: tuple[float, float], degrees: float, chance: random.Random) -> tuple[float, float]:
    latitude, longitude = (round(part + chance.uniform(-degrees, degrees), 6) for part in place)
    return latitude, longitude


async def _settle(found: Found) -> None:
    """Wait a while until what was placed is assigned, and all streams have said so."""
    until = time.monotonic() + 3 * TICK_S
    while time.monotonic() < until and found.placed.keys() - found.assigned.keys():
        await asyncio.sleep(0.2)
    await asyncio.sleep(SETTLE_S)


async def _logged(service: Service, pool: Pool) -> list[str]:
    """The orders that the log says were placed, as often as it says so."""
    after, found = 0, []
    while True:
        path = f"/v1/events?type=OrderPlaced&limit=500&after={after}"
        page = (await pool.ask("GET", path, token=service.key)).json()
        found += [entry["data"]["order"]["id"] for entry in page["items"]]
        if page["last_seq"] == after:
            return found
        after = page["last_seq"]


def _rows(
    wanted: Wanted, found: Found, consoles: list[Console], logged: list[str], took_s: float, spent: tuple[float, float]
) -> list[Row]:
    scope = f"{wanted.riders:,} riders, {wanted.orders:g} orders/s, {wanted.consoles} consoles, {wanted.minutes:g} min"
    command = COMMAND.format(wanted.riders, wanted.orders, wanted.consoles, wanted.minutes)

    def row(metric: str, value: float, unit: str, target: float | None = None) -> Row:
        return Row(scope=scope, metric=metric, value=round(value, 3), target=target, unit=unit, command=command)

    every = [one for kind in found.took.values() for one in kind]
    waited = [
        (found.assigned[name] - at) / TICK_S if name in found.assigned else NEVER for name, at in found.placed.items()
    ]
    placed = len(found.placed)
    wrong = len(found.placed.keys() ^ set(logged)) + len(logged) - len(set(logged))
    missed = sum(abs(one.placed - placed) + one.out_of_order for one in consoles)
    missed += sum(abs(one.seen - consoles[0].seen) for one in consoles)
    rows = [row("writes, p99", 1000 * float(np.percentile(every, 99)), "ms", 250)]
    for kind, values in found.took.items():
        if not values:
            continue
        for share in (50, 99):
            rows.append(row(f"{kind}, p{share}", 1000 * float(np.percentile(values, share)), "ms"))
        rows.append(row(f"{kind}, a second", len(values) / took_s, "/s"))
    rows += [
        row(f"time to assign, p{share}", float(np.percentile(waited, share)), "ticks of 10 s", aim)
        for share, aim in ((50, None), (95, 2))
    ]
    return [
        *rows,
        row("orders placed", placed, ""),
        row("orders assigned", len(found.assigned), ""),
        row("orders delivered", found.delivered, ""),
        row("orders lost or doubled in the log", wrong, "", 0),
        row("events a console saw", consoles[0].seen if consoles else 0, ""),
        row("events lost or doubled on streams", missed, "", 0),
        row("processor, service", 100 * spent[0] / took_s, "% of a core"),
        row("processor, clients", 100 * spent[1] / took_s, "% of a core"),
        row("load of the machine at the end", os.getloadavg()[0], ""),
    ]


@click.command()
@click.option("--riders", default=2000, show_default=True)
@click.option("--orders", default=20.0, show_default=True, help="Orders a second.")
@click.option("--consoles", default=50, show_default=True)
@click.option("--minutes", default=10.0, show_default=True)
@click.option("--db", "url", help="Address of an empty database. Default: a new SQLite file.")
@click.option("--out", default=OUT, show_default=True, type=click.Path(path_type=Path, dir_okay=False))
def main(riders: int, orders: float, consoles: int, minutes: float, url: str | None, out: Path) -> None:
    """Measure the service under load."""
    out.parent.mkdir(parents=True, exist_ok=True)

    async def measure(folder: str) -> list[Row]:
        where = url or f"sqlite:///{folder}/load.db"
        async with started(where, log=out.with_suffix(".log")) as service:
            return (await load(service, Wanted(riders, orders, consoles, minutes)))[1]

    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        rows = asyncio.run(measure(folder))
    write_rows(out, rows)
    table = Table("metric", title=rows[0].scope)
    table.add_column("value", justify="right")
    for row in rows:
        table.add_row(row.metric, f"{number(row.value)} {row.unit}")
    Screen().print(table)
    Screen().print(target_table(rows))


if __name__ == "__main__":
    main()

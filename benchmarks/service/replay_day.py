"""`python -m benchmarks.service.replay_day`: a city-day through the HTTP API, beside the pure simulation of the same.

Robots play merchants, customers and riders against a `dispatch serve` whose clock is fast; the simulation plays the
same orders, riders, patience and policy in memory. Both leave a log of events, and the figures come from the logs by
the same code. What differs is the service: the wire, long polls, the clock that does not stop while a plan is made.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from benchmarks.rows import Row, number, target_table, write_rows
from benchmarks.service.started import Service, started
from dispatch.engine.policy import load_policy
from dispatch.model.events import Recorded
from dispatch.model.order import MarketId
from dispatch.solver.solve import solve
from dispatch.store.store import open_store
from dispatch.units import HOUR_S, Instant
from simulations.drive.api import Caller, ServiceClock, clients_of, instant_of
from simulations.drive.day import Day, register
from simulations.drive.progress import Progress
from simulations.instance import Instance
from simulations.metrics.figures import Metrics, metrics_of
from simulations.metrics.orders import order_table
from simulations.metrics.riders import rider_spans
from simulations.readers import load_instance
from simulations.runner import Simulation

OUT: Final = Path("build/bench-replay.json")
MARKET: Final = MarketId("main")
COMMAND: Final = "python -m benchmarks.service.replay_day --day {} --thin {} --speed {:g} --hours {}"
AFTER_S: Final = 90 * 60
"""Riders stay so long after the last hour, to bring what was placed in it."""
LEAD_S: Final = 2.0
"""Seconds of the wall between getting ready and the first order."""
SHOWN: Final = (
    "orders", "delivered", "cancelled", "penalised_mean_min", "click_to_door_mean_min", "click_to_door_p90_min",
    "ready_to_pickup_mean_min", "late_share", "orders_per_bundle", "utilisation", "offers", "reassignments",
)  # fmt: skip
JUDGED: Final = "penalised_mean_min"
"""Minutes from click to door, an order that was not delivered counting 90."""


def hours_of(instance: Instance, first: int, last: int) -> Instance:
    """The part of a day with the orders placed from hour ``first`` to ``last``, counted from the day's beginning."""
    begin, end = instance.starts_at + first * HOUR_S, instance.starts_at + last * HOUR_S
    shifts = [
        replace(one, starts_at=max(one.starts_at, begin), ends_at=min(one.ends_at, end + AFTER_S))
        for one in instance.shifts
        if one.starts_at < end and one.ends_at > begin + HOUR_S // 4
    ]
    working = {shift.rider_id for shift in shifts}
    return replace(
        instance,
        orders=tuple(order for order in instance.orders if begin <= order.placed_at < end),
        shifts=tuple(sorted(shifts, key=lambda shift: (shift.starts_at, shift.id))),
        riders=tuple(rider for rider in instance.riders if rider.id in working),
    )


def moved(instance: Instance, begins_at: Instant) -> Instance:
    """The same day, beginning at another instant."""
    by_s = begins_at - instance.starts_at
    orders = [
        replace(
            order,
            placed_at=order.placed_at + by_s,
            ready_at=order.ready_at + by_s,
            promised_at=order.promised_at + by_s,
            not_before_at=None if order.not_before_at is None else order.not_before_at + by_s,
        )
        for order in instance.orders
    ]
    shifts = [replace(one, starts_at=one.starts_at + by_s, ends_at=one.ends_at + by_s) for one in instance.shifts]
    return replace(instance, orders=tuple(orders), shifts=tuple(shifts))


def figures(log: Iterable[Recorded]) -> Metrics:
    """The figures of a log."""
    events = tuple(log)
    return metrics_of(order_table(events), rider_spans(events), ())


def simulated(instance: Instance) -> Metrics:
    """The figures of the pure simulation."""
    return figures(Simulation(instance, load_policy(instance.rules.policy), solve).run().events)


async def replay(service: Service, instance: Instance) -> Progress:
    """Play the instance through the API of a running service, and wait for its end."""
    clients = clients_of(service.url)
    async with clients() as client:
        office = Caller(client, service.key, MARKET)
        pace = {"tick_s": instance.rules.tick_s, "least_s": instance.rules.tick_s, "pressure_orders": 10_000}
        (await office.ask("PATCH", f"/v1/markets/{MARKET}", {"pace": pace})).raise_for_status()
        known = await office.get("/v1/policies")
        (policy,) = [one for one in known if one["name"] == instance.rules.policy and one["shipped"]]
        await office.post(f"/v1/policies/{policy['name']}/{policy['version']}/activate", {})
        await register(office, instance)
        present = await office.get(f"/v1/markets/{MARKET}")
        clock = ServiceClock(float(instant_of(present["now"])), float(present["speed"]))
        day = moved(instance, int(clock.now() + LEAD_S * clock.speed))
        chance = random.Random("customers-0")  # as in the simulation with seed 0
        patience = {order.id: chance.random() for order in day.orders}
        progress = Progress()
        await Day(clients, office, MARKET, day, clock, progress, patience).run()
        return progress


def rows_of(scope: str, command: str, pure: Metrics, served: Metrics) -> list[Row]:
    """Both sides and how far they are apart."""
    found: list[Row] = []
    for name in SHOWN:
        for side, metrics in (("simulated", pure), ("served", served)):
            value = getattr(metrics, name)
            if value is not None:
                found.append(
                    Row(scope=scope, metric=f"{name}, {side}", value=round(value, 3), unit="", command=command)
                )
    apart = 100 * abs(getattr(served, JUDGED) / getattr(pure, JUDGED) - 1)
    found.append(
        Row(scope=scope, metric=f"{JUDGED}, apart", value=round(apart, 2), target=2, unit="%", command=command)
    )
    load = os.getloadavg()[0]
    found.append(Row(scope=scope, metric="load of the machine at the end", value=load, unit="", command=command))
    return found


@click.command()
@click.option("--folder", default="../shared/data/rappi", show_default=True, type=click.Path(path_type=Path))
@click.option("--day", default="3", show_default=True)
@click.option("--thin", default=8, show_default=True, help="Keep every N-th rider.")
@click.option("--speed", default=60.0, show_default=True)
@click.option("--hours", default="0-24", show_default=True, help="Hours of the day, such as 11-15.")
@click.option("--out", default=OUT, show_default=True, type=click.Path(path_type=Path, dir_okay=False))
def main(folder: Path, day: str, thin: int, speed: float, hours: str, out: Path) -> None:
    """Play a city-day through the API and in the simulation, and compare."""
    first, last = (int(part) for part in hours.split("-"))
    instance = hours_of(load_instance(folder / day, thin=thin), first, last)
    scope = f"Colombia {day}, every {thin}th rider, {hours} h: {len(instance.orders)} orders"
    pure = simulated(instance)
    out.parent.mkdir(parents=True, exist_ok=True)

    async def serve(url: str) -> None:
        async with started(url, ("--speed", f"{speed:g}"), log=out.with_suffix(".log")) as service:
            click.echo((await replay(service, instance)).summary())

    with tempfile.TemporaryDirectory(dir=out.parent) as place:
        url = f"sqlite:///{place}/day.db"
        asyncio.run(serve(url))
        with open_store(url) as store:
            served = figures(store.read(MARKET))
    rows = rows_of(scope, COMMAND.format(day, thin, speed, hours), pure, served)
    write_rows(out, rows)
    table = Table("figure", "simulated", "served", title=scope)
    for name in SHOWN:
        values = (getattr(metrics, name) for metrics in (pure, served))
        table.add_row(name, *("" if value is None else number(value) for value in values))
    Console().print(table)
    Console().print(target_table(rows))


if __name__ == "__main__":
    main()

"""`python -m benchmarks.store`: acknowledged order commands a second, with group commit and without, in one run.

Writers place orders in one market; each waits until its order is durable before it places the next. Every command is
decided by the engine, folded, projected and synced to the disk. The same code without group commit gives each command
a transaction of its own. The two take turns, so that a disk that is fast or slow for a while is so for both.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from benchmarks.rows import Row, target_table, write_rows
from benchmarks.rows import number as number_of
from dispatch.engine.decide import drafted
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.commands import PlaceOrder
from dispatch.model.events import Recorded
from dispatch.model.order import Item, MarketId, MerchantId, Order, OrderId
from dispatch.model.place import Place
from dispatch.store.store import Store, open_store
from dispatch.store.writer import MOST_TOGETHER
from dispatch.store.writes import Append, Message, Timer
from dispatch.units import Instant

OUT: Final = Path("build/bench-store.json")
MARKET: Final = MarketId("bench")
CUSTOMER: Final = Actor(ActorKind.CUSTOMER, "bench")
NOON: Final[Instant] = 1_700_049_600
TURN: Final = 1_000_000
"""Order numbers that a turn has to itself."""

COMMAND: Final = "python -m benchmarks.store"


class Counter:
    """Takes orders for one market: decides at once, answers when durable."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state = store.load_state(MARKET)

    def place(self, order: Order) -> Future[tuple[Recorded, ...]]:
        """Place an order; the future is done once it is durable."""
        draft = drafted(self._state, PlaceOrder(order=order), NOON, NOON)
        append = Append(
            market_id=MARKET,
            events=draft.events,
            expected_seq=self._state.seq,
            occurred_at=NOON,
            recorded_at=NOON,
            actor=CUSTOMER,
            command_id=f"place {order.id}",
            outcome={"id": order.id, "status": "placed"},
            messages=[Message(topic="webhook", payload={"order": order.id}, due_at=NOON)],
            timers=[Timer(name=f"accept:{order.id}", kind="merchant_silent", due_at=NOON + 300)],
        )
        future = self._store.submit(append)
        draft.settle()
        return future


def an_order(number: int) -> Order:
    """An order such as a platform sends."""
    return Order(
        id=OrderId(f"ord_{number:08}"),
        market_id=MARKET,
        merchant_id=MerchantId(f"m{number % 200}"),
        pickup=Place(4.65, -74.06),
        dropoff=Place(4.68, -74.05),
        placed_at=NOON,
        ready_at=NOON + 900,
        promised_at=NOON + 2700,
        platform="bench",
        external_id=f"B-{number}",
        items=(Item("Bandeja paisa", 2), Item("Limonada", 1)),
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn came to: commands acknowledged a second, and how many shared a transaction."""

    rate: float
    together: float


def turn(url: str, writers: int, seconds: float, most_together: int, first: int) -> Turn:
    """Let so many writers place orders, numbered from ``first``."""
    with open_store(url, upgrading=True, most_together=most_together) as store:
        done, took = asyncio.run(_write(Counter(store), writers, seconds, first))
        return Turn(done / took, store.writer.appends / max(1, store.writer.groups))


async def _write(counter: Counter, writers: int, seconds: float, first: int) -> tuple[int, float]:
    """(commands acknowledged, seconds) of writers that each wait for their answer before they go on."""
    start = time.perf_counter()

    async def write(writer: int) -> int:
        done = 0
        while time.perf_counter() < start + seconds:
            await asyncio.wrap_future(counter.place(an_order(first + writer + done * writers)))
            done += 1
        return done

    done = await asyncio.gather(*(write(writer) for writer in range(writers)))
    return sum(done), time.perf_counter() - start


def syncs_a_second(folder: Path, seconds: float = 1.0) -> float:
    """How often this disk can be synced."""
    handle = os.open(folder / "sync", os.O_CREAT | os.O_WRONLY)
    start, count = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        os.write(handle, b"x" * 4096)
        os.fsync(handle)
        count += 1
    os.close(handle)
    return count / (time.perf_counter() - start)


@click.command()
@click.option("--db", "url", help="Address of an empty database to measure. Default: a new SQLite file.")
@click.option("--writers", default=64, show_default=True)
@click.option("--seconds", default=3.0, show_default=True, help="Length of a turn.")
@click.option("--turns", default=3, show_default=True)
@click.option("--out", default=OUT, show_default=True, type=click.Path(path_type=Path, dir_okay=False))
def main(url: str | None, writers: int, seconds: float, turns: int, out: Path) -> None:
    """Measure acknowledged order commands a second."""
    out.parent.mkdir(parents=True, exist_ok=True)
    alone: list[Turn] = []
    grouped: list[Turn] = []
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        where = url or f"sqlite:///{folder}/store.db"
        for number in range(0, 2 * turns, 2):
            alone.append(turn(where, writers, seconds, 1, number * TURN))
            grouped.append(turn(where, writers, seconds, MOST_TOGETHER, (number + 1) * TURN))
        syncs = syncs_a_second(Path(folder))
    kind = "PostgreSQL" if url and url.startswith("postgres") else "SQLite"
    rows = rows_of(f"{kind}, {writers} writers", alone, grouped, syncs)
    write_rows(out, rows)
    table = Table("metric", title=rows[0].scope)
    table.add_column("value", justify="right")
    for row in rows:
        table.add_row(row.metric, f"{number_of(row.value)} {row.unit}")
    Console().print(table)
    Console().print(target_table(rows))


def rows_of(scope: str, alone: list[Turn], grouped: list[Turn], syncs: float) -> list[Row]:
    """Medians of the turns as rows."""
    slow, fast = (statistics.median(one.rate for one in turns) for turns in (alone, grouped))
    together = statistics.median(one.together for one in grouped)

    def row(metric: str, value: float, unit: str, target: float | None = None) -> Row:
        return Row(scope=scope, metric=metric, value=value, target=target, unit=unit, command=COMMAND)

    return [
        row("order commands with group commit", fast, "/s", 1000),
        row("order commands without", slow, "/s"),
        row("times as many as without", fast / slow, "x", 8),
        row("commands in a transaction", together, ""),
        row("syncs of this disk", syncs, "/s"),
    ]


if __name__ == "__main__":
    main()

"""A market under load, in a process of its own that may be killed at any moment."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import Future

from dispatch.engine.decide import drafted
from dispatch.model.commands import Command, MarkReady, PlaceOrder
from dispatch.model.events import Recorded
from dispatch.store.store import Store, open_store
from dispatch.store.writes import Append, Message, Timer
from tests.support.builders import MARKET, NOON, an_order
from tests.support.recorded import ANA

WRITERS = 16


class BusyMarket:
    """Decides commands on what it has submitted, as the writer of a market does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state = store.load_state(MARKET)

    def submit(self, command: Command, command_id: str) -> Future[tuple[Recorded, ...]]:
        """Carry out a command, with a message and a timer of its own."""
        draft = drafted(self._state, command, NOON, NOON)
        append = Append(
            market_id=MARKET,
            events=draft.events,
            expected_seq=self._state.seq,
            occurred_at=NOON,
            recorded_at=NOON,
            actor=ANA,
            command_id=command_id,
            outcome={"done": command_id},
            messages=[Message(topic="webhook", payload=command_id, due_at=NOON, name=command_id)],
            timers=[Timer(name=command_id, kind="late", due_at=NOON + 60)],
        )
        future = self._store.submit(append)
        draft.settle()
        return future


def write_until_killed(url: str, acknowledged: str, life: int) -> None:
    """Place orders and mark them ready; every command id is noted in a file once it is acknowledged."""
    asyncio.run(_write(url, acknowledged, life))


async def _write(url: str, acknowledged: str, life: int) -> None:
    notes = os.open(acknowledged, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    market = BusyMarket(open_store(url))

    async def write(writer: int) -> None:
        number = 0
        while True:
            order = an_order(f"o{life}-{writer}-{number}", external_id=f"x{life}-{writer}-{number}")
            for command, what in ((PlaceOrder(order=order), "place"), (MarkReady(order_id=order.id), "ready")):
                command_id = f"{what} {order.id}"
                await asyncio.wrap_future(market.submit(command, command_id))
                os.write(notes, f"{command_id}\n".encode())
            number += 1

    await asyncio.gather(*(write(writer) for writer in range(WRITERS)))

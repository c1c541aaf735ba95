"""Looks at a market in memory: what was seen is durable when it is told, and nobody waits for the writes of others."""

from __future__ import annotations

import asyncio
from threading import Event

from sqlalchemy import Connection

from dispatch.engine.clock import SystemClock
from dispatch.model.actor import SYSTEM_ACTOR
from dispatch.model.commands import PlaceOrder, RegisterMerchant
from dispatch.model.order import OrderId
from dispatch.model.state import OrderState
from dispatch.service.asks import Ask
from dispatch.service.host import Host
from dispatch.service.unwritten import Memory
from dispatch.store import rows
from dispatch.store.store import Store
from tests.support.builders import MARKET, a_merchant, an_order


def order(name: str) -> Ask:
    return Ask(command=PlaceOrder(order=an_order(name)), actor=SYSTEM_ACTOR, command_id=f"place-{name}")


def test_a_look_waits_for_the_writes_of_what_it_has_seen_and_for_no_others(store: Store) -> None:
    gate = Event()

    def hold_up(_: Connection) -> None:
        assert gate.wait(20)

    def first(memory: Memory) -> OrderState | None:
        return memory.one(rows.ORDERS, "o1")

    def second(memory: Memory) -> OrderState | None:
        return memory.one(rows.ORDERS, "o2")

    async def play() -> None:
        host = Host(MARKET, store, SystemClock())
        merchant = RegisterMerchant(merchant=a_merchant())
        await host.execute(Ask(command=merchant, actor=SYSTEM_ACTOR, command_id="m"))
        await host.execute(order("o1"))
        held = store.run(hold_up)
        placing = asyncio.ensure_future(host.execute(order("o2")))
        while OrderId("o2") not in host.state.orders:
            await asyncio.sleep(0)
        assert (await asyncio.wait_for(host.look(first), 10)) is not None
        looking = asyncio.ensure_future(host.look(second))
        assert not (await asyncio.wait((looking,), timeout=0.1))[0]
        assert not placing.done()
        gate.set()
        found = await looking
        assert found is not None
        assert found == store.load_state(MARKET).orders[OrderId("o2")]
        await placing
        await asyncio.wrap_future(held)

    asyncio.run(play())

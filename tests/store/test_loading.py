"""A market that is loaded: what is at work is there at once, what is at rest when somebody asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

import pytest

from dispatch.engine.clock import SystemClock
from dispatch.errors import ConflictError
from dispatch.model.actor import SYSTEM_ACTOR, ActorKind
from dispatch.model.commands import CancelOrder, PlaceOrder, RegisterMerchant
from dispatch.model.order import OrderId
from dispatch.model.reasons import CancelReason
from dispatch.service.asks import Ask
from dispatch.service.host import Host
from dispatch.store.entities import Remembered
from dispatch.store.store import Store
from tests.support.builders import MARKET, a_merchant, an_order


class Shelf:
    """Entities that note who asks for them."""

    def __init__(self, **entities: int) -> None:
        self.entities, self.asked = entities, list[tuple[str, ...]]()

    def read(self, ids: Collection[str]) -> Mapping[str, int]:
        self.asked.append(tuple(ids))
        return {name: self.entities[name] for name in ids if name in self.entities}


def test_what_was_not_read_is_read_once_when_it_is_asked_for() -> None:
    shelf = Shelf(a=1, b=2, c=3)
    found = Remembered[str, int](["a", "b", "c"], shelf.read)
    found.hold({"c": 3})
    assert (len(found), list(found), "a" in found, "z" in found, found.get("z")) == (
        3,
        ["a", "b", "c"],
        True,
        False,
        None,
    )
    with pytest.raises(KeyError):
        found["z"]
    assert (found.at_hand("a"), found.at_hand("c"), found.at_hand("z")) == (None, 3, None)
    assert shelf.asked == []
    assert (found["c"], found["a"], found["a"], found.get("a")) == (3, 1, 1, 1)
    assert shelf.asked == [("a",)]


def test_what_is_set_is_held_and_going_through_all_reads_the_rest_at_once() -> None:
    shelf = Shelf(a=1, b=2, c=3)
    found = Remembered[str, int](["a", "b", "c"], shelf.read)
    found["b"] = 20
    found["d"] = 4
    assert found == {"a": 1, "b": 20, "c": 3, "d": 4}
    assert list(found.values()) == [1, 20, 3, 4]
    assert shelf.asked == [("a", "c")]
    del found["d"]
    assert "d" not in found


def test_finished_orders_are_known_to_the_next_holder(store: Store) -> None:
    async def play() -> None:
        first = Host(MARKET, store, SystemClock())
        await first.execute(ask(RegisterMerchant(merchant=a_merchant()), "m"))
        for name in ("o1", "o2"):
            await first.execute(ask(PlaceOrder(order=an_order(name)), name))
        await first.execute(ask(cancel("o1"), "c1"))
        second = Host(MARKET, store, SystemClock())
        await second.open()
        assert list(second.state.active) == ["o2"]
        assert list(second.state.orders) == ["o1", "o2"]
        with pytest.raises(ConflictError) as again:
            await second.execute(ask(PlaceOrder(order=an_order("o1", size=2)), "o1-again"))
        assert again.value.code == "order_exists"
        with pytest.raises(ConflictError) as gone:
            await second.execute(ask(cancel("o1"), "c2"))
        assert gone.value.code == "illegal_move"
        assert second.state.orders == store.load_state(MARKET).orders

    asyncio.run(play())


def test_a_market_that_was_held_for_long_is_loaded_again(store: Store) -> None:
    async def play() -> None:
        host = Host(MARKET, store, SystemClock(), fresh_s=0.0)
        await host.execute(ask(RegisterMerchant(merchant=a_merchant()), "m"))
        before = host.state
        placing = [host.execute(ask(PlaceOrder(order=an_order(f"o{n}")), f"c{n}")) for n in range(30)]
        await asyncio.gather(*placing)
        assert host.state is not before
        assert len(store.load_state(MARKET).active) == 30

    asyncio.run(play())


def ask(command: RegisterMerchant | PlaceOrder | CancelOrder, name: str) -> Ask:
    return Ask(command=command, actor=SYSTEM_ACTOR, command_id=name)


def cancel(order_id: str) -> CancelOrder:
    return CancelOrder(order_id=OrderId(order_id), by=ActorKind.CUSTOMER, reason=CancelReason.DUPLICATE)

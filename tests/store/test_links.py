"""Links of customers in either database: one an order, found by the hash of its token, and queries of money."""

from __future__ import annotations

import asyncio

import pytest

from dispatch.engine.clock import SimulatedClock
from dispatch.engine.decide import decide
from dispatch.errors import NotFoundError
from dispatch.model.actor import SYSTEM_ACTOR
from dispatch.model.commands import AskCancellation, Command, PlaceOrder, ReceivePayment
from dispatch.model.order import OrderId, PaymentMethod
from dispatch.model.payment import PaymentStatus
from dispatch.service.links import Links
from dispatch.service.tokens import hash_secret
from dispatch.store import queries_money
from dispatch.store.links import link_by_hash, link_of
from dispatch.store.queries import Cut
from dispatch.store.store import Store
from dispatch.units import DAY_S, Money
from tests.support.builders import MARKET, NOON, an_order

PRICE = Money(20_000, "COP")
KEY = b"a secret of the service"


def do(store: Store, *commands: Command) -> None:
    """Carry out commands."""
    for command in commands:
        state = store.load_state(MARKET)
        events = decide(state, command, NOON)
        name = f"c{state.seq}"
        store.append(
            MARKET,
            events,
            expected_seq=state.seq,
            occurred_at=NOON,
            recorded_at=NOON,
            actor=SYSTEM_ACTOR,
            command_id=name,
        )


def test_an_order_has_one_link_of_which_a_hash_is_kept(store: Store) -> None:
    do(store, PlaceOrder(order=an_order("o1")), PlaceOrder(order=an_order("o2")))
    clock = SimulatedClock(NOON)
    links, o1 = Links(store, clock, KEY, "https://shop.example/#{token}"), OrderId("o1")
    token = asyncio.run(links.make(MARKET, o1, "ana"))
    assert asyncio.run(links.make(MARKET, o1, "bo")) == token
    assert asyncio.run(Links(store, clock, KEY).make(MARKET, o1)) == token
    assert asyncio.run(links.make(MARKET, OrderId("o2"))) != token
    assert links.url(token) == f"https://shop.example/#{token}"
    with store.reading() as connection:
        kept = link_by_hash(connection, hash_secret(token))
        assert kept is not None
        assert (kept.order_id, kept.made_by, kept.generation) == (o1, "ana", 1)
        assert link_by_hash(connection, token) is None
    assert asyncio.run(links.follow(token)).order_id == o1
    asyncio.run(links.end(MARKET, o1))
    with pytest.raises(NotFoundError):
        asyncio.run(links.follow(token))
    second = asyncio.run(links.make(MARKET, o1))
    with store.reading() as connection:
        again = link_of(connection, MARKET, o1)
    assert again is not None
    assert (again.generation, again.ended_at) == (2, None)
    clock.set(NOON + 90 * DAY_S - 1)
    assert asyncio.run(links.follow(second)).order_id == o1
    clock.set(NOON + 90 * DAY_S)
    with pytest.raises(NotFoundError):
        asyncio.run(links.follow(second))


def test_another_secret_makes_another_link_and_the_old_one_counts_no_more(store: Store) -> None:
    do(store, PlaceOrder(order=an_order("o1")))
    clock, o1 = SimulatedClock(NOON), OrderId("o1")
    old = asyncio.run(Links(store, clock, KEY).make(MARKET, o1))
    other = Links(store, clock, b"another secret")
    assert asyncio.run(other.follow(old)).order_id == o1
    new = asyncio.run(other.make(MARKET, o1))
    assert new != old
    with pytest.raises(NotFoundError):
        asyncio.run(other.follow(old))


def test_money_is_found_by_how_far_it_is(store: Store) -> None:
    ids = [OrderId(f"o{number}") for number in range(1, 4)]
    for order_id in ids:
        order = an_order(order_id, total=PRICE, payment=PaymentMethod.GATEWAY)
        do(store, PlaceOrder(order=order))
    for order_id in ids[:2]:
        pay = ReceivePayment(order_id=order_id, method=PaymentMethod.GATEWAY, amount=PRICE, reference="pi_1")
        do(store, pay)
    do(store, AskCancellation(order_id=ids[0]))
    with store.reading() as connection:
        due = queries_money.accounts(connection, MARKET, Cut(), statuses=(PaymentStatus.DUE,))
        back = queries_money.accounts(connection, MARKET, Cut(), refunds_open=True)
        rest = queries_money.accounts(connection, MARKET, Cut(limit=1), refunds_open=False)
        cash = queries_money.accounts(connection, MARKET, Cut(), method=PaymentMethod.CASH)
    assert [one.value.order_id for one in due.items] == [ids[2]]
    assert [one.value.order_id for one in back.items] == [ids[0]]
    assert ([one.value.order_id for one in rest.items], rest.after is not None) == ([ids[2]], True)
    assert cash.items == ()

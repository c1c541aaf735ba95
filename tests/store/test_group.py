"""Commands that share a transaction: each stands or falls alone, and none is answered before it is durable."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future

import pytest
from sqlalchemy import Connection, select

from dispatch.errors import ConflictError, DispatchError, InvalidInputError, NotFoundError, StaleError
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.codec import Json
from dispatch.model.events import Event, MerchantRegistered, OrderPlaced, OrderReady, Recorded
from dispatch.model.order import Channel, MarketId, OrderId
from dispatch.store.rebuild import compare
from dispatch.store.store import Store, open_store
from dispatch.store.tables import OUTBOX
from dispatch.store.writer import StoreClosedError
from dispatch.store.writes import Append, Message
from tests.support.builders import MARKET, NOON, a_merchant, an_order
from tests.support.recorded import KNOWN, an_append, placed

CALI = MarketId("cali")


def together(store: Store, *appends: Append) -> list[Future[tuple[Recorded, ...]]]:
    """Hand in appends while the writer is busy, so that they share the next transaction."""
    gate = threading.Event()

    def wait(_: Connection) -> bool:
        return gate.wait(10)

    busy = store.run(wait)
    futures = [store.submit(append) for append in appends]
    before = store.writer.groups
    gate.set()
    assert busy.result(10)
    for future in futures:
        future.exception(10)
    assert store.writer.groups - before <= 2
    return futures


def refusals(futures: Sequence[Future[tuple[Recorded, ...]]]) -> list[str]:
    """The codes of the refusals, "" for what was written."""
    found = []
    for future in futures:
        error = future.exception()
        assert error is None or isinstance(error, DispatchError)
        found.append("" if error is None else error.code)
    return found


def test_a_conflict_refuses_that_command_alone(store: Store) -> None:
    futures = together(
        store,
        an_append("c1", [placed("o1")], 0),
        an_append("c2", [placed("o2")], 0),
        an_append("c3", [placed("o3")], 1),
        an_append("c1", [placed("o4")], 2),
        an_append("c5", [OrderReady(order_id=OrderId("o9"))], 2),
        an_append("c6", [placed("o5")], 2),
    )
    assert refusals(futures) == ["", "stale", "", "command_repeated", "not_found", ""]
    assert [recorded.command_id for recorded in store.read(MARKET)] == ["c1", "c3", "c6"]
    assert [recorded.seq for recorded in store.read(MARKET)] == [1, 2, 3]
    with store.reading() as connection:
        assert compare(connection, MARKET).examples == []


def test_a_command_whose_last_event_is_refused_leaves_nothing(store: Store) -> None:
    ready = OrderReady(order_id=OrderId("o1"))
    futures = together(store, an_append("c1", [placed("o1"), ready, ready], 0), an_append("c2", [placed("o1")], 0))
    assert refusals(futures) == ["illegal_move", ""]
    assert [recorded.version for recorded in store.read(MARKET)] == [1]
    with store.reading() as connection:
        assert compare(connection, MARKET).examples == []


def test_markets_share_a_transaction(store: Store) -> None:
    futures = together(store, an_append("c1", [KNOWN], 0), an_append("c1", [KNOWN], 0, market_id=CALI))
    assert refusals(futures) == ["", ""]
    assert store.markets() == (MARKET, CALI)
    assert (store.last_seq(MARKET), store.last_seq(CALI)) == (1, 1)


def test_what_waits_is_written_in_one_transaction(store: Store) -> None:
    futures = together(store, *(an_append(f"c{n}", [KNOWN], n) for n in range(100)))
    assert refusals(futures) == [""] * 100
    assert store.last_seq(MARKET) == 100


def test_a_name_of_another_system_is_taken_once(store: Store) -> None:
    futures = together(store, an_append("c1", [placed("o1", "A7")], 0), an_append("c2", [placed("o2", "A7")], 1))
    assert refusals(futures) == ["", "external_id_taken"]
    with pytest.raises(ConflictError, match="as order o1"):
        store.submit(an_append("c3", [placed("o3", "A7")], 1)).result()
    by_chat = OrderPlaced(order=an_order("o4", external_id="A7", channel=Channel.CHAT))
    store.submit(an_append("c4", [by_chat], 1)).result()
    store.submit(an_append("c5", [placed("o5"), placed("o6")], 2)).result()
    assert store.last_seq(MARKET) == 4


@pytest.mark.parametrize("name", ["a\0b", "half \ud800"])
def test_text_that_no_database_holds_is_refused_alone(store: Store, name: str) -> None:
    bad: Event = MerchantRegistered(merchant=a_merchant(name=name))
    futures = together(store, an_append("c1", [bad], 0), an_append("c2", [KNOWN], 0))
    assert refusals(futures) == ["invalid_input", ""]
    with pytest.raises(InvalidInputError):
        store.submit(an_append(name, [KNOWN], 1)).result()


@pytest.mark.parametrize("name", ["'; DROP TABLE events; --", "\\u0000", 'a "b" \\', "Nguyễn 河粉 🛵", "%", "|"])
def test_odd_text_comes_back_as_it_was(store: Store, name: str) -> None:
    event = MerchantRegistered(merchant=a_merchant(name=name))
    store.submit(an_append(name, [event], 0, actor=Actor(ActorKind.DISPATCHER, name))).result()
    (recorded,) = store.read(MARKET)
    assert (recorded.event, recorded.command_id, recorded.actor.id) == (event, name, name)
    assert store.load_state(MARKET).merchants[event.merchant.id].name == name
    assert store.written_by(MARKET, name) == (recorded,)


def test_a_number_too_large_for_a_column_harms_nobody_else(store: Store) -> None:
    far = OrderPlaced(order=an_order("o1", placed_at=2**70))
    futures = together(store, an_append("c1", [far], 0), an_append("c2", [placed("o2")], 0))
    assert refusals(futures) == ["invalid_input", ""]
    assert futures[1].result()[0].seq == 1
    assert [recorded.command_id for recorded in store.read(MARKET)] == ["c2"]


def test_answers_are_remembered_refusals_too(store: Store) -> None:
    answer: Json = {"order": "o1", "fee": 3.5, "notes": [None, True]}
    store.submit(an_append("c1", [placed("o1")], 0, outcome=answer, fingerprint="f1")).result()
    store.submit(an_append("c2", outcome={"error": "order_over"}, fingerprint="f2")).result()
    first, second = store.remembered(MARKET, "c1"), store.remembered(MARKET, "c2")
    assert first is not None
    assert second is not None
    assert (first.outcome, first.fingerprint) == (answer, "f1")
    assert [recorded.seq for recorded in first.events] == [1]
    assert (second.outcome, second.events, second.recorded_at) == ({"error": "order_over"}, (), NOON)
    assert store.remembered(MARKET, "c3") is None
    with pytest.raises(ConflictError):
        store.submit(an_append("c2", [KNOWN], 1)).result()
    assert store.last_seq(MARKET) == 1


def test_an_old_lease_writes_nothing_more(store: Store) -> None:
    store.submit(an_append("c1", [KNOWN], 0, fence=7)).result()
    futures = together(store, an_append("c2", [KNOWN], 1, fence=8), an_append("c3", [KNOWN], 2, fence=7))
    assert refusals(futures) == ["", "lease_lost"]
    with pytest.raises(StaleError):
        store.submit(an_append("c4", [KNOWN], 2, fence=7)).result()
    store.submit(an_append("c5", [KNOWN], 2, fence=8)).result()


def test_another_writer_is_noticed(store: Store, store_url: str) -> None:
    store.submit(an_append("c1", [placed("o1")], 0)).result()
    with open_store(store_url) as other:
        other.submit(an_append("c2", [OrderReady(order_id=OrderId("o1")), placed("o2")], 1)).result()
    with pytest.raises(StaleError):
        store.submit(an_append("c3", [KNOWN], 1)).result()
    with pytest.raises(ConflictError):
        store.submit(an_append("c4", [OrderReady(order_id=OrderId("o1"))], 3)).result()
    store.submit(an_append("c5", [OrderReady(order_id=OrderId("o2"))], 3)).result()
    assert [recorded.version for recorded in store.read(MARKET)] == [1, 2, 1, 2]
    with store.reading() as connection:
        assert compare(connection, MARKET).examples == []


def test_listeners_hear_of_what_is_durable_and_cannot_spoil_it(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[int] = []

    def listen(recorded: tuple[Recorded, ...]) -> None:
        assert store.last_seq(MARKET) >= recorded[-1].seq
        heard.append(recorded[0].seq)
        raise RuntimeError("the listener is ill")

    store.listen(listen)
    store.submit(an_append("c1", [KNOWN], 0)).result()
    with pytest.raises(StaleError):
        store.submit(an_append("c2", [KNOWN], 0)).result()
    store.submit(an_append("c3", [KNOWN], 1)).result()
    assert heard == [1, 2]
    assert "listener failed" in caplog.text


def test_a_refused_job_leaves_nothing_and_harms_nobody(store: Store) -> None:
    def work(connection: Connection) -> None:
        connection.execute(OUTBOX.delete())
        raise NotFoundError("There is nothing.", "Look elsewhere.")

    store.submit(an_append("c1", [KNOWN], 0, messages=[Message(topic="t", payload=1, due_at=NOON)])).result()
    with pytest.raises(NotFoundError):
        store.run(work).result()
    with store.reading() as connection:
        assert len(connection.execute(select(OUTBOX)).all()) == 1


def test_a_client_that_hangs_up_does_not_take_its_command_along(store: Store) -> None:
    async def scene() -> None:
        first = asyncio.wrap_future(store.submit(an_append("c1", [KNOWN], 0)))
        second = asyncio.wrap_future(store.submit(an_append("c2", [KNOWN], 1)))
        assert first.cancel()
        assert (await second)[0].seq == 2

    asyncio.run(scene())
    assert store.last_seq(MARKET) == 2


def test_a_command_may_be_as_large_as_a_city(store: Store) -> None:
    events = [placed(f"o{n}", f"x{n}") for n in range(5_500)]
    store.submit(an_append("c1", events, 0)).result()
    store.submit(an_append("c2", [OrderReady(order_id=OrderId(f"o{n}")) for n in range(5_500)], 5_500)).result()
    assert len(store.load_state(MARKET).active) == 5_500


def test_what_waits_at_the_end_is_written(store: Store) -> None:
    futures = [store.submit(an_append(f"c{n}", [KNOWN], n)) for n in range(20)]
    store.writer.close()
    assert [future.result()[0].seq for future in futures] == list(range(1, 21))
    with pytest.raises(StoreClosedError):
        store.submit(an_append("late", [KNOWN], 20))

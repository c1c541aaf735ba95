"""Messages to the world outside: none is lost, each is in one worker's hands at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, select

from dispatch.errors import StaleError
from dispatch.store.outbox import (
    BACK_OFF_S,
    Claimed,
    claim_messages,
    message_failed,
    message_sent,
    outbox_depth,
    resend,
)
from dispatch.store.store import Store, open_store
from dispatch.store.tables import OUTBOX
from dispatch.store.writes import Message
from dispatch.units import DAY_S, Instant
from tests.support.builders import MARKET, NOON
from tests.support.recorded import KNOWN, an_append


def send(store: Store, *messages: Message) -> None:
    seq = store.last_seq(MARKET)
    store.submit(an_append(f"c{seq + 1}", [KNOWN], seq, messages=messages)).result()


def claimed(
    store: Store, now: Instant, worker: str = "w1", limit: int = 10, topics: Sequence[str] = ()
) -> list[Claimed]:
    def work(connection: Connection) -> list[Claimed]:
        return claim_messages(connection, worker=worker, now=now, lease_s=30, limit=limit, topics=topics)

    return store.run(work).result()


def fail(store: Store, message: Claimed, now: Instant, back_off_s: tuple[int, ...] = BACK_OFF_S) -> None:
    assert store.run(lambda c: message_failed(c, message, now, "timed out", back_off_s=back_off_s)).result()


def depth(store: Store) -> dict[tuple[str, str], int]:
    with store.reading() as connection:
        return dict(outbox_depth(connection))


def a_message(due_at: Instant = NOON, topic: str = "webhook", name: str | None = None) -> Message:
    return Message(topic=topic, payload={"due": due_at, "who": "Nguyễn"}, due_at=due_at, name=name)


def test_messages_are_claimed_when_due_oldest_first(store: Store) -> None:
    send(store, a_message(NOON + 60), a_message(NOON), a_message(NOON + 10), a_message(NOON, "sms"))
    assert [m.payload for m in claimed(store, NOON + 10, topics=["webhook"])] == [
        {"due": NOON, "who": "Nguyễn"},
        {"due": NOON + 10, "who": "Nguyễn"},
    ]
    assert [m.topic for m in claimed(store, NOON + 10)] == ["sms"]
    assert claimed(store, NOON + 10) == []
    assert len(claimed(store, NOON + 60)) == 4  # three of them again: their worker took too long


def test_a_refused_command_sends_nothing(store: Store) -> None:
    with pytest.raises(StaleError):
        store.submit(an_append("c1", [KNOWN], 5, messages=[a_message()])).result()
    assert claimed(store, NOON) == []


def test_a_named_message_is_written_once(store: Store) -> None:
    send(store, a_message(name="o1 ready"), a_message(name="o1 ready"))
    send(store, a_message(name="o1 ready"), a_message(), a_message())
    assert depth(store) == {("webhook", "waiting"): 3}


def test_sent_messages_are_done(store: Store) -> None:
    send(store, a_message())
    (message,) = claimed(store, NOON)
    assert store.run(lambda c: message_sent(c, message, NOON + 1)).result()
    assert depth(store) == {("webhook", "sent"): 1}
    assert claimed(store, NOON + DAY_S) == []


def test_who_comes_back_late_changes_nothing(store: Store) -> None:
    send(store, a_message())
    (first,) = claimed(store, NOON, "w1")
    assert claimed(store, NOON + 29, "w2") == []
    (second,) = claimed(store, NOON + 30, "w2")
    assert (second.id, second.attempts) == (first.id, 2)
    assert not store.run(lambda c: message_sent(c, first, NOON + 31)).result()
    assert not store.run(lambda c: message_failed(c, first, NOON + 31, "late")).result()
    assert store.run(lambda c: message_sent(c, second, NOON + 31)).result()


def test_failures_wait_longer_each_time_for_a_day_then_the_message_is_dead(store: Store) -> None:
    send(store, a_message())
    now, waits = NOON, []
    while found := claimed(store, now):
        (message,) = found
        fail(store, message, now)
        with store.reading() as connection:
            row = connection.execute(select(OUTBOX)).one()
        assert row.error == "timed out"
        waits.append(row.due_at - now)
        now = max(now, row.due_at)
    assert tuple(waits[:-1]) == BACK_OFF_S
    assert list(BACK_OFF_S) == sorted(BACK_OFF_S)
    assert DAY_S - 3600 < sum(BACK_OFF_S) <= DAY_S
    assert depth(store) == {("webhook", "dead"): 1}


def test_dead_messages_can_be_sent_again(store: Store) -> None:
    send(store, a_message(), a_message())
    for message in claimed(store, NOON):
        fail(store, message, NOON, back_off_s=())
    first = 1
    assert store.run(lambda c: resend(c, NOON + 9, ids=[first])).result() == 1
    assert [(m.id, m.attempts) for m in claimed(store, NOON + 9)] == [(first, 1)]
    assert store.run(lambda c: resend(c, NOON + 9)).result() == 1


def test_two_workers_never_hold_the_same_message(store: Store, store_url: str) -> None:
    send(store, *(a_message() for _ in range(60)))
    with open_store(store_url) as other, ThreadPoolExecutor(4) as pool:
        rounds = [pool.submit(claimed, (store, other)[n % 2], NOON, f"w{n}", 7) for n in range(12)]
        held = [message.id for future in rounds for message in future.result()]
    held += [message.id for message in claimed(store, NOON, limit=100)]
    assert len(held) == len(set(held)) == 60

"""Durable timers: each takes effect once, whoever dies or hangs."""

from __future__ import annotations

import pytest

from dispatch.errors import StaleError
from dispatch.store.store import Store, open_store
from dispatch.store.timers import claim_timers, next_due_at
from dispatch.store.writes import Timer, TimerClaim
from dispatch.units import Instant
from tests.support.builders import MARKET, NOON
from tests.support.recorded import KNOWN, an_append, placed


def a_timer(due_at: Instant = NOON + 60, name: str = "offer:1") -> Timer:
    return Timer(name=name, kind="offer_expires", due_at=due_at, payload={"offer": name})


def due(store: Store, now: Instant, worker: str = "w1") -> list[TimerClaim]:
    return store.run(lambda c: claim_timers(c, worker=worker, now=now, lease_s=30, limit=10, market_id=MARKET)).result()


def fire(store: Store, claim: TimerClaim) -> None:
    seq = store.last_seq(MARKET)
    store.submit(an_append(claim.command_id, [KNOWN], seq, fired=claim)).result()


def test_a_timer_is_due_at_its_time_and_fires_once(store: Store) -> None:
    store.submit(an_append("c1", [KNOWN], 0, timers=[a_timer(NOON + 90, "b"), a_timer(NOON + 60, "a")])).result()
    with store.reading() as connection:
        assert next_due_at(connection) == NOON + 60
    assert due(store, NOON + 59) == []
    first, second = due(store, NOON + 100)
    assert (first.name, first.kind, first.payload, first.due_at) == ("a", "offer_expires", {"offer": "a"}, NOON + 60)
    assert second.name == "b"
    fire(store, first)
    with pytest.raises(StaleError) as caught:
        store.submit(an_append("again", [KNOWN], 2, fired=first)).result()
    assert caught.value.code == "timer_gone"
    assert [claim.name for claim in due(store, NOON + 1000)] == ["b"]
    with store.reading() as connection:
        assert next_due_at(connection) == NOON + 1030, "whoever has it may be dead by then"


def test_a_timer_outlives_the_process_and_its_worker(store: Store, store_url: str) -> None:
    store.submit(an_append("c1", [KNOWN], 0, timers=[a_timer()])).result()
    (hanging,) = due(store, NOON + 60, "w1")
    store.close()
    with open_store(store_url) as later:
        assert due(later, NOON + 89, "w2") == []
        (claim,) = due(later, NOON + 90, "w2")
        assert claim.command_id == hanging.command_id
        with pytest.raises(StaleError):
            fire(later, hanging)
        fire(later, claim)
        assert later.last_seq(MARKET) == 2
        assert due(later, NOON + 1000) == []


def test_a_command_that_is_refused_leaves_the_timer_to_be_fired(store: Store) -> None:
    store.submit(an_append("c1", [placed("o1")], 0, timers=[a_timer()])).result()
    (claim,) = due(store, NOON + 60)
    with pytest.raises(StaleError):
        store.submit(an_append(claim.command_id, [KNOWN], 0, fired=claim)).result()
    fire(store, claim)
    assert store.last_seq(MARKET) == 2


def test_a_timer_whose_time_has_passed_for_nothing_ends_too(store: Store) -> None:
    store.submit(an_append("c1", [KNOWN], 0, timers=[a_timer()])).result()
    (claim,) = due(store, NOON + 60)
    store.submit(an_append(claim.command_id, fired=claim)).result()
    assert due(store, NOON + 1000) == []
    assert store.last_seq(MARKET) == 1


def test_a_cancelled_timer_does_not_fire_even_if_it_was_claimed(store: Store) -> None:
    store.submit(an_append("c1", [KNOWN], 0, timers=[a_timer(name="a"), a_timer(name="b")])).result()
    claims = due(store, NOON + 60)
    store.submit(an_append("c2", [KNOWN], 1, cancelled_timers=["a", "unknown"])).result()
    assert [claim.name for claim in claims] == ["a", "b"]
    with pytest.raises(StaleError):
        fire(store, claims[0])
    fire(store, claims[1])
    assert due(store, NOON + 1000) == []


def test_setting_a_timer_again_replaces_it(store: Store) -> None:
    store.submit(an_append("c1", [KNOWN], 0, timers=[a_timer(NOON + 60)])).result()
    (claim,) = due(store, NOON + 60)
    store.submit(an_append("c2", [KNOWN], 1, timers=[a_timer(NOON + 600), a_timer(NOON + 700)])).result()
    with pytest.raises(StaleError):
        fire(store, claim)
    assert due(store, NOON + 600) == []
    (later,) = due(store, NOON + 700)
    assert later.command_id != claim.command_id
    fire(store, later)


def test_a_timer_can_set_itself_again(store: Store) -> None:
    store.submit(an_append("c1", [KNOWN], 0, timers=[a_timer()])).result()
    (claim,) = due(store, NOON + 60)
    again = a_timer(NOON + 120)
    store.submit(an_append(claim.command_id, [KNOWN], 1, fired=claim, timers=[again])).result()
    (second,) = due(store, NOON + 120)
    assert second.generation == claim.generation + 1
    fire(store, second)
    assert due(store, NOON + 1000) == []

"""Answers to commands are forgotten after a month; the log is whole all the same."""

from __future__ import annotations

import asyncio

from dispatch.engine.clock import SimulatedClock
from dispatch.service.forgetting import KEPT_S, forget_old_answers
from dispatch.store.remembering import forget_answers, remember
from dispatch.store.store import Store
from dispatch.store.verify import verify
from tests.support.builders import MARKET, NOON
from tests.support.recorded import KNOWN, an_append


def faults(store: Store) -> list[str]:
    with store.reading() as connection:
        return verify(connection).faults


def test_old_answers_are_forgotten_and_the_same_id_is_decided_anew(store: Store) -> None:
    old, young = NOON, NOON + 100
    store.submit(an_append("c1", [KNOWN], 0, recorded_at=old, outcome={"kind": "x"})).result()
    store.submit(an_append("c2", [KNOWN], 1, recorded_at=young, outcome={"kind": "y"})).result()
    store.run(remember(MARKET, "made-beside", "", {}, old)).result()
    clock = SimulatedClock(old + KEPT_S)
    assert asyncio.run(forget_old_answers(store, clock)) == 0
    clock.set(young + KEPT_S)
    assert asyncio.run(forget_old_answers(store, clock)) == 2
    assert store.remembered(MARKET, "c1") is None
    kept = store.remembered(MARKET, "c2")
    assert kept is not None
    assert kept.outcome == {"kind": "y"}
    assert [entry.command_id for entry in store.read(MARKET)] == ["c1", "c2"]
    assert faults(store) == []
    again = an_append("c1", [KNOWN], 2, recorded_at=young, outcome={"kind": "z"})
    assert [entry.seq for entry in store.submit(again).result()] == [3]
    anew = store.remembered(MARKET, "c1")
    assert anew is not None
    assert [entry.seq for entry in anew.events] == [3]
    assert faults(store) == []


def test_what_was_answered_in_one_second_is_forgotten_together(store: Store) -> None:
    for number in range(6):
        at = NOON + number // 3
        store.submit(an_append(f"c{number}", [KNOWN], number, recorded_at=at)).result()
    assert store.run(lambda c: forget_answers(c, NOON + 10, 2)).result() == 3
    assert [store.remembered(MARKET, f"c{number}") is None for number in range(6)] == [True] * 3 + [False] * 3
    assert faults(store) == []
    assert store.run(lambda c: forget_answers(c, NOON + 10, 2)).result() == 3
    assert store.run(lambda c: forget_answers(c, NOON + 10, 2)).result() == 0
    assert faults(store) == []

"""A decision record replays to the same plan, bit for bit, and damage never goes unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.engine.policy import load_policy
from dispatch.engine.record_file import RecordError
from dispatch.engine.records import RecordStore, from_bytes, load_record, to_bytes
from dispatch.engine.replays import first_difference, replay
from dispatch.solver.explain import explain
from dispatch.solver.params import Params, SearchParams
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve
from simulations.readers import load_instance
from simulations.runner import Simulation
from tests.support.problems import market
from tests.support.random_problems import problems, rules
from tests.support.records import SomeTicks, a_record, first_orders
from tests.support.shared_data import REPOSITORY

DATA = to_bytes(a_record(market("a b 1 . A 2 B", "1A", "2B")))
MINOR = len("dispatch-record 2.")

SEARCHES = st.builds(
    SearchParams,
    matcher=st.sampled_from(("own", "flow", "sparse")),
    candidates=st.integers(1, 20),
    replan=st.booleans(),
    passes=st.integers(0, 4),
    exchanges=st.booleans(),
    neighbours=st.integers(1, 12),
    ruins=st.integers(0, 20),
)


@settings(max_examples=60)
@given(problems(), st.builds(Params, rules=rules(), search=SEARCHES), st.integers(0, 2**31))
def test_random_decisions_replay_bit_for_bit(problem: Problem, params: Params, tick: int) -> None:
    record = a_record(problem, params=params, tick=tick)
    again = from_bytes(to_bytes(record), "test")
    assert again.plan.same_as(record.plan)
    assert replay(record).same_as(record.plan)
    assert replay(again).same_as(record.plan)


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_changed_byte_is_always_noticed(at: int, change: int) -> None:
    damaged = DATA[:at] + bytes([DATA[at] ^ change]) + DATA[at + 1 :]
    if at == MINOR and chr(damaged[at]).isdigit():  # of which any can be read
        assert to_bytes(from_bytes(damaged, "test")) == DATA
        return
    with pytest.raises(RecordError) as caught:
        from_bytes(damaged, "test")
    assert caught.value.code in ("record_damaged", "record_format")


@given(st.integers(0, len(DATA) - 1))
def test_a_record_cut_short_anywhere_is_refused(length: int) -> None:
    with pytest.raises(RecordError):
        from_bytes(DATA[:length], "test")


@given(st.binary(max_size=200))
def test_noise_is_no_record(noise: bytes) -> None:
    with pytest.raises(RecordError):
        from_bytes(noise, "test")


def play(folder: Path, day: Path, orders: int) -> RecordStore:
    """Records of some of the decisions on the first orders of a day."""
    instance = first_orders(load_instance(day), orders)
    store = RecordStore(folder)
    Simulation(instance, load_policy(instance.rules.policy), solve, keep=SomeTicks(store, 5).keep).run()
    return store


def check_records(store: RecordStore) -> None:
    """Every record replays to its plan, and each order of its problem is explained in full."""
    assert len(store.paths()) > 3
    for path in store.paths():
        record = load_record(path)
        assert path.stat().st_size < 60_000
        assert first_difference(record.problem, record.plan, replay(record)) == ""
        for order in range(record.problem.order_count):
            told = explain(record.problem, record.params, record.plan, order, riders=max(1, record.problem.rider_count))
            assert told.possible + sum(len(group.riders) for group in told.exclusions) == record.problem.rider_count
            assert all(sum(found.terms) == found.total for found in told.candidates)


def test_records_of_the_built_in_day_replay(tmp_path: Path) -> None:
    check_records(play(tmp_path, REPOSITORY / "data" / "synthetic", 40))


def test_records_of_a_grubhub_day_replay(tmp_path: Path, grubhub_dir: Path) -> None:
    check_records(play(tmp_path, grubhub_dir / "0o50t100s1p100", 40))

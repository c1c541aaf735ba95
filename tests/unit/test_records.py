"""Decision records: nothing is lost on the way to the disk, nothing false comes back from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dispatch import __version__
from dispatch.engine.record_file import Arrays, Header, RecordError, pack, unpack
from dispatch.engine.records import Record, RecordStore, from_bytes, load_record, to_bytes, write_record
from dispatch.engine.replays import first_difference, replay
from dispatch.errors import InvalidInputError, NotFoundError
from dispatch.solver.costs import TERMS
from dispatch.solver.costs.terms import LATENESS
from dispatch.solver.params import Params, SearchParams
from dispatch.solver.plan import Plan, Verdict
from dispatch.solver.problem import Problem
from dispatch.solver.rules import Rules
from dispatch.solver.summary import with_summary
from tests.support.plans import plan, with_value
from tests.support.problems import OrderAt, RiderAt, market
from tests.support.random_problems import random_problem
from tests.support.records import a_record

LATER = np.arange(len(TERMS)) == LATENESS
SMALL = market("a b 1 . A 2 B", "1A", "2B", RiderAt("b", tasks="+2B -2B"), bars=[("1A", "b")])


def arrays_of(record: Record) -> dict[str, Any]:
    """Every array of a record by name."""
    problem, made = record.problem, record.plan
    groups: tuple[Any, ...] = (problem.travel, problem.orders, problem.riders, problem.routes, made.routes)
    found = {f"{n}.{k}": v for n, group in enumerate(groups) for k, v in group._asdict().items()}
    found |= {
        name: getattr(made, name) for name in ("arrive_at", "event_at", "leave_at", "depart_at", "verdict", "terms")
    }
    return found | {"bars": problem.bars, "changed": problem.changed}


@pytest.mark.parametrize("kind", ["plane", "sphere", "matrix"])
def test_what_is_read_is_what_was_written(kind: str, tmp_path: Path) -> None:
    problem = replace(
        random_problem(3, orders=9, riders=5, tables=(kind,)),
        changed=np.array([0, 1, 0, 0, 1]),
        profile_names=("bicycle", "motorcycle", "walk"),
        zone_names=("north", "Bogotá"),
    )
    params = Params(version="mine-3", rules=Rules(max_stops=9), search=SearchParams(matcher="sparse", ruins=3))
    record = a_record(problem, params=params)
    write_record(tmp_path / "x.record", record)
    again = load_record(tmp_path / "x.record")
    for name, array in arrays_of(record).items():
        read = arrays_of(again)[name]
        if not isinstance(array, np.ndarray):
            assert (type(read), read) == (type(array), array)
            continue
        assert (read.dtype, read.shape) == (array.dtype, array.shape), name
        assert (read == array).all(), name
        assert read.flags.c_contiguous, name
        assert read.flags.writeable, name
    assert (again.params, again.seed, again.tick, again.version) == (params, record.seed, 7, __version__)
    assert again.problem.order_ids == problem.order_ids
    assert (again.problem.profile_names, again.problem.zone_names) == (problem.profile_names, problem.zone_names)
    assert to_bytes(again) == to_bytes(record)


def test_what_is_told_of_a_plan_is_written_and_read_with_it() -> None:
    problem = random_problem(3, orders=12, riders=3, tables=("plane",))
    bare = a_record(problem)
    record = replace(bare, plan=with_summary(problem, bare.params, bare.plan))
    again = from_bytes(to_bytes(record), "x").plan.summary
    told = record.plan.summary
    assert told is not None
    assert again is not None
    assert (again.bound, again.left_out, again.chosen, again.short) == (
        told.bound,
        told.left_out,
        told.chosen,
        told.short,
    )
    assert again.changes == told.changes
    for mine, theirs in ((told.choices, again.choices), (told.shortages, again.shortages)):
        for name, array in mine._asdict().items():
            assert np.array_equal(array, getattr(theirs, name)), name
    assert again.terms.tolist() == told.terms.tolist()
    assert again.verdicts.tolist() == told.verdicts.tolist()
    assert from_bytes(to_bytes(bare), "x").plan.summary is None


def test_a_summary_that_does_not_fit_its_record_is_refused() -> None:
    problem = random_problem(3, orders=12, riders=3, tables=("plane",))
    bare = a_record(problem)
    header, arrays = unpack(to_bytes(replace(bare, plan=with_summary(problem, bare.params, bare.plan))), "x")
    header["summary"]["bound"] = "0"
    header["summary"]["changes"]["moved"] = 0.5
    arrays["summary.terms"] = arrays["summary.terms"][1:]
    arrays["summary.choices.rider"] += 99
    with pytest.raises(InvalidInputError) as caught:
        from_bytes(pack(header, arrays), "x")
    causes = " ".join(issue.cause for issue in caught.value.issues)
    for name in ("summary.terms", "summary.choices.rider", "summary.changes", "summary.bound"):
        assert name in causes
    with pytest.raises(InvalidInputError, match="summary is no table"):
        from_bytes(pack(header | {"summary": 3}, arrays), "x")


def test_a_record_of_a_hundred_orders_and_riders_is_small() -> None:
    record = a_record(random_problem(1, orders=100, riders=100, tables=("plane",), spread=60))
    assert len(to_bytes(record)) < 20_000


def test_the_first_line_names_format_length_and_digest() -> None:
    words = to_bytes(a_record(SMALL)).split(b"\n", 1)[0].split()
    assert words[:2] == [b"dispatch-record", b"2.0"]
    assert len(words[3]) == 64


@pytest.mark.parametrize("shape", [(0,), (0, 2), (3,), (2, 3, 4)])
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.float64])
def test_arrays_of_any_shape_come_back(shape: tuple[int, ...], dtype: type[Any]) -> None:
    array = (np.arange(np.prod(shape)).reshape(shape) - 2).astype(dtype) * 3
    header, arrays = unpack(pack({"x": 1}, {"a": array, "b": array[::-1]}), "test")
    assert header == {"x": 1}
    assert (arrays["a"] == array).all()
    assert (arrays["b"] == array[::-1]).all()
    assert arrays["a"].dtype == dtype


def cut(data: bytes) -> bytes:
    return data[:-10]


def longer(data: bytes) -> bytes:
    return data + b"x"


def flipped(data: bytes) -> bytes:
    return data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]


def nothing(data: bytes) -> bytes:
    return data[:0]


def text(data: bytes) -> bytes:
    return b"order_id,placed_at\n" + data[:0]


def first_line_only(data: bytes) -> bytes:
    return data.split(b"\n")[0]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (cut, "of .* bytes"),
        (longer, "of .* bytes"),
        (flipped, "contents that its first line vouches for"),
        (nothing, "no decision record"),
        (text, "no decision record"),
        (first_line_only, "no decision record"),
    ],
)
def test_damage_is_told_with_cause_and_action(damage: Callable[[bytes], bytes], told: str, tmp_path: Path) -> None:
    path = tmp_path / "x.record"
    path.write_bytes(damage(to_bytes(a_record(SMALL))))
    with pytest.raises(RecordError, match=told) as caught:
        load_record(path)
    assert caught.value.code == "record_damaged"
    assert str(path) in caught.value.cause
    assert caught.value.action


def test_another_major_format_is_refused_and_another_minor_read() -> None:
    data = to_bytes(a_record(SMALL))
    with pytest.raises(RecordError, match=r"format 3\.0; this version reads 2\.\*") as caught:
        from_bytes(data.replace(b"dispatch-record 2.0", b"dispatch-record 3.0", 1), "x")
    assert caught.value.code == "record_format"
    assert from_bytes(data.replace(b"dispatch-record 2.0", b"dispatch-record 2.7", 1), "x").tick == 7


def test_what_a_later_minor_format_adds_is_left_out() -> None:
    header, arrays = unpack(to_bytes(a_record(SMALL)), "x")
    data = pack(header | {"weather": "rain"}, arrays | {"riders.mood": np.zeros(2)})
    assert replay(from_bytes(data, "x")).same_as(a_record(SMALL).plan)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="No such file"):
        load_record(tmp_path / "none.record")


def rewritten(change: Callable[[Header, Arrays], None]) -> bytes:
    """A record whose digest is right and whose contents are not."""
    header, arrays = unpack(to_bytes(a_record(SMALL)), "x")
    change(header, arrays)
    return pack(header, arrays)


def put(name: str, index: int, value: int) -> Callable[[Header, Arrays], None]:
    def change(_: Header, arrays: Arrays) -> None:
        arrays[name].reshape(-1)[index] = value

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (put("orders.pickup", 0, 99), "the array orders.pickup has values outside 0 to"),
        (put("orders.rider", 0, -2), "the array orders.rider has values outside -1 to 1"),
        (put("orders.state", 0, 3), "the array orders.state has values outside 0 to 2"),
        (put("riders.place", 1, -1), "the array riders.place"),
        (put("riders.profile", 0, 1), "the array riders.profile"),
        (put("riders.capacity", 0, 0), "the array riders.capacity"),
        (put("routes.order", 0, 2), "the array routes.order"),
        (put("routes.kind", 0, 2), "the array routes.kind"),
        (put("routes.start", 1, 3), "the array routes.start does not part 2 tasks"),
        (put("plan.routes.frozen", 0, 9), "the array plan.routes.frozen freezes tasks that there are not"),
        (put("plan.verdict", 0, 99), "the array plan.verdict"),
        (put("bars", 1, 2), "the array bars names an order or rider that there is not"),
        (lambda header, _: header.update(step_s=0), "step_s is 0, less than 1"),
        (lambda header, _: header.update(now="noon"), "now is no int"),
        (lambda header, _: header.update(order_ids=[1, 2]), "order_ids is no list of texts"),
        (lambda _, arrays: arrays.pop("orders.size"), "the array orders.size is missing"),
        (lambda _, arrays: arrays.update({"bars": np.zeros(3)}), "the array bars is float64"),
        (lambda header, _: header.update(params=None), "params must be a table"),
        (lambda header, _: header["params"].update(speed=3), "params.speed is not a setting"),
    ],
)
def test_contents_that_do_not_fit_together_are_refused(change: Callable[[Header, Arrays], None], told: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        from_bytes(rewritten(change), "x.record")
    assert any(told in issue.cause for issue in caught.value.issues)
    assert {issue.source for issue in caught.value.issues} == {"x.record"}


def test_all_flaws_are_listed() -> None:
    def change(header: Header, arrays: Arrays) -> None:
        header["cost"] = None
        del arrays["orders.size"], arrays["travel.pace"]

    with pytest.raises(InvalidInputError) as caught:
        from_bytes(rewritten(change), "x")
    assert len(caught.value.issues) >= 3


@pytest.mark.parametrize("name", ["seed", "tick", "solver", "version"])
def test_a_record_that_does_not_say_what_made_it_is_refused(name: str) -> None:
    with pytest.raises(RecordError, match=f"does not say its {name}"):
        from_bytes(rewritten(lambda header, _: header.pop(name)), "x")


def test_a_file_that_another_program_signed_is_refused() -> None:
    with pytest.raises(RecordError, match="was not written by Dispatch"):
        unpack(pack({}, {"a": np.zeros(2, np.int16)}), "x")


def test_a_store_names_records_by_tick_and_time_and_finds_them(tmp_path: Path) -> None:
    store = RecordStore(tmp_path / "records", seed=100)
    record = a_record(SMALL)
    ids = [store.keep(SMALL, record.params, 100 + tick, record.plan) for tick in (9, 10, 11)]
    assert ids == ["0000009-0", "0000010-0", "0000011-0"]
    assert [path.stem for path in store.paths()] == ids
    assert load_record(store.path(ids[1])).tick == 10
    assert load_record(store.at_tick(11)).seed == 111
    assert [found.tick for found in store.newest_first()] == [11, 10, 9]
    assert {path.suffix for path in (tmp_path / "records").iterdir()} == {".record"}


def test_a_tick_without_a_record_is_told_with_what_there_is(tmp_path: Path) -> None:
    store, record = RecordStore(tmp_path), a_record(SMALL)
    with pytest.raises(NotFoundError, match="it has none at all"):
        store.at_tick(1)
    for tick in (3, 8):
        store.keep(SMALL, record.params, tick, record.plan)
    with pytest.raises(NotFoundError, match="it has 2, of ticks 3 to 8"):
        store.at_tick(4)


def test_a_store_refuses_seeds_from_before_its_first_tick(tmp_path: Path) -> None:
    record = a_record(SMALL)
    with pytest.raises(ValueError, match="from seed 5 and was given seed 4"):
        RecordStore(tmp_path, seed=5).keep(SMALL, record.params, 4, record.plan)


def test_a_record_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    record = a_record(SMALL)
    with pytest.raises(RecordError, match="cannot be written") as caught:
        RecordStore(tmp_path / "file").keep(SMALL, record.params, 1, record.plan)
    assert caught.value.code == "record_not_kept"


def test_the_same_plan_has_no_difference() -> None:
    record = a_record(SMALL)
    assert first_difference(SMALL, record.plan, replay(record)) == ""


def other(base: Plan, **changes: Any) -> Plan:  # noqa: ANN401 - fields of a plan
    return replace(base, **changes)


DIFFERENT: list[tuple[Callable[[Plan], Plan], str]] = [
    (lambda _: plan(SMALL, {"a": "+1A -1A"}), "The plans have arrays of different shapes."),
    (lambda p: with_value(p, "verdict", 0, Verdict.BARRED), "The verdict on order 1A was planned and is now barred."),
    (lambda p: with_value(p, "event_at", 1, 5), "The event_at of -1A was 240 and is now 5."),
    (
        lambda p: other(p, terms=p.terms + (np.arange(len(TERMS)) == LATENESS)),
        "The term lateness of rider a was 0 and is now 1.",
    ),
    (lambda p: other(p, cost=p.cost + 1), "The cost was 56700 and is now 56701."),
    (lambda p: with_value(p, "routes.frozen", 0, 1), "The plans freeze different tasks."),
    (
        lambda p: with_value(p, "routes.order", 0, 1),
        "The route of rider a was +1A -1A and is now +2B -1A.",
    ),
]


@pytest.mark.parametrize(("change", "told"), DIFFERENT)
def test_the_first_difference_is_named(change: Callable[[Plan], Plan], told: str) -> None:
    made = a_record(SMALL).plan
    assert first_difference(SMALL, made, change(made)) == told


def test_a_route_that_is_gone_is_named() -> None:
    problem: Problem = market("a b 1 A", OrderAt("1A"))
    made = a_record(problem).plan
    moved = replace(made, routes=made.routes._replace(start=np.array([0, 2, 2])))
    assert first_difference(problem, moved, made) == "The route of rider a was +1A -1A and is now empty."

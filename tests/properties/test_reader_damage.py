"""However an instance is damaged, it loads or is refused with issues: no other error, nothing half-loaded."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatch.errors import InvalidInputError, Issue
from simulations.instance import Instance
from simulations.readers import load_instance
from tests.support.instance_files import EXAMPLES

CELL = re.compile(rb"[^\t,\n]+")
CELLS = st.sampled_from(
    [b"", b" ", b"0", b"-1", b"1e400", b"nan", b"inf", b"1e18", b"99", b"x", b'"', b"\xff", b"\x00", b"\r", b"24:00:00"]
)
TEXTS = ("", " ", "x", "west", "van", "2026-10-25T02:40:00+02:00", "2026-02-30", "9999-12-31T23:59:59-23:00")
NAMES = st.sampled_from(["a", "type", "name"])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(TEXTS)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=2), max_leaves=4
)


def loads_or_is_refused(folder: Path) -> None:
    instance, issues = loaded(folder)
    assert instance or issues
    assert all(issue.code and issue.cause and issue.action and issue.source for issue in issues)
    if instance:
        assert {order.merchant_id for order in instance.orders} <= {merchant.id for merchant in instance.merchants}
        assert {shift.rider_id for shift in instance.shifts} <= {rider.id for rider in instance.riders}


def loaded(folder: Path) -> tuple[Instance | None, tuple[Issue, ...]]:
    """The instance and its warnings, or nothing and why it is refused."""
    try:
        instance = load_instance(folder)
    except InvalidInputError as refusal:
        return None, refusal.issues
    return instance, instance.warnings


@pytest.mark.parametrize("name", ["grubhub", "colombia"])
@given(data=st.data())
@settings(max_examples=40)
def test_text_with_other_values(name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(shutil.copytree(EXAMPLES / name, Path(parent) / name))
        path = data.draw(st.sampled_from(sorted(folder.iterdir())))
        content = path.read_bytes()
        for _ in range(data.draw(st.integers(1, 3))):
            spot = data.draw(st.sampled_from(list(CELL.finditer(content))))
            content = content[: spot.start()] + data.draw(CELLS | st.just(spot.group()[::-1])) + content[spot.end() :]
        path.write_bytes(content)
        loads_or_is_refused(folder)


@given(cut=st.integers(0, 300), name=st.sampled_from(["orders.csv", "couriers.csv"]))
@settings(max_examples=30)
def test_text_that_ends_early(cut: int, name: str) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(shutil.copytree(EXAMPLES / "colombia", Path(parent) / "colombia"))
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: max(0, len(content) - cut)])
        loads_or_is_refused(folder)


@given(data=st.data())
@settings(max_examples=80)
def test_json_with_other_values(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(shutil.copytree(EXAMPLES / "own", Path(parent) / "own"))
        # Zones have a reader of their own in dispatch.geo, with tests of its own.
        path = data.draw(st.sampled_from(sorted(path for path in folder.iterdir() if path.name != "zones.geojson")))
        content = json.loads(path.read_text(encoding="utf-8"))
        for _ in range(data.draw(st.integers(1, 3))):
            inside = content
            key = data.draw(st.sampled_from(keys(inside)))
            while isinstance(inside[key], dict | list) and inside[key] and data.draw(st.integers(0, 9)):
                inside = inside[key]
                key = data.draw(st.sampled_from(keys(inside)))
            inside[key] = data.draw(VALUES)
        path.write_text(json.dumps(content), encoding="utf-8")
        loads_or_is_refused(folder)


def keys(value: dict[str, object] | list[object]) -> list[str] | list[int]:
    return list(value) if isinstance(value, dict) else list(range(len(value)))


@given(content=st.binary(max_size=60))
@example(content=b"PAR1")
@settings(max_examples=30)
def test_parquet_that_is_none(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(shutil.copytree(EXAMPLES / "own", Path(parent) / "own"))
        (folder / "riders.geojson").unlink()
        (folder / "riders.parquet").write_bytes(content)
        loads_or_is_refused(folder)

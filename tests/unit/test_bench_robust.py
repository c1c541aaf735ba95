"""The robust table: same chances for all, differences pair by pair, a row for every figure."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from benchmarks.quality.robust import (
    UNITS,
    WORLDS,
    Line,
    cell,
    measure_robustness,
    robust_markdown,
    robust_rows,
    robust_table,
)
from simulations.comparison import Difference
from tests.support.sources import REPOSITORY

COLOMBIA = REPOSITORY / "data" / "examples" / "colombia"


TWO = {name: WORLDS[name] for name in ("as told", "10 % vanish")}


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return measure_robustness(("nearest", "window"), workers=1, worlds=TWO, day=COLOMBIA, seeds=2)


def test_every_world_is_played_by_every_policy(lines: list[Line]) -> None:
    assert [(line.world, line.policy) for line in lines] == [
        (world, policy) for world in TWO for policy in ("nearest", "window")
    ]
    assert all(line.means.keys() == UNITS.keys() for line in lines)


def test_differences_are_those_of_the_means(lines: list[Line]) -> None:
    for first, other in zip(lines[::2], lines[1::2], strict=True):
        assert set(first.differences.values()) == {None}
        for metric, gap in other.differences.items():
            assert gap is not None
            assert gap.mean == pytest.approx(other.means[metric] - first.means[metric])
            assert gap.low is not None
            assert gap.high is not None
            assert gap.low <= gap.mean <= gap.high


def test_rows_hold_means_differences_and_the_ends_of_intervals(lines: list[Line]) -> None:
    rows = robust_rows(lines, "make it so")
    assert len({(row.scope, row.metric) for row in rows}) == len(rows)
    found = {row.metric for row in rows if row.scope == "robust: 10 % vanish"}
    assert {f"nearest: {metric}" for metric in UNITS} <= found
    assert {f"window: penalised mean, difference{end}" for end in ("", " low", " high")} <= found
    assert {row.command for row in rows} == {"make it so"}


def test_the_table_names_each_world_once(lines: list[Line]) -> None:
    console = Console(width=200, file=StringIO(), record=True)
    console.print(robust_table(lines))
    text = console.export_text()
    assert all(text.count(f" {world} ") == 1 for world in TWO)
    assert text.count(" window ") == len(TWO)


def test_markdown_has_a_line_for_each_line(lines: list[Line]) -> None:
    told = robust_markdown(lines).splitlines()
    assert len(told) == len(lines) + 2
    assert {line.count(" | ") for line in told} == {len(UNITS) + 1}


def test_a_cell_says_how_sure_the_difference_is() -> None:
    means, gap = dict.fromkeys(UNITS, 50.0), Difference(4.0, 3.5, 4.5)
    line = Line("rain", "nearest", means, dict.fromkeys(UNITS, gap))
    assert cell(line, "penalised mean", " ") == "50.0 +4.0 (+3.5 to +4.5)"
    alone = Line("rain", "nearest", means, dict.fromkeys(UNITS, Difference(4.0)))
    assert cell(alone, "penalised mean", " ") == "50.0 +4.0"
    first = Line("rain", "dispatch", means, dict.fromkeys(UNITS, None))
    assert cell(first, "penalised mean") == "50.0"

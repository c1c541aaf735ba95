"""Rows are the same on the screen and in the file, and `python -m benchmarks` writes them."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from benchmarks.__main__ import main
from benchmarks.rows import Row, number, target_table, write_rows
from benchmarks.timing import LEAST, MOST, cpu_ms, interleaved

KEYS = ["scope", "metric", "value", "target", "unit", "command"]


def row(metric: str = "penalised mean", value: float = 1.0, target: float | None = None) -> Row:
    return Row(scope="s", metric=metric, value=value, target=target, unit="min", command="c")


@pytest.mark.parametrize(
    ("metric", "value", "target", "met"),
    [
        ("click_to_door mean", 31.9, 32.0, True),
        ("click_to_door mean", 32.1, 32.0, False),
        ("undelivered", 0.0, 0.0, True),
        ("delivered share", 98.0, 97.0, True),
        ("delivered share", 96.9, 97.0, False),
        ("delivered share", 96.9, None, None),
    ],
)
def test_shares_should_reach_their_target_and_all_else_stay_below(
    metric: str, value: float, target: float | None, met: bool | None
) -> None:
    assert row(metric, value, target).met is met


def test_a_file_of_rows_can_be_read_back(tmp_path: Path) -> None:
    rows = [row(), row("delivered share", 98.5, 97.0)]
    write_rows(tmp_path / "new" / "rows.json", rows)
    found = json.loads((tmp_path / "new" / "rows.json").read_text("utf-8"))
    assert [Row(**each) for each in found] == rows
    assert [list(each) for each in found] == [KEYS, KEYS]


def test_a_figure_that_is_no_number_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_rows(tmp_path / "rows.json", [row(value=float("nan"))])


def test_targets_are_shown_with_their_direction() -> None:
    screen = Console(file=StringIO(), width=100)
    screen.print(target_table([row(), row("delivered share", 98.5, 97.0), row("click_to_door mean", 33.0, 32.0)]))
    text = screen.file.getvalue() if isinstance(screen.file, StringIO) else ""
    assert ">= 97" in text
    assert "<= 32" in text
    assert "penalised" not in text
    assert text.index("met") < text.index("missed")


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (5000.0, "5,000"), (32.215, "32.22"), (0.01234, "0.0123"), (1234.5, "1,234.50")]
)
def test_figures_are_short(value: float, text: str) -> None:
    assert number(value) == text


def test_works_take_turns_and_the_first_round_does_not_count() -> None:
    called: list[str] = []
    told: list[int] = []
    works = {name: lambda name=name: called.append(name) for name in "ab"}
    times = interleaved(works, 1.0, lambda: told.append(1))
    assert list(times) == ["a", "b"]
    assert called == ["a", "b"] * (1 + MOST)
    assert len(told) == len(called)


def test_a_slow_work_is_called_once() -> None:
    called: list[int] = []
    interleaved({"slow": lambda: called.append(sum(range(10**6)))}, 1e-9, lambda: None)
    assert len(called) == 1
    assert LEAST > 1


def test_cpu_time_grows_with_the_work() -> None:
    assert cpu_ms(lambda: sum(range(3 * 10**6))) > cpu_ms(lambda: sum(range(10**4)))


def test_the_command_writes_every_phase_beside_the_stack(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    answer = CliRunner().invoke(main, ["--size", "12", "20", "--budget-s", "0.01", "--out", str(out)])
    assert answer.exit_code == 0, answer.output
    rows = json.loads(out.read_text("utf-8"))
    assert all(list(each) == KEYS and isinstance(each["value"], int | float) for each in rows)
    assert {each["scope"] for each in rows} == {"12 x 20"}
    assert {each["command"] for each in rows} == {"python -m benchmarks --size 12 20"}
    metrics = [each["metric"] for each in rows]
    assert len(set(metrics)) == len(metrics)
    for phase in ("candidates", "insertion", "matching", "tick"):
        assert any(metric.startswith(f"{phase}, ours") for metric in metrics)
        assert any(metric.startswith(f"{phase}, ") and " / ours" in metric for metric in metrics)
    assert "12 x 20" in answer.output

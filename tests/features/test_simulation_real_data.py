"""Public days at the quality that is promised of them, judged from outside."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

import pytest

from simulations.readers import load_instance
from simulations.readers.grubhub_solution import write_solution
from tests.support.days import cancelled, delivered, play
from tests.support.shared_data import MdrpCheck


@pytest.mark.parametrize(
    ("name", "click_to_door_min"),
    [("0o50t100s1p100", 30.74), ("0r50t75s1p100", 29.07), ("0o100t100s1p100", 30.07), ("6o100t100s1p100", 32.88)],
)
def test_a_grubhub_day_is_feasible_and_quick(
    name: str, click_to_door_min: float, grubhub_dir: Path, mdrp_check: MdrpCheck, tmp_path: Path
) -> None:
    """Decisions at any time, with assignment updates; below what a matching of 200 lines reaches every minute."""
    day = load_instance(grubhub_dir / name)
    outcome = play(day, "grubhub")
    write_solution(tmp_path, day, outcome.events)
    report = mdrp_check(grubhub_dir / name, tmp_path)
    assert report["feasible"], report["first"]
    assert report["undelivered"] == 0
    reached = report["click_to_door"]
    assert isinstance(reached, float)
    assert reached < click_to_door_min


def test_a_city_day_of_few_riders_is_brought(rappi_dir: Path) -> None:
    """Day 10 with every eighth rider: greedy brings 661 of 735 in 43.8 min, the best MDRP policy 481 in 38.0."""
    day = load_instance(rappi_dir / "10", thin=8)
    outcome = play(day, "colombia")
    times = delivered(outcome)
    assert len(times) >= 0.97 * len(day.orders)
    assert len(times) + len(cancelled(outcome)) == len(day.orders)
    assert mean(times.values()) / 60 < 43.8

"""Our figures of a run are those of the judge that was written apart from this project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dispatch.cli import main
from tests.support.shared_data import MdrpCheck
from tests.support.sources import REPOSITORY


def figures(instance: Path, solution: Path, policy: str) -> dict[str, float]:
    words = ["simulate", str(instance), "--grubhub-solution", str(solution), "--policy", policy, "--json"]
    answer = CliRunner().invoke(main, words)
    assert answer.exit_code == 0, answer.output
    found: dict[str, float] = json.loads(answer.stdout)["metrics"]
    return found


def agree(ours: dict[str, float], judged: dict[str, object]) -> None:
    assert judged["feasible"] is True, judged
    assert judged["undelivered"] == ours["orders"] - ours["delivered"]
    pairs = {
        "click_to_door": ours["click_to_door_mean_min"],
        "ready_to_pickup": ours["ready_to_pickup_mean_min"],
        "orders_per_bundle": ours["orders_per_bundle"],
        "within_target_pct": 100 * (1 - ours["late_share"]),
    }
    for name, value in pairs.items():
        assert judged[name] == pytest.approx(value, abs=0.006), name


def test_the_example_is_judged_as_we_measure_it(tmp_path: Path, mdrp_check: MdrpCheck) -> None:
    example = REPOSITORY / "data" / "examples" / "grubhub"
    agree(figures(example, tmp_path, "dispatch"), dict(mdrp_check(example, tmp_path)))


@pytest.mark.parametrize("policy", ["nearest", "window"])
def test_baselines_keep_the_strict_rules(tmp_path: Path, grubhub_dir: Path, mdrp_check: MdrpCheck, policy: str) -> None:
    instance = grubhub_dir / "0r50t100s1p100"
    agree(figures(instance, tmp_path, policy), dict(mdrp_check(instance, tmp_path)))

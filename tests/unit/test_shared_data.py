"""Finding the data beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.shared_data import REPOSITORY, VARIABLE, MdrpCheck, reason_absent, run_mdrp_check, shared_path


def test_the_folder_lies_beside_the_repository() -> None:
    assert shared_path("data/rappi", {}) == REPOSITORY.parent / "shared" / "data" / "rappi"
    assert shared_path("data/rappi", {VARIABLE: ""}) == shared_path("data/rappi", {})


def test_the_environment_can_name_another_folder(tmp_path: Path) -> None:
    assert shared_path("mdrp/check.py", {VARIABLE: str(tmp_path)}) == tmp_path / "mdrp" / "check.py"


def test_a_skip_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    told = reason_absent(tmp_path / "grubhub")
    assert "grubhub is not beside the repository" in told
    assert VARIABLE in told


def test_a_judge_that_prints_nothing_is_no_verdict(tmp_path: Path) -> None:
    script = tmp_path / "check.py"
    script.write_text("raise SystemExit('no such folder')\n")
    with pytest.raises(ValueError, match=r"check.py could not judge .*: no such folder"):
        run_mdrp_check(script, tmp_path, tmp_path)


def test_the_judge_reports_a_solution_that_does_nothing(
    grubhub_dir: Path, mdrp_check: MdrpCheck, tmp_path: Path
) -> None:
    for name in ("assignments", "orders", "couriers"):
        (tmp_path / f"solution_info_{name}.txt").write_text("header\n")
    report = mdrp_check(grubhub_dir / "0o50t100s1p100", tmp_path)
    assert report["feasible"] is True
    assert report["undelivered"] == report["orders"]

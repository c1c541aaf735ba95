"""`dispatch compare` as people call it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

from dispatch.cli import main
from tests.support.sources import REPOSITORY

OWN = REPOSITORY / "data" / "examples" / "own"
GRUBHUB = REPOSITORY / "data" / "examples" / "grubhub"
CHANCES = ("--world", "late-kitchens=0.4", "--world", "declines=0.3")


def compare(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["compare", "--jobs", "1", *map(str, words)])


def told(*words: str | Path) -> dict[str, Any]:
    answer = compare("--json", *words)
    assert answer.exit_code == 0, answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The policy of the example in a file of another name."""
    path = tmp_path_factory.mktemp("policies") / "copy.toml"
    shipped = REPOSITORY / "dispatch" / "engine" / "policies" / "default.toml"
    path.write_text(shipped.read_text("utf-8"), "utf-8")
    return path


def test_a_policy_and_its_copy_do_not_differ(copy: Path) -> None:
    for extra in ((), ("--seeds", "3", *CHANCES)):
        found = told(OWN, "--policies", f"default,{copy}", *extra)
        for figure in found["figures"]:
            gap = figure["differences"].get("copy")
            if gap is not None and "cpu" not in figure["name"]:
                assert gap["mean"] == 0, figure
                assert gap["low"] in (0, None), figure


def test_every_policy_meets_the_same_chances() -> None:
    found = told(OWN, "--policies", "nearest,window", "--seeds", "2", *CHANCES)
    assert [(run["policy"], run["seed"]) for run in found["runs"]] == [
        ("nearest", 0),
        ("window", 0),
        ("nearest", 1),
        ("window", 1),
    ]
    assert "paired t over 2 runs" in found["intervals"]


def test_one_run_is_resampled_and_says_so() -> None:
    assert "bootstrap" in told(OWN, "--policies", "nearest,window")["intervals"]


def test_seeds_without_chances_count_once() -> None:
    found = told(GRUBHUB, "--policies", "nearest,window", "--seeds", "3")
    assert "Seeds change nothing" in found["notes"][0]
    assert "bootstrap" in found["intervals"]
    assert len(found["runs"]) == 6


def test_files_and_tables_are_written(tmp_path: Path) -> None:
    answer = compare(OWN, GRUBHUB, "--policies", "nearest,window", "--out", tmp_path / "out")
    assert answer.exit_code == 0, answer.output
    assert "nearest" in answer.stdout
    assert "Click to door, mean" in answer.stdout
    assert "4/4 runs over" in answer.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"compare.html", "compare.png", "compare.json", "runs.parquet"}
    assert len(pl.read_parquet(tmp_path / "out" / "runs.parquet")) == 4
    assert (tmp_path / "out" / "compare.png").read_bytes().startswith(b"\x89PNG")


def test_processes_give_the_same_result() -> None:
    words = (OWN, "--policies", "nearest,window", "--seeds", "2", *CHANCES)
    alone, together = (told("--jobs", jobs, *words) for jobs in ("1", "2"))
    for found in (alone, together):
        for run in found["runs"]:
            run["metrics"] = {name: value for name, value in run["metrics"].items() if "cpu" not in name}
    assert alone["runs"] == together["runs"]


def test_two_policies_of_one_name_are_refused(tmp_path: Path) -> None:
    answer = compare(OWN, "--policies", "nearest,nearest")
    assert answer.exit_code == 2
    assert "one name" in answer.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "Missing argument"),
        ((str(OWN), "--policies", "nope"), "there is no policy 'nope'"),
        ((str(OWN), "--policies", ","), "no policy"),
        ((str(OWN), "--seeds", "0"), "x>=1"),
        ((str(OWN), str(OWN)), "more than once"),
        ((str(OWN), "no/such/folder"), "no such folder"),
        ((str(OWN), "--out", str(REPOSITORY / "LICENSE")), "is a file"),
    ],
)
def test_what_is_wrong_is_said(words: tuple[str, ...], why: str) -> None:
    answer = compare(*words)
    assert answer.exit_code == 2
    assert why in answer.stderr

"""`dispatch simulate` as people call it: on examples of every format, and on what is wrong."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from dispatch.cli import main
from tests.support.sources import REPOSITORY

EXAMPLES = REPOSITORY / "data" / "examples"
OWN = EXAMPLES / "own"


def simulate(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["simulate", *map(str, words)])


def without(tmp_path: Path, *tables: str) -> Path:
    """The own example with nothing in these tables."""
    folder = shutil.copytree(OWN, tmp_path / "instance")
    for table in tables:
        path = folder / f"{table}.geojson"
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"features": []}), "utf-8")
    return folder


@pytest.mark.parametrize("example", ["own", "colombia", "grubhub"])
def test_every_example_is_played_and_shown(example: str) -> None:
    answer = simulate(EXAMPLES / example)
    assert answer.exit_code == 0, answer.output
    assert re.search(r"^Delivered +\d+ *$", answer.stdout, re.MULTILINE)
    assert "orders over" in answer.stderr


def test_files_are_written_and_named(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    answer = simulate(OWN, "--out", out, "--policy", "nearest")
    assert answer.exit_code == 0, answer.output
    names = {path.name for path in out.iterdir()}
    tables = {f"{name}.parquet" for name in ("events", "orders", "rider_spans", "plans")}
    assert names == tables | {"metrics.json", "report.html"}
    assert all(str(out / name) in answer.stdout for name in names)
    orders = pl.read_parquet(out / "orders.parquet")
    assert json.loads((out / "metrics.json").read_text("utf-8"))["metrics"]["orders"] == len(orders) > 0


def test_json_is_all_there_is_on_standard_output(tmp_path: Path) -> None:
    answer = simulate(OWN, "--json", "--seed", "5", "--out", tmp_path, "--policy", "window")
    told = json.loads(answer.stdout)
    assert (told["policy"]["name"], told["seed"], told["thin"]) == ("window", 5, 1)
    assert told["metrics"]["orders"] == told["instance"]["orders"]
    assert Path(told["files"]["report"]).is_file()
    assert answer.stderr == ""


def test_the_policy_is_the_one_the_instance_names() -> None:
    assert json.loads(simulate(EXAMPLES / "grubhub", "--json").stdout)["policy"]["name"] == "grubhub"


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    chances = ("--seed", "3", "--world", "late-kitchens=0.4", "--world", "declines=0.3")
    for name in ("one", "two"):
        assert simulate(OWN, "--out", tmp_path / name, *chances).exit_code == 0
    for file in ("events.parquet", "orders.parquet", "rider_spans.parquet"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_decisions_are_kept_where_asked_for_and_old_ones_go(tmp_path: Path) -> None:
    old = tmp_path / "records" / "9999999-0.record"
    old.parent.mkdir()
    old.touch()
    answer = simulate(OWN, "--out", tmp_path, "--records", "--json")
    assert answer.exit_code == 0, answer.output
    kept = {path.stem for path in (tmp_path / "records").iterdir()}
    events = pl.read_parquet(tmp_path / "events.parquet").filter(pl.col("type") == "TickDecided")
    assert kept == {json.loads(payload)["record_id"] for payload in events["payload"]}
    assert kept
    assert old.stem not in kept


def test_records_need_a_folder() -> None:
    answer = simulate(OWN, "--records")
    assert answer.exit_code == 2
    assert "--out" in answer.stderr


def test_a_grubhub_solution_is_written(tmp_path: Path) -> None:
    assert simulate(EXAMPLES / "grubhub", "--grubhub-solution", tmp_path / "solution").exit_code == 0
    assert {path.name for path in (tmp_path / "solution").iterdir()} == {
        "solution_info_assignments.txt",
        "solution_info_orders.txt",
        "solution_info_couriers.txt",
    }


def test_there_is_no_grubhub_solution_to_another_instance(tmp_path: Path) -> None:
    answer = simulate(OWN, "--grubhub-solution", tmp_path / "solution")
    assert answer.exit_code == 2
    assert "no Grubhub instance" in answer.stderr
    assert not (tmp_path / "solution").exists()


def test_a_day_without_orders_is_played(tmp_path: Path) -> None:
    answer = simulate(without(tmp_path, "orders"), "--out", tmp_path / "out")
    assert answer.exit_code == 0, answer.output
    assert "Nothing to deliver" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_a_day_without_riders_is_played(tmp_path: Path) -> None:
    answer = simulate(without(tmp_path, "riders", "shifts"), "--out", tmp_path / "out")
    assert answer.exit_code == 0, answer.output
    report = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "Nobody at work" in report
    assert "no rider on shift" in report


def test_all_issues_of_a_broken_instance_are_told(tmp_path: Path) -> None:
    folder = shutil.copytree(OWN, tmp_path / "broken")
    for table in ("orders", "riders"):
        (folder / f"{table}.geojson").write_text("{", "utf-8")
    answer = simulate(folder)
    assert answer.exit_code == 2
    assert "orders.geojson" in answer.stderr
    assert "riders.geojson" in answer.stderr
    told = json.loads(simulate(folder, "--json").stdout)["error"]
    assert (told["code"], len(told["issues"])) == ("invalid_input", 2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--thin", "0"), "x>=1"),
        (("--thin", "x"), "not a valid integer"),
        (("--policy", "nearset"), "there is no policy 'nearset'"),
        (("--policy", str(REPOSITORY / "data" / "synthetic" / "orders.parquet")), "no text in UTF-8"),
        (("--out", str(REPOSITORY / "LICENSE")), "is a file"),
        (("--out", str(REPOSITORY / "LICENSE" / "x")), "cannot be written"),
        (("--world", "declines=1.5"), "within 0..1"),
        (("--world", "snow"), "there is no world 'snow'"),
        (("--world", "vanishing", "--world", "rain=x"), "2 issues"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_run(words: tuple[str, ...], told: str) -> None:
    answer = simulate(OWN, *words)
    assert answer.exit_code == 2
    assert told in answer.stderr
    assert "Traceback" not in answer.output


def test_an_instance_that_is_not_there_is_refused() -> None:
    answer = simulate("no/such/folder")
    assert answer.exit_code == 2
    assert "no such folder" in answer.stderr

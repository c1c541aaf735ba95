"""Protocols are fixed, run anywhere, and their means are right."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.quality.__main__ import main
from benchmarks.quality.data import VARIABLE, DataAbsentError, data_folder
from benchmarks.quality.pay import cost_an_order
from benchmarks.quality.protocols import SCOPES, USUAL, Scope, Setting
from benchmarks.quality.run import Manner, Result, attempt, figures, means, rows_of, run_all
from simulations.comparison.runs import RunFailedError
from simulations.instance import Instance
from simulations.metrics import Metrics
from simulations.readers import load_instance
from simulations.worlds import Declines, Kitchens, World
from tests.support.builders import MARKET, NOON, a_rider, a_shift
from tests.support.sources import REPOSITORY
from tests.support.towns import Town

EXAMPLES = REPOSITORY / "data" / "examples"


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder like the one beside the repository, with our own examples under the names of the public instances."""
    for name in ("0o100t100s1p100", "1o100t100s1p100", "0o50t75s1p100", "0r50t75s1p100"):
        shutil.copytree(EXAMPLES / "grubhub", tmp_path / "data" / "grubhub" / name)
    for day in (3, 4, 10, 12):
        shutil.copytree(EXAMPLES / "colombia", tmp_path / "data" / "rappi" / str(day))
    return tmp_path


def metrics_of(shared: Path) -> Metrics:
    found = attempt(Setting(path=shared / "data" / "grubhub" / "0o100t100s1p100"), Manner())
    assert isinstance(found, Result)
    return found.metrics


def test_scopes_are_made_of_the_instances_named(shared: Path) -> None:
    scopes = {name: scope(shared / "data") for name, scope in SCOPES.items()}
    names = {name: [setting.name for setting in scope.settings] for name, scope in scopes.items()}
    assert names["base"] == ["0o100t100s1p100", "1o100t100s1p100"]
    assert names["small"] == ["0o50t75s1p100", "0r50t75s1p100"]
    assert sorted(names["all"]) == sorted(names["base"] + names["small"])
    assert names["colombia"] == ["day 4 thin 8", "day 10 thin 8"]
    assert names["more"] == ["day 3 thin 8", "day 4 thin 1", "day 10 thin 1"]
    assert names["whole"] == ["day 12 thin 1"]
    assert set(USUAL) <= set(SCOPES)


def test_single_days_have_targets_of_their_own(shared: Path) -> None:
    scope = SCOPES["colombia"](shared / "data")
    assert [scope.run_targets[setting]["click_to_door mean"] for setting in scope.settings] == [40.0, 36.0]
    assert SCOPES["base"](shared / "data").targets == {"undelivered": 0, "click_to_door mean": 31.2}


def test_means_add_up_orders_and_average_the_rest(shared: Path) -> None:
    metrics = metrics_of(shared)
    first = replace(metrics, orders=10, delivered=10, click_to_door_mean_min=30.0, click_to_door_p90_min=40.0)
    second = replace(metrics, orders=30, delivered=27, click_to_door_mean_min=34.0, click_to_door_p90_min=None)
    found = means([Result(first, 1.0), Result(second, 2.5)])
    assert (found["orders"], found["undelivered"], found["CPU time"]) == (40, 3, 3.5)
    assert found["delivered share"] == pytest.approx(92.5)
    assert found["undelivered share"] == pytest.approx(7.5)
    assert found["click_to_door mean"] == pytest.approx(32.0)
    assert found["click_to_door p90"] == 40.0


def test_a_run_without_orders_has_no_means(shared: Path) -> None:
    metrics = replace(
        metrics_of(shared),
        orders=0,
        delivered=0,
        click_to_door_mean_min=None,
        click_to_door_p90_min=None,
        ready_to_pickup_mean_min=None,
        penalised_mean_min=None,
        tick_cpu_p50_ms=None,
        tick_cpu_p99_ms=None,
    )
    assert figures(Result(metrics, 0.0)) == {"orders": 0, "undelivered": 0, "CPU time": 0}
    assert means([Result(metrics, 0.0)]) == {"orders": 0, "undelivered": 0, "CPU time": 0}


def test_riders_cost_what_they_carry_and_at_least_their_hours() -> None:
    town = Town("r1", "r2")
    town.placed("o1", "o2")
    town.on_board("r1", "o1", "o2")
    town.delivered("r1", "o1")
    town.delivered("r1", "o2")
    shifts = tuple(a_shift(name, starts_at=NOON, ends_at=NOON + hours * 3600) for name, hours in (("r1", 1), ("r2", 2)))
    instance = replace(the_instance(), riders=(a_rider("r1"), a_rider("r2")), shifts=shifts)
    assert cost_an_order(instance, town.log.read(MARKET)) == pytest.approx((2 * 10 + 2 * 15) / 2)
    assert cost_an_order(instance, []) is None


def the_instance() -> Instance:
    """Any instance."""
    return load_instance(EXAMPLES / "grubhub")


def test_rows_hold_the_targets_of_means_and_of_runs(shared: Path) -> None:
    setting = Setting(path=shared / "data" / "rappi" / "4", thin=8)
    scope = Scope(
        name="colombia",
        settings=(setting,),
        targets={"undelivered": 0},
        run_targets={setting: {"delivered share": 97.0}},
    )
    rows = rows_of(scope, {setting: Result(metrics_of(shared), 1.0)}, "c")
    aims = {(row.scope, row.metric): row.target for row in rows if row.target is not None}
    assert aims == {("colombia", "undelivered"): 0, ("colombia: day 4 thin 8", "delivered share"): 97.0}


def test_results_do_not_depend_on_who_runs_them(shared: Path) -> None:
    data = shared / "data"
    settings = [
        Setting(path=data / "rappi" / "4"),
        Setting(path=data / "grubhub" / "0o100t100s1p100"),
        Setting(path=data / "rappi" / "4", seed=3, world=World(kitchens=Kitchens(0.3), declines=Declines(0.2, 0.2))),
    ]
    done: list[Setting] = []
    alone = run_all(settings, Manner(), 1, lambda _: None)
    together = run_all(settings, Manner(), 2, done.append)
    assert set(done) == set(settings)
    timeless = [
        [replace(result.metrics, tick_cpu_p50_ms=0, tick_cpu_p99_ms=0, tick_cpu_max_ms=0) for result in results]
        for results in (alone, together)
    ]
    assert timeless[0] == timeless[1]
    assert timeless[0][0] != timeless[0][2]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_refused_in_another_process_is_said_here(tmp_path: Path, workers: int) -> None:
    with pytest.raises(RunFailedError, match="nowhere was refused"):
        run_all([Setting(path=tmp_path / "nowhere")], Manner(), workers, lambda _: None)


def test_the_command_writes_rows_and_solutions(shared: Path, tmp_path: Path) -> None:
    out, solutions = tmp_path / "quality.json", tmp_path / "solutions"
    line = ["--scope", "base", "--check", "--workers", "1", "--out", str(out), "--solutions", str(solutions)]
    answer = CliRunner(env={VARIABLE: str(shared)}).invoke(main, line)
    assert answer.exit_code == 0, answer.output
    rows = json.loads(out.read_text("utf-8"))
    assert {row["scope"] for row in rows} == {
        "grubhub base",
        "grubhub base: 0o100t100s1p100",
        "grubhub base: 1o100t100s1p100",
    }
    assert {row["command"] for row in rows} == {"python -m benchmarks.quality --scope base"}
    assert {row["metric"]: row["target"] for row in rows if row["scope"] == "grubhub base"}["undelivered"] == 0
    assert sorted(path.name for path in solutions.iterdir()) == ["0o100t100s1p100", "1o100t100s1p100"]
    assert (solutions / "0o100t100s1p100" / "solution_info_orders.txt").is_file()


def test_absent_data_is_told_with_what_to_do(tmp_path: Path) -> None:
    answer = CliRunner(env={VARIABLE: str(tmp_path)}).invoke(main, [])
    assert answer.exit_code == 1
    assert f"not in {tmp_path / 'data'}" in answer.output.replace("\n", "")
    assert VARIABLE in answer.output
    with pytest.raises(DataAbsentError):
        data_folder({VARIABLE: str(tmp_path)})


@pytest.mark.parametrize("name", list(SCOPES))
def test_a_scope_says_which_instance_is_absent(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataAbsentError, match=r"not there|no Grubhub instance"):
        SCOPES[name](tmp_path)

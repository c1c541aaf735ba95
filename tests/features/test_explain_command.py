"""People ask the program why: explanations and replays on the command line."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dispatch import __version__
from dispatch.cli import main
from dispatch.commands.explained import show
from dispatch.engine.records import Record, RecordStore, write_record
from dispatch.solver.costs import TERMS
from dispatch.solver.explain import explain
from dispatch.solver.explanation import HelpKind, Obstacle, Standing
from dispatch.solver.params import Params
from dispatch.solver.problem import Problem
from dispatch.solver.solve import solve
from tests.support.markdown import document
from tests.support.plans import with_value
from tests.support.problems import OrderAt, RiderAt, market
from tests.support.records import a_record
from tests.support.sources import REPOSITORY

TOWN = market(
    "a b c . . 1 . A\n. . d . e 2 . B",
    "1A",
    OrderAt("2B", zones=0b1),
    OrderAt("2A", name="late", ready_at=9000),
    RiderAt("a", accepts=False),
    RiderAt("d", zones=0b1),
    bars=[("1A", "c")],
)


@pytest.fixture(autouse=True)
def _wide_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """As wide as the examples in the documents, whatever the terminal of the tests is."""
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Records of ticks 1 to 3; order 1A is gone in the last one."""
    store = RecordStore(tmp_path / "records")
    for tick, problem in ((1, TOWN), (2, TOWN), (3, market("a 2 . B", "2B"))):
        store.keep(problem, Params(), tick, solve(problem, Params(), seed=tick))
    return tmp_path / "records"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_an_order_is_explained_from_its_last_record(folder: Path) -> None:
    answer = run("explain", folder, "1A")
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("Order 1A at tick 2, 1970-01-01 00:00:00 UTC: planned\n")
    for words in (
        "Rider d has it: pickup at",
        "Candidates (3 of 3",
        "click to",
        "Everybody else",
        "Is barred from it.",
    ):
        assert words in answer.output


def test_a_tick_or_a_file_can_be_named(folder: Path) -> None:
    assert "at tick 1," in run("explain", folder, "1A", "--tick", "1").output
    assert "at tick 1," in run("explain", folder / "0000001-0.record", "1A").output


@pytest.mark.parametrize("columns", [80, 100, 200])
@pytest.mark.parametrize("order", ["1A", "2B", "late"])
def test_nothing_is_wider_than_the_page(
    folder: Path, order: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run("explain", folder, order, "--tick", "2").output.splitlines()
    assert max(len(line) for line in lines) <= min(100, columns)


def test_all_terms_with_seven_digits_fit_into_two_tables(capsys: pytest.CaptureFixture[str]) -> None:
    record = a_record(TOWN)
    told = explain(record.problem, record.params, record.plan, 0)
    large = (1_234_567,) * len(TERMS)
    wide = [replace(found, terms=large, total=sum(large), rider_id="c1234") for found in told.candidates]
    show(record, replace(told, candidates=tuple(wide)))
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if "1,234,567" in line]
    assert [row.count("1,234,567") for row in rows] == [5] * len(wide) + [len(TERMS) - 5] * len(wide)
    assert all(f"{sum(large):,}" in row for row in rows[: len(wide)])
    assert all(row.startswith("c1234 ") for row in rows)
    assert max(len(line) for line in lines) <= 100


def test_an_explanation_as_json_has_names_and_sums(folder: Path) -> None:
    told = json.loads(run("explain", folder, "1A", "--json").output)
    assert (told["order_id"], told["verdict"], told["rider"], told["tick"]) == ("1A", "planned", "d", 2)
    assert [found["rider"] for found in told["candidates"]] == ["d", "e", "b"]
    for found in told["candidates"]:
        assert list(found["terms"]) == list(TERMS)
        assert sum(found["terms"].values()) == found["total"]
    assert {group["obstacle"]: group["riders"] for group in told["exclusions"]} == {
        "not_accepting": ["a"],
        "barred": ["c"],
    }
    assert told["helps"] == []


def test_help_for_an_order_without_a_rider_is_shown(folder: Path) -> None:
    assert "What would help" in run("explain", folder, "late").output
    helps = json.loads(run("explain", folder, "late", "--json").output)["helps"]
    assert [(found["kind"], found["rider"]) for found in helps] == [("wait", None)]


def test_as_many_candidates_are_shown_as_asked_for(folder: Path) -> None:
    assert "Candidates (1 of 3 who could have it)" in run("explain", folder, "1A", "--riders", "1").output


def test_ids_with_brackets_are_shown_as_they_are(tmp_path: Path) -> None:
    problem = replace(market("a 1 A", "1A"), order_ids=("[red]1",), rider_ids=("[/x]",))
    write_record(tmp_path / "x.record", a_record(problem))
    answer = run("explain", tmp_path / "x.record", "[red]1")
    assert "Order [red]1 at tick" in answer.output
    assert "Rider [/x] has it" in answer.output


def test_an_unknown_order_is_refused_with_those_that_come_near(folder: Path) -> None:
    answer = run("explain", folder, "lat")
    assert answer.exit_code == 2
    assert "There is no order 'lat' in any record" in answer.output
    assert "Did you mean late?" in answer.output
    assert "Did you mean 1A or 2A" not in answer.output
    here = run("explain", folder, "1A", "--tick", "3", "--json")
    error = json.loads(here.output)["error"]
    assert (here.exit_code, error["code"]) == (2, "not_found")
    assert error["cause"] == "There is no order '1A' in the record of tick 3."


def test_an_order_like_no_other_is_refused_with_some_that_there_are(folder: Path) -> None:
    assert "Name one of its 3, such as 1A, 2B or late." in run("explain", folder, "qqq").output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("explain", "nowhere", "1A"), "nowhere cannot be read"),
        (("explain", "{folder}", "1A", "--tick", "9"), "no record of tick 9; it has 3, of ticks 1 to 3"),
        (("explain", "{empty}", "1A"), "has no decision records"),
        (("replay", "{empty}"), "has no decision records"),
        (("replay", "{folder}", "--tick", "9"), "no record of tick 9"),
    ],
)
def test_what_is_not_there_is_told(words: tuple[str, ...], told: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    answer = run(*(word.format(folder=folder, empty=tmp_path / "empty") for word in words))
    assert answer.exit_code == 2
    assert told in answer.output


def test_a_damaged_record_is_told(folder: Path) -> None:
    path = folder / "0000003-0.record"
    path.write_bytes(path.read_bytes()[:-1])
    for words in (("explain", folder, "1A"), ("replay", path)):
        answer = run(*words)
        assert answer.exit_code == 2
        assert "bytes" in answer.output


def test_a_replay_says_that_the_plan_is_the_same(folder: Path) -> None:
    answer = run("replay", folder)
    assert answer.exit_code == 0
    assert answer.output.startswith("Tick 3 replays to the same plan, bit for bit (1 orders, 1 riders, cost ")
    assert json.loads(run("replay", folder, "--tick", "1", "--json").output)["same"] is True


def altered(problem: Problem) -> Record:
    """A record whose plan is not the one that the solver makes."""
    record = a_record(problem)
    return replace(record, plan=with_value(record.plan, "depart_at", 0, 5))


def test_a_replay_to_another_plan_ends_with_code_1_and_the_first_difference(tmp_path: Path) -> None:
    write_record(tmp_path / "x.record", altered(TOWN))
    answer = run("replay", tmp_path / "x.record")
    assert answer.exit_code == 1
    assert "replays to another plan" in answer.output
    assert "The depart_at of +" in answer.output
    assert "this is" not in answer.output
    told = json.loads(run("replay", tmp_path / "x.record", "--json").output)
    assert (told["same"], told["tick"]) == (False, 7)


def test_a_replay_of_another_version_says_which(tmp_path: Path) -> None:
    write_record(tmp_path / "x.record", replace(altered(TOWN), version="0.0.9"))
    assert f"It was decided by Dispatch 0.0.9; this is {__version__}." in run("replay", tmp_path / "x.record").output


def test_the_plan_of_another_solver_is_explained_but_not_replayed(tmp_path: Path) -> None:
    write_record(tmp_path / "x.record", replace(a_record(TOWN), solver="mine.own"))
    assert run("explain", tmp_path / "x.record", "1A").exit_code == 0
    answer = run("replay", tmp_path / "x.record")
    assert answer.exit_code == 2
    assert "made by mine.own" in answer.output


PAGE = document("docs/reading-a-plan.md")
EXAMPLE = re.compile(r"```sh\n(dispatch explain data/[^\n]+)\n```\n\n```text\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize(("line", "shown"), EXAMPLE.findall(PAGE.text))
def test_the_examples_in_the_documents_are_what_the_program_says(
    line: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The records were written once: this also proves that files of that format can still be read."""
    monkeypatch.chdir(REPOSITORY)
    answer = run(*line.split()[1:])
    assert answer.exit_code == 0
    assert [text.rstrip() for text in answer.output.splitlines()] == shown.splitlines()


def test_there_are_examples_in_the_documents() -> None:
    assert len(EXAMPLE.findall(PAGE.text)) == 4


@pytest.mark.parametrize(("heading", "codes"), [("standing", Standing), ("obstacle", Obstacle), ("help", HelpKind)])
def test_every_code_of_an_explanation_is_documented(heading: str, codes: type[StrEnum]) -> None:
    assert [row[0].strip("`") for row in PAGE.rows(heading)] == [str(code) for code in codes]

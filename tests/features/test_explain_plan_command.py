"""People ask the program about a whole plan: what it costs, how good it is, whom it leaves without a rider."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dispatch.cli import main
from dispatch.engine.records import write_record
from dispatch.solver.changes import Changes
from dispatch.solver.costs import TERMS
from dispatch.solver.explanation import Obstacle
from dispatch.solver.params import Options, Params
from dispatch.solver.plan import Verdict
from dispatch.solver.problem import Problem
from dispatch.solver.summary import with_summary
from tests.support.problems import OrderAt, RiderAt, market
from tests.support.records import a_record

TOWN = market("a 1 . A\n. . . .\nb 2 . B", "1A", OrderAt("2B", placed_at=-60))
SHORT = market(
    "a . . . . 1 . A\n. b . . . . . .\nc . . . . 2 . B",
    OrderAt("1A", name="first", placed_at=-600),
    OrderAt("2B", name="big", size=9, placed_at=-300),
    RiderAt("a", off_at=120),
    RiderAt("b", accepts=False),
    RiderAt("c", off_at=60),
)
FAR = market("a . . . . . . . . . . . 1 A", "1A")
CHEAP_TO_LEAVE = Params(options=Options(not_yet_s=300, nobody_s=300))


@pytest.fixture(autouse=True)
def _wide_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """As wide as the examples in the documents, whatever the terminal of the tests is."""
    monkeypatch.setenv("COLUMNS", "100")


def told(tmp_path: Path, problem: Problem, *words: str, params: Params | None = None, summed: bool = True) -> Result:
    """What the program says of our plan for the problem."""
    record = a_record(problem, params=params)
    if summed:
        record = replace(record, plan=with_summary(problem, record.params, record.plan))
    write_record(tmp_path / "x.record", record)
    answer = CliRunner().invoke(main, ["explain", str(tmp_path / "x.record"), *words])
    assert answer.exit_code == 0, answer.output
    return answer


def test_a_plan_is_told_as_a_whole(tmp_path: Path) -> None:
    page = told(tmp_path, TOWN).output
    assert page.startswith("Plan of tick 7, 1970-01-01 00:00:00 UTC: 2 orders, 2 riders\n")
    for words in (
        "100 are one second of one customer's waiting.",
        "Against the last plan: 2 orders got a rider.",
        "Cost by term",
        "click to door",
        "2  planned",
        "Orders with a new rider: 2",
        "runner-up",
    ):
        assert words in page
    assert "Orders without a rider" not in page


def test_a_record_without_a_summary_is_summed_up_when_asked(tmp_path: Path) -> None:
    assert told(tmp_path, TOWN, summed=False).output == told(tmp_path, TOWN).output


def test_a_plan_as_json_has_names_and_sums(tmp_path: Path) -> None:
    found = json.loads(told(tmp_path, TOWN, "--json").output)
    assert list(found["terms"]) == list(TERMS)
    assert sum(found["terms"].values()) + found["left_out"] == found["cost"]
    assert found["bound"] <= found["cost"]
    assert found["verdicts"]["planned"] == 2
    assert found["changes"] == Changes(2, 0, 0, 0, 0)._asdict()
    assert {choice["order_id"]: (choice["rider"], choice["runner_up"]) for choice in found["choices"]} == {
        "1A": ("a", "b"),
        "2B": ("b", "a"),
    }
    assert found["shortages"] == []


def test_orders_without_a_rider_come_with_counts_and_what_would_help(tmp_path: Path) -> None:
    page = told(tmp_path, SHORT).output
    assert "Orders without a rider: 2" in page
    assert "2 shift ends, 1 not accepting" in page
    assert "The shift of rider a ends" in page
    found = json.loads(told(tmp_path, SHORT, "--json").output)
    assert [short["order_id"] for short in found["shortages"]] == ["first", "big"]
    assert found["shortages"][0]["kept_away"] == {Obstacle.SHIFT_ENDS: 2, Obstacle.NOT_ACCEPTING: 1}
    # Rider a is at the merchant after five minutes, and at work for two.
    assert found["shortages"][0]["shift_ends"] == {"rider": "a", "too_early_s": 180}
    assert found["shortages"][1]["kept_away"] == {Obstacle.SIZE: 2, Obstacle.NOT_ACCEPTING: 1}
    assert found["verdicts"][Verdict.SHIFT_ENDS.name.lower()] == 1


def test_a_rider_who_is_too_far_away_is_told_how_much_nearer_would_do(tmp_path: Path) -> None:
    page = told(tmp_path, FAR, params=CHEAP_TO_LEAVE).output
    assert "1 too dear" in page
    assert "m nearer." in page
    helps = json.loads(told(tmp_path, FAR, "--json", params=CHEAP_TO_LEAVE).output)["shortages"][0]
    assert helps["cheapest"] == "a"
    # Leaving it out counts five minutes, so that the merchant may be four minutes away (and a little travel counts).
    assert 180 < helps["free_rider_within_s"] <= 240


def test_a_higher_bound_can_be_asked_for(tmp_path: Path) -> None:
    crowd = market("a 1 A B C", *(OrderAt(f"1{door}", dropoff_before_s=300, dropoff_after_s=300) for door in "ABC"))
    quick, slots = (json.loads(told(tmp_path, crowd, "--json", "--bound", how).output) for how in ("quick", "slots"))
    assert quick["bound"] < slots["bound"] <= quick["cost"] == slots["cost"]


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_nothing_is_wider_than_the_page(tmp_path: Path, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for problem in (TOWN, SHORT):
        lines = told(tmp_path, problem).output.splitlines()
        assert max(len(line) for line in lines) <= min(100, columns)


def test_as_many_orders_are_shown_as_asked_for(tmp_path: Path) -> None:
    page = told(tmp_path, TOWN, "--orders", "1").output
    assert "Orders with a new rider: 2 (the 1 with the least to choose between)" in page
    assert "Orders without a rider: 2 (the 1 oldest)" in told(tmp_path, SHORT, "--orders", "1").output

"""The program itself: help, version, commands of other packages, refusals."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from dispatch import __version__
from dispatch.cli import Commands, json_option, main
from dispatch.errors import ConflictError, InvalidInputError, Issue

ISSUE = Issue("not_a_place", "latitude is 95", "Write degrees.", "orders.parquet", 7, "lat")


@click.group(cls=Commands)
def program() -> None:
    """A program with commands that refuse."""


@program.command()
@json_option
def refuse(as_json: bool) -> None:
    """Refuse."""
    raise ConflictError("It is shut.", "Come back tomorrow.", code="shut")


@program.command()
@json_option
def load(as_json: bool) -> None:
    """Refuse an input."""
    raise InvalidInputError("instance here", [ISSUE, ISSUE])


def test_help_lists_the_commands_of_other_packages() -> None:
    answer = CliRunner().invoke(main, ["--help"])
    assert answer.exit_code == 0
    assert "simulate" in answer.output
    assert "compare" in answer.output


def test_version_is_that_of_the_package() -> None:
    assert __version__ in CliRunner().invoke(main, ["--version"]).output


def test_help_loads_nothing_heavy() -> None:
    heavy = "numba polars matplotlib scipy numpy rich jinja2"
    code = (
        "import sys; from click.testing import CliRunner; from dispatch.cli import main; "
        "answer = CliRunner().invoke(main, ['--help']); assert answer.exit_code == 0; "
        f"print(*(name for name in '{heavy}'.split() if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_refusal_is_a_message_and_code_2() -> None:
    answer = CliRunner().invoke(program, ["refuse"])
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert answer.stderr == "Error: It is shut. Come back tomorrow.\n"


def test_a_refusal_is_json_where_asked_for() -> None:
    answer = CliRunner().invoke(program, ["refuse", "--json"])
    assert answer.exit_code == 2
    assert json.loads(answer.stdout) == {
        "error": {"code": "shut", "cause": "It is shut.", "action": "Come back tomorrow."}
    }


def test_all_issues_of_an_input_are_told() -> None:
    assert CliRunner().invoke(program, ["load"]).stderr.count("orders.parquet:7 [lat]: latitude is 95") == 2
    told = json.loads(CliRunner().invoke(program, ["load", "--json"]).stdout)["error"]
    assert told["code"] == "invalid_input"
    assert [issue["line"] for issue in told["issues"]] == [7, 7]


def test_issues_of_one_kind_do_not_bury_the_others() -> None:
    many = [Issue("not_a_number", f"x is row {line}", "Write one.", "a.csv", line, "x") for line in range(2, 10_002)]
    told = str(InvalidInputError("instance here", [*many, ISSUE])).splitlines()
    assert told[0] == "instance here: 10001 issues, nothing was loaded. Mend what is listed and load again."
    assert told[-2:] == [f"  - {ISSUE}", "  - a.csv: 9980 more like these (not_a_number)."]
    assert len(told) == 23


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["refuse", "--json", "--loud"], "No such option"),
        (["refuse", "--json", "more"], "unexpected extra argument"),
        (["refse", "--json"], "No such command"),
    ],
)
def test_a_call_that_cannot_be_parsed_is_json_where_asked_for(words: list[str], cause: str) -> None:
    answer = CliRunner().invoke(program, words)
    assert answer.exit_code == 2
    told = json.loads(answer.stdout)["error"]
    assert told["code"] == "wrong_usage"
    assert cause in told["cause"]
    assert "--help" in told["action"]


def test_an_argument_that_only_looks_like_the_option_changes_nothing() -> None:
    answer = CliRunner().invoke(program, ["refuse", "--", "--json"])
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert "unexpected extra argument" in answer.stderr


def test_an_unknown_command_is_named() -> None:
    answer = CliRunner().invoke(main, ["simulte"])
    assert answer.exit_code == 2
    assert "simulte" in answer.stderr


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("no_such_package:command", "No module named 'no_such_package'"),
        ("dispatch.units:no_such_name", "no_such_name"),
        ("dispatch.units:MINUTE_S", "no click command"),
    ],
)
def test_a_command_that_cannot_be_loaded_breaks_itself_only(
    value: str, why: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("site")
    info = folder / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[dispatch.commands]\nbroken = {value}\n", "utf-8")
    code = "import sys; sys.path.append(sys.argv.pop(1)); from dispatch.cli import main; main()"
    told = subprocess.run(
        [sys.executable, "-c", code, str(folder), "broken"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert "Error: The command 'broken'" in told.stderr
    assert why in told.stderr
    helped = subprocess.run(
        [sys.executable, "-c", code, str(folder), "--help"], capture_output=True, text=True, check=True
    )
    assert "broken" in helped.stdout
    assert "simulate" in helped.stdout

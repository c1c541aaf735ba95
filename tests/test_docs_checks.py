"""What holds the documents to the truth notices when they leave it."""

from __future__ import annotations

import click
import pytest

from tests.support.changelog import changelog_faults
from tests.support.codes import error_codes
from tests.support.commands import complaint
from tests.support.markdown import Document, broken_links
from tests.support.sources import parse
from tests.support.words import misnamed

RELEASED = (
    "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-01\n\n### Added\n\n- It.\n\n## [0.1.0] - 2026-01-01\n"
)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (RELEASED, 0),
        (RELEASED.replace("# Changelog", "# Changes", 1), 1),
        (RELEASED.replace("## [Unreleased]\n\n", ""), 1),
        (RELEASED.replace(" - 2026-02-01", ""), 1),
        (RELEASED.replace("2026-02-01", "2025-02-01"), 1),
        (RELEASED.replace("### Added", "### New"), 1),
        (RELEASED.replace("- It.\n", ""), 1),
    ],
)
def test_a_broken_changelog_is_caught(text: str, faults: int) -> None:
    assert len(changelog_faults(text)) >= faults
    assert bool(changelog_faults(text)) == bool(faults)


def test_a_broken_link_is_caught() -> None:
    page = Document(
        "docs/x.md", "[a](gone.md) [b](glossary.md#nowhere) [c](glossary.md#things) [d](https://example.org)"
    )
    assert [line.split()[3] for line in broken_links(page)] == ["gone.md", "glossary.md#nowhere"]
    assert list(broken_links(Document("docs/x.md", "```\n[a](gone.md)\n```\n`[b](gone.md)`"))) == []


@click.group(name="dispatch")
def sample() -> None:
    """A program to hold documented lines against."""


@sample.command()
@click.argument("folder")
@click.option("--out")
@click.option("--quiet", is_flag=True)
def play(folder: str, out: str, quiet: bool) -> None:
    """Play."""
    click.echo(f"{folder} {out} {quiet}")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("dispatch play data/day --out build/run", ""),
        ("dispatch play FOLDER --quiet", ""),
        ("dispatch --help", ""),
        ("dispatch", ""),
        ("dispatch paly data/day", "dispatch has no command 'paly'"),
        ("dispatch play data/day --output x", "No such option"),
        ("dispatch play data/day --out", "requires an argument"),
        ("dispatch play data/day data/night", "'data/night' is one argument too many"),
    ],
)
def test_a_wrong_command_line_is_caught(line: str, told: str) -> None:
    answer = complaint(line, sample)
    assert told in answer if told else not answer


def test_commands_are_found_in_code_only() -> None:
    page = Document(
        "x.md", "run `dispatch a` or\n```sh\n$ dispatch b \\\n  --c # why\n.venv/bin/dispatch d\n```\ndispatch e\n"
    )
    assert [" ".join(line.split()) for line in page.commands("dispatch")] == [
        "dispatch a",
        "dispatch b --c",
        "dispatch d",
    ]


@pytest.mark.parametrize(
    "text",
    ["class CourierList: ...", "def load_couriers(): ...", "def f(trip_s): ...", "self.epochs = 1", "ACTIVITIES = ()"],
)
def test_a_wrong_word_is_caught(text: str) -> None:
    table = {"courier": "rider", "trip": "leg", "epoch": "tick", "activity": "task"}
    assert len(list(misnamed(parse(text, "dispatch/a.py"), table))) == 1
    assert list(misnamed(parse(text, "simulations/readers/a.py"), table)) == []
    assert list(misnamed(parse("def stripped(courtier): ...", "dispatch/a.py"), table)) == []


def test_error_codes_are_found() -> None:
    text = 'class AbsentError(DispatchError):\n    code = "absent"\nraise ConflictError("a", "b", code="busy")\n'
    assert list(error_codes(parse(text, "dispatch/a.py"))) == [
        ("absent", "dispatch/a.py:2"),
        ("busy", "dispatch/a.py:3"),
    ]

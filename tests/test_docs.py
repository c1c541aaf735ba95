"""The documents say what is true: links lead somewhere, commands exist, codes and words are those of the code."""

from __future__ import annotations

import re
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from dispatch.model import reasons
from dispatch.model.override import OverrideReason
from dispatch.solver.plan import Verdict
from tests.support.changelog import changelog_faults
from tests.support.codes import error_codes
from tests.support.commands import complaint, paths
from tests.support.layers import ROOMS, ROOT
from tests.support.markdown import Document, broken_links, document, documents
from tests.support.sources import REPOSITORY, sources
from tests.support.words import forbidden, misnamed

PROSE_WORDS = ("courier", "driver", "shipment", "trip", "tour")
PROSE_EXEMPT = ("docs/glossary.md", "data/")
"""The glossary names what it rules out; data/ describes foreign formats in their own words."""


def recipes() -> set[str]:
    text = (REPOSITORY / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))


def program() -> click.Group:
    main = import_module("dispatch.cli").main
    assert isinstance(main, click.Group)
    return main


def code_cells(page: Document, first: str = "code") -> list[str]:
    return [row[0].strip("*`") for row in page.rows(first)]


@pytest.mark.parametrize("page", documents(), ids=lambda page: page.path)
def test_links_lead_somewhere(page: Document) -> None:
    assert list(broken_links(page)) == []


def test_every_document_is_in_the_index() -> None:
    index = document("docs/README.md")
    listed = {f"docs/{target}" for target in index.links}
    missing = [page.path for page in documents() if page.path.startswith("docs/") and page.path != index.path]
    assert set(missing) <= listed, f"list these in docs/README.md: {sorted(set(missing) - listed)}"


def test_documented_recipes_exist() -> None:
    named = [
        (page.path, word)
        for page in documents()
        for line in page.commands("make")
        for word in line.split()[1:2]
        if word.replace("-", "").isalpha() and word.islower()
    ]
    assert named
    assert not [f"{path}: make {word}" for path, word in named if word not in recipes()]


def test_every_recipe_is_in_contributing() -> None:
    named = {word for line in document("CONTRIBUTING.md").commands("make") for word in line.split()[1:2]}
    assert recipes() - named == {"help"}


def test_documented_command_lines_parse() -> None:
    lines = [(page.path, line) for page in documents() for line in page.commands("dispatch")]
    wrong = [f"{path}: {told}" for path, line in lines if (told := complaint(line, program()))]
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_command_explains_itself() -> None:
    for path in paths(program()):
        answer = CliRunner().invoke(program(), [*path, "--help"])
        assert answer.exit_code == 0, f"dispatch {' '.join(path)} --help: {answer.output}"


def test_error_codes_are_documented_and_documented_codes_exist() -> None:
    found = {code: where for source in sources("dispatch", "simulations") for code, where in error_codes(source)}
    listed = set(code_cells(document("docs/errors.md")))
    missing = [f"{where} {code}" for code, where in found.items() if code not in listed]
    assert not missing, "add these to the table of docs/errors.md:\n" + "\n".join(missing)
    assert not listed - found.keys(), (
        f"docs/errors.md lists codes that no longer exist: {sorted(listed - found.keys())}"
    )


@pytest.mark.parametrize(
    ("heading", "codes"),
    [
        ("Verdicts: why an order has no rider", [*(v.name.lower() for v in Verdict), reasons.HELD_BY_PERSON]),
        ("Cancellations: `CancelReason`", list(reasons.CancelReason)),
        ("Refusals by a merchant: `RejectReason`", list(reasons.RejectReason)),
        ("Declined offers: `DeclineReason`", list(reasons.DeclineReason)),
        ("Orders taken from a rider: `UnassignReason`", list(reasons.UnassignReason)),
        ("Failed drop-offs: `FailureReason`", list(reasons.FailureReason)),
        ("Problems on the road: `ProblemKind`", list(reasons.ProblemKind)),
        ("Decisions of a person: `OverrideReason`", list(OverrideReason)),
        ("Kinds of cases: `CaseKind`", list(reasons.CaseKind)),
        ("Steps of a case: `CaseStep`", list(reasons.CaseStep)),
        ("Ends of a case: `CaseResult`", list(reasons.CaseResult)),
    ],
)
def test_reasons_are_documented(heading: str, codes: list[str]) -> None:
    section = Document("docs/reasons.md", document("docs/reasons.md").sections(2)[heading])
    assert code_cells(section) == codes


def test_verdict_numbers_are_documented() -> None:
    rows = document("docs/reasons.md").rows("code")
    numbers = {row[0].strip("`"): int(row[1]) for row in rows if len(row) == 4 and row[1]}
    assert numbers == {verdict.name.lower(): verdict.value for verdict in Verdict}


def test_units_are_documented() -> None:
    page = document("docs/units.md").text
    (units,) = [source for source in sources("dispatch") if source.path == "dispatch/units.py"]
    public = re.findall(r"^(?:class )?([A-Z]\w+)(?::|\()", units.text, re.MULTILINE)
    assert "UNREACHABLE_S" in public
    assert not [name for name in [*public, "Money"] if f"`{name}`" not in page]


def test_the_rooms_on_the_page_are_those_of_the_test() -> None:
    rows = document("docs/architecture.md").rows("room")
    page = {name.strip("*`"): set(re.findall(r"`(\w+)`", sees)) for name, _, sees in rows}
    assert page == {name: set(room.sees - {ROOT}) for name, room in ROOMS.items() if name != ROOT}


def test_names_use_the_words_of_the_glossary() -> None:
    table = forbidden(document("docs/glossary.md"))
    assert {"courier", "driver", "trip", "shipment", "activity", "epoch"} <= table.keys()
    found = [line for source in sources("dispatch", "simulations") for line in misnamed(source, table)]
    assert not found, "\n" + "\n".join(found)


def test_documents_use_the_words_of_the_glossary() -> None:
    pattern = re.compile(rf"\b(?:{'|'.join(PROSE_WORDS)})s?\b", re.IGNORECASE)
    pages = [page for page in documents() if not page.path.startswith(PROSE_EXEMPT)]
    found = [f"{page.path}: {word}" for page in pages for word in pattern.findall(page.prose)]
    assert not found, "see docs/glossary.md for the word to use:\n" + "\n".join(found)


def test_decision_records_are_numbered_and_complete() -> None:
    pages = sorted((p for p in documents() if p.path.startswith("docs/adr/")), key=lambda page: page.path)
    for number, page in enumerate(pages, 1):
        assert page.path.startswith(f"docs/adr/{number:04}-")
        assert page.headings[0][1].startswith(f"{number}. ")
        assert [title for level, title in page.headings if level == 2] == ["Context", "Decision", "Consequences"]
        assert re.search(r"^Status: (accepted|superseded by \[)", page.text, re.MULTILINE)


def test_the_changelog_keeps_its_format() -> None:
    assert changelog_faults(document("CHANGELOG.md").text) == []

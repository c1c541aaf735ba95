"""The pages about exceptions, and those for each audience, say what the tables of the code say."""

from __future__ import annotations

import re

import pytest

from dispatch.model.case_flows import FLOWS
from dispatch.model.reasons import CaseStep
from tests.support.diagrams import BLOCK, BLOCKS, PAGES, written
from tests.support.rights import endpoints
from tests.support.sources import REPOSITORY

CALL = re.compile(r"`(GET|POST|DELETE|PATCH|PUT) (/v1/[^`? ]+)")


def page(name: str) -> str:
    return (REPOSITORY / name).read_text("utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_the_code_is(name: str) -> None:
    text = page(name)
    assert BLOCK.search(text) is not None
    assert written(text) == text, "run `python -m tests.support.diagrams`"


def test_every_block_is_on_a_page() -> None:
    shown = {found[2] for name in PAGES for found in BLOCK.finditer(page(name))}
    assert shown == BLOCKS.keys()


def test_every_kind_and_step_is_shown() -> None:
    text = page("docs/cases.md")
    assert [kind for kind in FLOWS if f"### {kind.value}\n" not in text] == []
    # Steps that older logs have, and that no flow has any more.
    gone = {CaseStep.CHARGED, CaseStep.APPEALED}
    assert {step for step in CaseStep if f"`{step.value}`" not in text} == gone


@pytest.mark.parametrize("name", PAGES)
def test_the_calls_of_a_page_exist(name: str) -> None:
    known = {(one.method, re.sub(r"\{\w+\}", "{id}", one.path)) for one in endpoints()}
    named = {(method, re.sub(r"\{\w+\}", "{id}", path)) for method, path in CALL.findall(page(name))}
    assert named - known == set()
    assert name == "docs/cases.md" or len(named) > 4

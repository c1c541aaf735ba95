"""Copies of the example instances, with one thing spoilt, and what a reader says of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dispatch.errors import InvalidInputError, Issue
from simulations.readers import load_instance
from simulations.readers.own import write_instance
from tests.support.shared_data import REPOSITORY

EXAMPLES = REPOSITORY / "data" / "examples"


def example(name: str, folder: Path) -> Path:
    """A copy of an example ("grubhub", "colombia" or "own") in ``folder``, to be edited."""
    return Path(shutil.copytree(EXAMPLES / name, folder / name))


def parquet_example(folder: Path) -> Path:
    """The example "own" as Parquet."""
    write_instance(folder / "parquet", load_instance(EXAMPLES / "own"))
    return folder / "parquet"


def edit(path: Path, old: str, new: str) -> None:
    """Replace the only occurrence of ``old``."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8", newline="")


def refused(folder: Path) -> tuple[Issue, ...]:
    """The issues for which the instance is refused."""
    with pytest.raises(InvalidInputError) as caught:
        load_instance(folder)
    return caught.value.issues


def warned(folder: Path) -> set[tuple[str, str, int | None, str]]:
    """Code, file, line and field of every warning of an instance that loads."""
    return {(issue.code, issue.source, issue.line, issue.field) for issue in load_instance(folder).warnings}


def spots(issues: tuple[Issue, ...]) -> list[tuple[str, str, int | None, str]]:
    """Code, file, line and field of each issue."""
    return [(issue.code, issue.source, issue.line, issue.field) for issue in issues]

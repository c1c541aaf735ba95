"""The project names no path of the machine it was written on and no registry that a user may not reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.leaks import leaks, project_files
from tests.support.sources import REPOSITORY


def test_no_file_names_a_machine_or_a_registry() -> None:
    found: list[str] = []
    for path in project_files(REPOSITORY):
        found += leaks(path.read_bytes().decode("utf-8", "replace"), path.relative_to(REPOSITORY).as_posix())
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "see " + "/" + "home/anna/notes",
        'open("' + "/" + 'tmp/x.csv")',
        "--find-links=" + "/" + "opt/wheels",
        "/" + "Users/bo/dispatch",
        "https://files.python" + "hosted.org/packages/x.whl",
        "--index" + "-url https://mirror.example/simple",
    ],
)
def test_a_leak_is_caught(line: str) -> None:
    assert [told.split()[0] for told in leaks(f"fine\n{line}\n", "a.md")] == ["a.md:2"]


@pytest.mark.parametrize(
    "line", ["see docs/work/plan.md", "https://example.org/tmp/x", "build/tmp/x", "~/work/dispatch", "a / b"]
)
def test_what_is_no_leak_passes(line: str) -> None:
    assert list(leaks(line, "a.md")) == []


def test_what_the_recipes_make_is_not_looked_at(tmp_path: Path) -> None:
    for name in ("dispatch/a.py", ".venv/b.py", "dispatch/__pycache__/c.pyc", "build/run/d.json", "docs/e.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [path.relative_to(tmp_path).as_posix() for path in project_files(tmp_path)] == ["dispatch/a.py", "docs/e.md"]

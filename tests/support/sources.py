"""The project's Python files, parsed once, as its own rules are checked on them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TREES = ("dispatch", "simulations", "benchmarks")
"""The top-level packages that the rules hold for."""


@dataclass(frozen=True, slots=True)
class Source:
    """One module: ``path`` relative to the repository, dotted ``module`` name, text and syntax tree."""

    path: str
    module: str
    text: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        """Whether this is the ``__init__.py`` of a package."""
        return self.path.endswith("__init__.py")


def parse(text: str, path: str) -> Source:
    """A source from its text, as if it stood at ``path``; raises SyntaxError on what is not Python."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    return Source(path, ".".join(parts), text, ast.parse(text, filename=path))


@cache
def files(*trees: str) -> tuple[str, ...]:
    """Every file below ``trees``, relative to the repository, without what Python leaves behind.

    Raises ValueError for a tree without any, so that no rule is kept by looking at nothing.
    """
    found: list[str] = []
    for tree in trees:
        paths = [path for path in sorted((REPOSITORY / tree).rglob("*")) if path.is_file() and not _made(path)]
        if not paths:
            raise ValueError(f"{tree}/ holds no file")
        found += [path.relative_to(REPOSITORY).as_posix() for path in paths]
    return tuple(found)


def _made(path: Path) -> bool:
    return "__pycache__" in path.parts


@cache
def sources(*trees: str) -> tuple[Source, ...]:
    """Every Python module below ``trees``, sorted by path."""
    modules = [path for path in files(*trees) if path.endswith(".py")]
    return tuple(parse((REPOSITORY / path).read_text("utf-8"), path) for path in modules)

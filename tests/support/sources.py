"""The project's Python files, parsed once, as its own rules are checked on them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
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
def sources(*trees: str) -> tuple[Source, ...]:
    """Every module below ``trees``, sorted by path.

    Raises ValueError for a tree without any, so that no rule is kept by looking at nothing.
    """
    found = []
    for tree in trees:
        paths = sorted((REPOSITORY / tree).rglob("*.py"))
        if not paths:
            raise ValueError(f"{tree}/ holds no Python file")
        found += [parse(path.read_text("utf-8"), path.relative_to(REPOSITORY).as_posix()) for path in paths]
    return tuple(found)


def literals(node: ast.expr) -> Iterator[str]:
    """The string literals that an expression consists of: itself, or the parts of a tuple or list."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Tuple | ast.List):
        for element in node.elts:
            yield from literals(element)

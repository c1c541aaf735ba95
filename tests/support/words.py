"""Which words the public names of a module are made of, and which of them the glossary rules out."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from tests.support.markdown import Document
from tests.support.sources import Source

EVERYDAY = frozenset({"delivery", "job", "match", "lock", "schedule", "source", "issue", "node", "stack"})
"""Words ruled out for things of the trade, but needed by names in another sense, as in "lock file"."""

FOREIGN: Mapping[str, str] = {
    "simulations/readers/": "readers and writers use the words of the format they read",
}
"""Where names may use any word, by how the path begins, and why."""


def forbidden(glossary: Document) -> dict[str, str]:
    """Each word of a column "not" and the word to use for it, without EVERYDAY."""
    table = [row for row in glossary.rows("word") if len(row) == 3]
    pairs = [(other.strip(), word) for word, _, others in table for other in others.split(",") if other.strip()]
    return {other: word for other, word in pairs if other not in EVERYDAY}


def words(name: str) -> set[str]:
    """The words of an identifier in small letters: ``CourierTrips_s`` is made of courier, trips and s."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return {part for part in parted.lower().split("_") if part}


def names(source: Source) -> Iterator[tuple[int, str]]:
    """Line and identifier of everything that a module defines, its own file name included."""
    yield 1, PurePosixPath(source.path).stem
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def ruled_out(text: str, table: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Words of an identifier that ``table`` rules out, also in the plural, each with the word to use."""
    for word in sorted(words(text)):
        for form in _singulars(word) & table.keys():
            yield word, table[form]


def _singulars(word: str) -> set[str]:
    return {word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ies") + "y"}


def misnamed(source: Source, table: Mapping[str, str], foreign: Collection[str] = FOREIGN) -> Iterator[str]:
    """Names of a module that use a ruled-out word."""
    if any(source.path.startswith(prefix) for prefix in foreign):
        return
    for line, name in names(source):
        for word, instead in ruled_out(name, table):
            yield f"{source.path}:{line} {name}: not '{word}' but '{instead}' (docs/glossary.md)"

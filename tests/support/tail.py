"""Ceilings for the longest file, the longest function and the deepest nesting, and a watch on swallowed failures.

Code bases differ less in their usual function than in their worst: that is where a reader gets lost. So the worst is
bounded.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import TypeAlias

from tests.support.sources import Source

FILE_LINES = 450
FUNCTION_LINES = 60
NESTING = 3
PACKAGE_FILES = 3

BLANKET = frozenset({"Exception", "BaseException"})

PROCESS_EDGES: Mapping[str, str] = {
    "dispatch/api/errors.py": "the edge of a request: a fault is answered as a problem and written down by the server",
    "dispatch/store/writer.py": "the thread that writes: a fault is told to whoever waits, and the next write is tried",
}
"""Files that may catch every exception, and why: the last line of defence of a process, which reports what happened."""

GROWING: Mapping[str, str] = {}
"""Packages that may have fewer files than a package should, and why."""

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def long_file(source: Source) -> Iterator[str]:
    """A file above FILE_LINES."""
    lines = len(source.text.splitlines())
    if lines > FILE_LINES:
        yield f"{source.path}:1 has {lines} lines, {FILE_LINES} at most: split it by idea"


def long_functions(source: Source) -> Iterator[str]:
    """Functions above FUNCTION_LINES, signature and docstring counted, decorators not."""
    for function in _functions(source):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES:
            where = f"{source.path}:{function.lineno} {function.name}()"
            yield f"{where} has {lines} lines, {FUNCTION_LINES} at most: name its parts"


def deep_functions(source: Source) -> Iterator[str]:
    """Functions with blocks nested deeper than NESTING; an elif is as deep as its if, a function inside starts anew."""
    for function in _functions(source):
        depth = max((_depth(statement, 0) for statement in function.body), default=0)
        if depth > NESTING:
            where = f"{source.path}:{function.lineno} {function.name}()"
            yield f"{where} nests {depth} deep, {NESTING} at most: return early or name the inner part"


def blanket_excepts(source: Source) -> Iterator[str]:
    """Handlers and suppress() calls that take every exception, outside PROCESS_EDGES."""
    if source.path in PROCESS_EDGES:
        return
    for node in ast.walk(source.tree):
        if _swallows(node):
            line = getattr(node, "lineno", 1)
            yield f"{source.path}:{line} catches every exception: name those expected, or add the file to PROCESS_EDGES"


def small_packages(paths: Iterable[str], growing: Mapping[str, str] = GROWING) -> Iterator[str]:
    """Packages with fewer than PACKAGE_FILES files or sub-packages, and entries of ``growing`` that are out of date.

    paths: every file of the trees, relative to the repository.
    """
    every = [PurePosixPath(path) for path in paths]
    packages = {path.parent: set[str]() for path in every if path.name == "__init__.py"}
    for path in every:
        for package in packages.keys() & set(path.parents):
            packages[package].add(path.relative_to(package).parts[0])
    counts = {package.as_posix(): len(inside) for package, inside in packages.items()}
    for name, count in sorted(counts.items()):
        if count < PACKAGE_FILES and name not in growing:
            yield f"{name}/ has {count} of at least {PACKAGE_FILES} files: make it a module, or add it to GROWING"
    for name in growing.keys() - {name for name, count in counts.items() if count < PACKAGE_FILES}:
        yield f"{name}/ has its {PACKAGE_FILES} files, or is gone: take it out of GROWING"


def _functions(source: Source) -> Iterator[Function]:
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _depth(node: ast.AST, outside: int) -> int:
    if isinstance(node, _SCOPES):
        return outside
    here = outside + isinstance(node, _BLOCKS)
    return max(
        [here, *(_depth(child, outside if _is_elif(node, child) else here) for child in ast.iter_child_nodes(node))]
    )


def _is_elif(node: ast.AST, child: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(child, ast.If)
        and child in node.orelse
        and child.col_offset == node.col_offset
    )


def _swallows(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        return node.type is None or bool(BLANKET & _names(node.type))
    if isinstance(node, ast.Call) and _names(node.func) == {"suppress"}:
        return any(BLANKET & _names(argument) for argument in node.args)
    return False


def _names(node: ast.expr) -> set[str]:
    """Last part of a dotted name, or of each name in a tuple."""
    if isinstance(node, ast.Tuple):
        return {name for element in node.elts for name in _names(element)}
    if isinstance(node, ast.Attribute):
        return {node.attr}
    return {node.id} if isinstance(node, ast.Name) else set()

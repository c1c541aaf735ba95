"""Finds the error codes that the code can answer with."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support.sources import Source


def error_codes(source: Source) -> Iterator[tuple[str, str]]:
    """(code, path:line) wherever an error class sets ``code = "..."`` or an error is made with ``code="..."``."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            yield from _of_class(source, node)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error"):
            yield from _of_call(source, node)


def _of_class(source: Source, node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    if not any(ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases):
        return
    for statement in node.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Constant):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if any(isinstance(target, ast.Name) and target.id == "code" for target in targets):
                yield str(statement.value.value), f"{source.path}:{statement.lineno}"


def _of_call(source: Source, node: ast.Call) -> Iterator[tuple[str, str]]:
    for keyword in node.keywords:
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
            yield str(keyword.value.value), f"{source.path}:{node.lineno}"

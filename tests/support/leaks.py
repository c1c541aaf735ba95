"""What must not stand in any file of the project: paths of one machine, addresses of package registries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

MADE = frozenset(
    {".git", ".venv", ".benchmarks", ".hypothesis", ".mypy_cache", ".ruff_cache", "__pycache__", "build", "dist", "out"}
)
"""Folders that recipes and tools make; git ignores them too."""

# Put together from parts, so that this file does not contain what it looks for.
_HOMES = "work|root|tmp|home|Users|opt|mnt"
_HOSTS = "|".join(
    re.escape(f"{name}.{end}") for name, end in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))
)
_MACHINE_PATH = re.compile(rf"(?<![\w.~%}}*\])-])/(?:{_HOMES})/")
_REGISTRY = re.compile(rf"\b(?:{_HOSTS})\b|--(?:extra-)?index-url[ =]")


def project_files(root: Path) -> Iterator[Path]:
    """Every file of a checkout below ``root`` that is the project's own, sorted."""
    for path in sorted(root.iterdir()):
        if path.name in MADE or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            yield from project_files(path)
        elif path.name != ".git":
            yield path


def leaks(text: str, path: str) -> Iterator[str]:
    """Lines of a file that name a path of a machine or a registry."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _MACHINE_PATH.search(line):
            yield f"{path}:{number} names a path of one machine ({found.group()}): make it relative"
        if found := _REGISTRY.search(line):
            yield f"{path}:{number} names a registry ({found.group()}): leave it to the client's own settings"

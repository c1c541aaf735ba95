"""Which room may import which: the one table, and the reading of imports that it is held against.

A room is a module or package right below ``dispatch``, or one of the trees beside it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from tests.support.sources import TREES, Source

OURS = frozenset({*TREES, "tests"})

ROOT = "dispatch"
"""The room of ``dispatch/__init__.py`` itself, which holds the version and imports nothing."""


@dataclass(frozen=True, slots=True)
class Room:
    """``sees``: rooms it may import. ``bought``: third-party packages it may import, None for every declared one."""

    sees: frozenset[str]
    bought: frozenset[str] | None = None


def _room(sees: str, bought: str | None = None) -> Room:
    return Room(frozenset(sees.split()), None if bought is None else frozenset(bought.split()))


_PORTS = "units errors settings model store engine"
_ALL = f"{_PORTS} geo solver pay service intake notify insight {ROOT}"

ROOMS: Mapping[str, Room] = {
    ROOT: _room("", ""),
    "units": _room("", ""),
    "errors": _room("", ""),
    "settings": _room("units errors", ""),
    "model": _room("units errors", ""),
    "geo": _room("units errors", "h3 httpx numba numpy scipy shapely"),
    "solver": _room("units errors model geo", "numba numpy ortools scipy"),
    "store": _room("units errors settings model"),
    "engine": _room(f"units errors settings model geo solver store {ROOT}"),
    "pay": _room("units errors model", "httpx"),
    "service": _room(f"{_PORTS} pay geo solver {ROOT}", "argon2 httpx jwt numpy prometheus_client sqlalchemy"),
    "intake": _room(_PORTS),
    "notify": _room(_PORTS),
    "insight": _room(_PORTS),
    "api": _room(_ALL),
    "web": _room(""),
    "cli": _room(f"{_ALL} api"),
    "commands": _room(f"{_ALL} api cli"),
    "simulations": _room(f"{_ALL} api cli commands"),
    "benchmarks": _room(f"{_ALL} api cli simulations"),
}
"""Every allowed edge. A change here is a change of docs/architecture.md and needs a decision record in docs/adr/."""


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name at a line; ``target`` is dotted and absolute."""

    line: int
    target: str

    @property
    def package(self) -> str:
        """The top-level package."""
        return self.target.split(".")[0]

    @property
    def is_bought(self) -> bool:
        """Whether it is neither ours nor the standard library's."""
        return self.package not in OURS and self.package not in sys.stdlib_module_names


def imports(source: Source) -> Iterator[Import]:
    """Every import of a module: at its top, inside functions and type-checking blocks, and by import_module("name")."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(source, node)
            yield from (Import(node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call):
            yield from _import_by_name(node)


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = source.module.split(".")
    cut = node.level - 1 if source.is_package else node.level
    return ".".join([*package[: len(package) - cut], *([node.module] if node.module else [])])


def _import_by_name(node: ast.Call) -> Iterator[Import]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    first = node.args[0] if node.args else None
    if called in {"import_module", "__import__"} and isinstance(first, ast.Constant) and isinstance(first.value, str):
        yield Import(node.lineno, first.value)


def room_of(module: str) -> str:
    """The room that a module of ours lies in: ``dispatch.geo.kernel`` lies in ``geo``."""
    tree, _, rest = module.partition(".")
    return (rest.split(".")[0] if rest else ROOT) if tree == ROOT else tree


def edge(target: str) -> str:
    """The room that an import of ours reaches; ``from dispatch import __version__`` reaches the root."""
    room = room_of(target)
    return ROOT if target.count(".") == 1 and target.startswith("dispatch.") and room not in ROOMS else room


def violations(source: Source, rooms: Mapping[str, Room] = ROOMS) -> list[str]:
    """What a module imports against the table, one sentence each."""
    name = room_of(source.module)
    if name not in rooms:
        return [f"{source.path}:1 room '{name}' is not in the table; add it to ROOMS in tests/support/layers.py"]
    found = []
    for item in imports(source):
        if item.package in OURS:
            found += _own_violation(source, name, item, rooms[name])
        elif item.is_bought:
            found += _bought_violation(source, name, item, rooms[name])
    return found


def _own_violation(source: Source, name: str, item: Import, room: Room) -> list[str]:
    reached = edge(item.target)
    if reached == name or reached in room.sees:
        return []
    allowed = ", ".join(sorted(room.sees)) or "no room of ours"
    return [
        f"{source.path}:{item.line} '{name}' imports {item.target}; it may see {allowed}. "
        f"Move the code to a room that may, or pass the value in as an argument"
    ]


def _bought_violation(source: Source, name: str, item: Import, room: Room) -> list[str]:
    if room.bought is None or item.package in room.bought:
        return []
    allowed = ", ".join(sorted(room.bought)) or "only the standard library"
    return [
        f"{source.path}:{item.line} '{name}' imports {item.package}; it may use {allowed}. "
        f"Use the package in a room further out"
    ]


def room_graph(modules: Iterable[Source]) -> dict[str, set[str]]:
    """Which room really imports which other."""
    graph: dict[str, set[str]] = {}
    for source in modules:
        reached = {edge(item.target) for item in imports(source) if item.package in TREES}
        graph.setdefault(room_of(source.module), set()).update(reached - {room_of(source.module)})
    return graph


def cycle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Rooms that import each other in a ring, first one repeated at the end; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []

"""Imports go one way: from the rim of the house to its core."""

from __future__ import annotations

import tomllib

import pytest

from tests.support.layers import ROOMS, cycle, edge, imports, room_graph, room_of, violations
from tests.support.sources import REPOSITORY, TREES, parse, sources

FRAMEWORKS = ("fastapi", "pydantic", "redis", "sqlalchemy")
PURE = ("model", "geo", "solver")
SOLD_AS = {
    "argon2": "argon2-cffi",
    "jwt": "pyjwt",
    "opentelemetry": "opentelemetry-sdk",
    "prometheus_client": "prometheus-client",
}
"""Packages that are declared under another name than the one they are imported by."""


def test_every_import_follows_the_table() -> None:
    found = [line for source in sources(*TREES) for line in violations(source)]
    assert not found, "imports against docs/architecture.md:\n" + "\n".join(found)


def test_no_rooms_import_each_other_in_a_ring() -> None:
    ring = cycle(room_graph(sources(*TREES)))
    assert not ring, f"rooms import each other: {' -> '.join(ring)}"


def test_the_table_itself_has_no_ring_and_names_only_rooms() -> None:
    assert not cycle({name: room.sees for name, room in ROOMS.items()})
    assert {seen for room in ROOMS.values() for seen in room.sees} <= ROOMS.keys()


def test_dispatch_never_sees_what_is_built_on_it() -> None:
    inside = {name: room for name, room in ROOMS.items() if name not in ("simulations", "benchmarks")}
    assert not [name for name, room in inside.items() if room.sees & {"simulations", "benchmarks"}]
    assert [name for name, room in inside.items() if "api" in room.sees] == ["cli", "commands"]


@pytest.mark.parametrize("room", PURE)
def test_the_pure_rooms_may_use_no_framework(room: str) -> None:
    bought = ROOMS[room].bought
    assert bought is not None
    assert not bought & set(FRAMEWORKS)


def test_the_model_may_use_the_standard_library_only() -> None:
    assert [ROOMS[name].bought for name in ("units", "errors", "model")] == [frozenset()] * 3


def test_every_bought_package_is_declared() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    extra = project["optional-dependencies"]["traces"]
    declared = {requirement.split(">=")[0] for requirement in (*project["dependencies"], *extra)}
    missing = [
        f"{source.path}:{item.line} {item.package}"
        for source in sources("dispatch", "simulations")
        for item in imports(source)
        if item.is_bought and SOLD_AS.get(item.package, item.package) not in declared
    ]
    assert not missing, "declare these in pyproject.toml and run `make lock`:\n" + "\n".join(missing)


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        (
            "dispatch/geo/x.py",
            "from dispatch.model.place import Place",
            "dispatch/geo/x.py:1 'geo' imports dispatch.model",
        ),
        ("dispatch/geo/x.py", "from dispatch import model", "'geo' imports dispatch.model"),
        ("dispatch/geo/x.py", "from ..model import place", "'geo' imports dispatch.model.place"),
        ("dispatch/geo/__init__.py", "from .. import solver", "'geo' imports dispatch.solver"),
        ("dispatch/model/x.py", "def f():\n    import numpy", "dispatch/model/x.py:2 'model' imports numpy"),
        ("dispatch/solver/x.py", "from pydantic import BaseModel", "'solver' imports pydantic"),
        ("dispatch/engine/x.py", "from dispatch.api.app import create_app", "'engine' imports dispatch.api"),
        ("dispatch/cli.py", "import simulations.runner", "'cli' imports simulations.runner"),
        ("dispatch/cli.py", "import_module('simulations.commands')", "'cli' imports simulations.commands"),
        (
            "dispatch/store/x.py",
            "if TYPE_CHECKING:\n    from dispatch.engine import m",
            "'store' imports dispatch.engine",
        ),
        ("simulations/x.py", "from benchmarks import peers", "'simulations' imports benchmarks.peers"),
        ("dispatch/engine/x.py", "from tests.support import builders", "'engine' imports tests.support"),
        ("dispatch/cellar/x.py", "", "room 'cellar' is not in the table"),
    ],
)
def test_the_checker_catches(path: str, text: str, told: str) -> None:
    found = violations(parse(text, path))
    assert len(found) == 1
    assert told in found[0]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "dispatch/geo/x.py",
            "from dispatch.geo.kernel import travel_s\nfrom dispatch.units import MINUTE_S\nimport numpy as np",
        ),
        ("dispatch/geo/x.py", "from .kernel import travel_s"),
        ("dispatch/engine/x.py", "from dispatch import model, units"),
        ("simulations/x.py", "import dispatch.engine.market"),
        ("dispatch/cli.py", "from dispatch import __version__"),
    ],
)
def test_the_checker_lets_pass(path: str, text: str) -> None:
    assert violations(parse(text, path)) == []


def test_a_ring_is_found_and_named() -> None:
    modules = [
        parse("import dispatch.geo", "dispatch/solver/a.py"),
        parse("import dispatch.engine", "dispatch/geo/b.py"),
        parse("from dispatch import solver", "dispatch/engine/c.py"),
    ]
    assert set(cycle(room_graph(modules))) == {"solver", "geo", "engine"}
    assert cycle(room_graph(modules[:2])) == []


def test_rooms_are_told_from_module_names() -> None:
    assert [room_of(name) for name in ("dispatch", "dispatch.cli", "dispatch.geo.kernel", "simulations.runner")] == [
        "dispatch",
        "cli",
        "geo",
        "simulations",
    ]
    assert edge("dispatch.__version__") == "dispatch"

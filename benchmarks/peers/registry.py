"""Who takes part, by the name that the tables use; loaded when its turn comes, as not everybody is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final, cast

from benchmarks.peers.route import Prepare
from dispatch.solver.match import Matcher

_HERE: Final = "benchmarks.peers"

PEER_FAULTS: Final = (ArithmeticError, ImportError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)
"""What other people's code may raise without ending the comparison."""

INSTALL: Final = "not installed; `make peers` does that"

OURS: Final = "ours"
OURS_LONGER: Final = "ours, ruin and recreate"

MATCHERS_OF_PEERS: Final[Mapping[str, tuple[str, str]]] = {
    "scipy min_weight_full_bipartite_matching": ("match_scipy", "match_sparse"),
    "scipy linear_sum_assignment, full matrix": ("match_scipy", "match_dense"),
    "lapx lapmod": ("match_lapx", "match_lapmod"),
    "lapx lapjv, full matrix": ("match_lapx", "match_lapjv"),
    "OR-Tools SimpleMinCostFlow": ("match_ortools", "match_flow"),
    "OR-Tools SimpleLinearSumAssignment": ("match_ortools", "match_assignment"),
    "OR-Tools CP-SAT": ("match_ortools", "match_cp_sat"),
}

ROUTERS: Final[Mapping[str, tuple[str, str]]] = {
    OURS: ("route_ours", "prepare"),
    OURS_LONGER: ("route_ours", "prepare_longer"),
    "append to who is there first": ("first", "prepare"),
    "OR-Tools routing": ("route_ortools", "prepare"),
    "VROOM": ("route_vroom", "prepare"),
    "PyVRP": ("route_pyvrp", "prepare"),
}


def load_matcher(name: str) -> Matcher:
    """A peer's matcher. Raises ModuleNotFoundError where its package is not installed."""
    return cast(Matcher, _load(*MATCHERS_OF_PEERS[name]))


def load_router(name: str) -> Prepare:
    """A router. Raises ModuleNotFoundError where its package is not installed."""
    return cast(Prepare, _load(*ROUTERS[name]))


def _load(module: str, name: str) -> object:
    return getattr(import_module(f"{_HERE}.{module}"), name)


def told(fault: Exception) -> str:
    """A fault in a few words."""
    if isinstance(fault, ModuleNotFoundError):
        return INSTALL
    return f"{type(fault).__name__}: {fault}".splitlines()[0][:120]

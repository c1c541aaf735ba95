"""Policies by name, as simulations ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from dispatch.engine.dispatcher import Solver
from dispatch.engine.policy import Policy, load_policy, shipped_policies
from dispatch.errors import InvalidInputError, Issue
from dispatch.solver.solve import solve
from simulations.policies.nearest import nearest
from simulations.policies.window import window

SOLVERS: Final[Mapping[str, Solver]] = MappingProxyType({"dispatch": solve, "nearest": nearest, "window": window})
"""The product's solver and those it is compared with."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A solver and the policy it works by, under the name by which it is shown."""

    name: str
    policy: Policy
    solver: Solver


def contender(name: str, usual: str) -> Contender:
    """One of SOLVERS with the ``usual`` policy of the instance, else the product with a policy named or in a file.

    The baselines take rules, horizon and loop of the usual policy, so that only the solver differs. A file goes by its
    name without folder and ending.
    Raises InvalidInputError like ``load_policy``.
    """
    if name in SOLVERS:
        policy = load_policy(usual)
        return Contender(name, policy if name == "dispatch" else replace(policy, name=name), SOLVERS[name])
    if name not in (*shipped_policies(), *SOLVERS) and not Path(name).is_file():
        action = f"Give a TOML file, or one of: {', '.join((*SOLVERS, *shipped_policies()))}."
        raise InvalidInputError("policy", [Issue("unknown_policy", f"there is no policy {name!r}", action)])
    return Contender(Path(name).stem, load_policy(name), solve)

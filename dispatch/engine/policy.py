"""A market's policy: every knob of its dispatching, from a versioned TOML file."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from dispatch.engine.demand import DemandParams
from dispatch.engine.learned.params import LearnedParams
from dispatch.errors import InvalidInputError, Issue
from dispatch.model.care import CareRules
from dispatch.solver.costs import Weights
from dispatch.solver.params import Params
from dispatch.units import Seconds

T = TypeVar("T")

_KINDS = {int: "a whole number", float: "a number with a point", str: "a text in quotes", bool: "true or false"}


def _shipped() -> Traversable:
    """The folder of the policies that come with the package."""
    return resources.files("dispatch.engine") / "policies"


MOST_ASKED: Final = 10
"""Riders who are asked at once, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopParams:
    """How plans become decisions.

    commit_s: an order is given to its rider when the rider has to leave within this time (at least the time between two
    ticks).
    commit_age_s: an order placed this long ago is given to its planned rider even if there is time. offer_s: an offer's
    life.
    shift_ahead_s: riders whose planned shift begins within this time are planned with; nothing is given to them before.
    presence_timeout_s: a rider from whom something is due is lost when nothing is heard for this long (0: never);
    what was not collected goes to others. unanswered_offers: one who lets so many offers run out in a row is lost, too
    (0: never).
    budget_s: CPU time that a plan may take (0.0: as long as it takes); the search for a better plan ends in time.
    offer_to: an order that nobody has is put to so many riders at once, and the first who accepts gets it (1: to one
    after the other).
    lost_food_s: what a lost rider has on board is given up after this time; redeliver_lost: and made once more.
    """

    commit_s: Seconds = 60
    commit_age_s: Seconds = 1800
    offer_s: Seconds = 60
    heading_half_life_s: Seconds = 120
    shift_ahead_s: Seconds = 1200
    presence_timeout_s: Seconds = 300
    unanswered_offers: int = 3
    lost_food_s: Seconds = 900
    redeliver_lost: bool = False
    budget_s: float = 0.0
    offer_to: int = 1

    def __post_init__(self) -> None:
        if min(self.commit_s, self.commit_age_s, self.offer_s, self.heading_half_life_s) < 1:
            raise ValueError("times of the loop must be at least one second")
        if min(self.presence_timeout_s, self.unanswered_offers, self.lost_food_s, self.shift_ahead_s) < 0:
            raise ValueError(
                "presence_timeout_s, unanswered_offers, lost_food_s and shift_ahead_s must not be negative"
            )
        if not 1 <= self.offer_to <= MOST_ASKED:
            raise ValueError(f"offer_to must be 1 to {MOST_ASKED} riders")
        if not 0.0 <= self.budget_s < math.inf:
            raise ValueError("budget_s must be a number of seconds, or 0.0 for no budget")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A named, versioned set of parameters; stored with every decision taken under it."""

    name: str
    version: int
    params: Params = field(default_factory=Params)
    loop: LoopParams = field(default_factory=LoopParams)
    learned: LearnedParams = field(default_factory=LearnedParams)
    care: CareRules = field(default_factory=CareRules)
    demand: DemandParams = field(default_factory=DemandParams)


def shipped_policies() -> tuple[str, ...]:
    """Names of the policies that come with the package."""
    names = (entry.name for entry in _shipped().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_policy(name_or_path: str) -> Policy:
    """A shipped policy by its name, or a TOML file by its path.

    Raises InvalidInputError listing every unknown key, wrong type and value out of range.
    """
    if name_or_path in shipped_policies():
        return parse_policy(_shipped().joinpath(f"{name_or_path}.toml").read_text("utf-8"), name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        action = f"Give a TOML file, or one of: {', '.join(shipped_policies())}."
        raise InvalidInputError("policy", [Issue("unknown_policy", f"there is no policy {name_or_path!r}", action)])
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        issue = Issue("unreadable_file", f"no text in UTF-8: {error}", "Give a TOML file.", str(path))
        raise InvalidInputError("policy", [issue]) from None
    return parse_policy(text, str(path))


def parse_policy(text: str, source: str) -> Policy:
    """Read a policy from TOML text; ``source`` is named in errors. Raises InvalidInputError."""
    issues: list[Issue] = []
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        issue = Issue("broken_toml", f"not valid TOML: {error}", "Mend the line it names.", source)
        raise InvalidInputError("policy", [issue]) from None
    policy = _build(Policy, table, "", source, issues)
    if issues or policy is None:
        raise InvalidInputError("policy", issues)
    return policy


def as_table(value: object) -> dict[str, Any]:
    """A policy (or a part of one) as plain nested tables, to be stored with a decision."""
    if isinstance(value, Weights):
        return dict(value._asdict())
    table: dict[str, Any] = {}
    for item in fields(cast("Any", value)):
        part = getattr(value, item.name)
        table[item.name] = as_table(part) if is_dataclass(part) or isinstance(part, Weights) else part
    return table


def policy_of(table: Mapping[str, Any], source: str) -> Policy:
    """The policy that ``as_table`` was given. Raises InvalidInputError."""
    issues: list[Issue] = []
    policy = _build(Policy, table, "", source, issues)
    if issues or policy is None:
        raise InvalidInputError("policy", issues)
    return policy


def _build(kind: type[T], table: Mapping[str, Any], prefix: str, source: str, issues: list[Issue]) -> T | None:
    """An instance of ``kind`` from a table; every flaw goes to ``issues``, and None is answered where there is one."""
    samples = _samples(kind)
    before = len(issues)
    given = {key: _value(key, value, samples, prefix, source, issues) for key, value in table.items()}
    if len(issues) > before:
        return None
    try:
        return kind(**given)
    except (ValueError, TypeError) as error:
        where = prefix.removesuffix(".") or "policy"
        issues.append(Issue("out_of_range", f"{where}: {error}", "Change the value.", source, field=where))
        return None


def _value(
    key: str, value: object, samples: Mapping[str, object], prefix: str, source: str, issues: list[Issue]
) -> object:
    """One setting of the type of its sample; a flaw goes to ``issues``."""
    name, sample = f"{prefix}{key}", samples.get(key)
    if sample is None:
        action = f"Use one of: {', '.join(samples)}."
        issues.append(Issue("unknown_key", f"{name} is not a setting", action, source, field=name))
        return None
    if isinstance(sample, Weights) or is_dataclass(sample):
        if isinstance(value, Mapping):
            return _build(type(sample), value, f"{name}.", source, issues)
        issues.append(Issue("wrong_type", f"{name} must be a table", f"Write [{name}].", source, field=name))
    elif isinstance(sample, StrEnum):
        return _choice(type(sample), value, name, source, issues)
    elif type(value) is not type(sample):
        wanted = _KINDS.get(type(sample), type(sample).__name__)
        issues.append(Issue("wrong_type", f"{name} must be {wanted}", f"Write {wanted}.", source, field=name))
    return value


def _choice(kind: type[StrEnum], value: object, name: str, source: str, issues: list[Issue]) -> object:
    """One of a few words; anything else goes to ``issues``."""
    try:
        return kind(str(value))
    except ValueError:
        words = ", ".join(kind)
        issues.append(Issue("unknown_word", f"{name} is {value!r}", f"Use one of: {words}.", source, field=name))
        return None


def _samples(kind: type[object]) -> dict[str, Any]:
    """A value of the right type for every setting of ``kind``."""
    if kind is Policy:
        parts = {"params": Params(), "loop": LoopParams(), "learned": LearnedParams(), "demand": DemandParams()}
        parts["care"] = CareRules()
        return {"name": "", "version": 1} | parts
    sample = kind()
    names = sample._fields if isinstance(sample, Weights) else [item.name for item in fields(cast("Any", sample))]
    return {name: getattr(sample, name) for name in names}

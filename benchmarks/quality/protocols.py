"""What is run: fixed instances and seeds by scope, and the figures that each scope should reach.

grubhub base: the base instances (all orders, travel and preparation times as they are). grubhub small: the smallest of
seed 0. grubhub all: every instance there is. colombia: two days with one rider in eight, so that riders are scarce.
colombia more: a larger day with one in eight, and two days with all riders. colombia whole: the largest day, all
riders. What holds up where the world is not kind is measured by ``benchmarks.quality.robust``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks.quality.data import DataAbsentError, existing
from simulations.worlds import AS_TOLD, World

Targets = Mapping[str, float]
"""What metrics should reach."""

UNDELIVERED: Final = "undelivered"
DELIVERED_SHARE: Final = "delivered share"
CLICK_TO_DOOR: Final = "click_to_door mean"
UNDELIVERED_SHARE: Final = "undelivered share"
COST_AN_ORDER: Final = "cost an order"
TICK_P99: Final = "tick p99"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One run: an instance with every ``thin``-th rider, under a seed in a world."""

    path: Path
    thin: int = 1
    seed: int = 0
    world: World = AS_TOLD

    @property
    def name(self) -> str:
        """The setting in a few words."""
        words = [self.path.name]
        if self.path.parent.name == "rappi":
            words = [f"day {self.path.name} thin {self.thin}"]
        if self.seed:
            words.append(f"seed {self.seed}")
        return ", ".join((*words, *self.world.words()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Runs whose means are shown together; what the means, and what single runs should reach."""

    name: str
    settings: tuple[Setting, ...]
    targets: Targets = field(default_factory=dict)
    run_targets: Mapping[Setting, Targets] = field(default_factory=dict)


DAYS: Final[Mapping[int, Targets]] = MappingProxyType(
    {4: {DELIVERED_SHARE: 99.0, CLICK_TO_DOOR: 40.0}, 10: {DELIVERED_SHARE: 99.0, CLICK_TO_DOOR: 36.0}}
)
"""Days of the scope ``colombia``. The closest open simulator's greedy policy takes 49.4 and 43.8 minutes for nine
orders in ten; day 10's aim lies below what is possible (``bound.py``).
"""


def _grubhub(data: Path, *patterns: str) -> tuple[Setting, ...]:
    paths = sorted(path for pattern in patterns for path in (data / "grubhub").glob(pattern))
    if not paths:
        raise DataAbsentError(
            f"There is no Grubhub instance {' or '.join(patterns)} in {data / 'grubhub'}.", "See data/README.md."
        )
    return tuple(Setting(path=path) for path in paths)


def _base(data: Path) -> Scope:
    targets = {UNDELIVERED: 0, CLICK_TO_DOOR: 31.2}
    return Scope(name="grubhub base", settings=_grubhub(data, "*o100t100s1p100"), targets=targets)


def _small(data: Path) -> Scope:
    return Scope(name="grubhub small", settings=_grubhub(data, "0o50*", "0r50*"), targets={CLICK_TO_DOOR: 30.95})


def _all(data: Path) -> Scope:
    targets = {CLICK_TO_DOOR: 31.7, UNDELIVERED_SHARE: 0.14, COST_AN_ORDER: 11.4}
    return Scope(name="grubhub all", settings=_grubhub(data, "*"), targets=targets)


def _day(data: Path, day: int, thin: int, seed: int = 0, world: World = AS_TOLD) -> Setting:
    return Setting(path=existing(data / "rappi" / str(day)), thin=thin, seed=seed, world=world)


def _colombia(data: Path) -> Scope:
    targets = {_day(data, day, 8): aims for day, aims in DAYS.items()}
    return Scope(name="colombia", settings=tuple(targets), run_targets=targets)


def _more(data: Path) -> Scope:
    aims = {DELIVERED_SHARE: 99.0, CLICK_TO_DOOR: 33.0}
    targets = {_day(data, 3, 8): {**aims, CLICK_TO_DOOR: 41.0}, _day(data, 4, 1): aims, _day(data, 10, 1): aims}
    return Scope(name="colombia more", settings=tuple(targets), run_targets=targets)


def _whole(data: Path) -> Scope:
    return Scope(name="colombia whole", settings=(_day(data, 12, 1),), targets={"CPU time": 180.0, TICK_P99: 100.0})


SCOPES: Final[Mapping[str, Callable[[Path], Scope]]] = MappingProxyType(
    {
        "base": _base,
        "small": _small,
        "all": _all,
        "colombia": _colombia,
        "more": _more,
        "whole": _whole,
    }
)
"""Every scope by the name that the command line knows."""

USUAL: Final = ("base", "small", "colombia")
"""The scopes that are run when none is named."""

"""What is run: fixed instances and seeds by scope, and the figures that each scope should reach.

grubhub base: the base instances (all orders, travel and preparation times as they are). grubhub small: the smallest of
seed 0. grubhub all: every instance there is. colombia: two days with one rider in eight, so that riders are scarce.
colombia more: a larger day with one in eight, and two days with all riders. colombia whole: the largest day, all
riders. robust: the days of `colombia` with other customers, with kitchens that err, and with riders who decline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks.quality.data import DataAbsentError, existing
from simulations.chances import AS_TOLD, Chances

Targets = Mapping[str, float]
"""What metrics should reach."""

UNDELIVERED: Final = "undelivered"
DELIVERED_SHARE: Final = "delivered share"
CLICK_TO_DOOR: Final = "click_to_door mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One run: an instance with every ``thin``-th rider, under a seed and chances."""

    path: Path
    thin: int = 1
    seed: int = 0
    chances: Chances = AS_TOLD

    @property
    def name(self) -> str:
        """The setting in a few words."""
        words = [self.path.name]
        if self.path.parent.name == "rappi":
            words = [f"day {self.path.name} thin {self.thin}"]
        if self.seed:
            words.append(f"seed {self.seed}")
        if self.chances.kitchen_error:
            words.append(f"kitchens {self.chances.kitchen_error:g}")
        if self.chances.decline_probability:
            words.append(f"declines {self.chances.decline_probability:g}")
        return ", ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Runs whose means are shown together; what the means, and what single runs should reach."""

    name: str
    settings: tuple[Setting, ...]
    targets: Targets = field(default_factory=dict)
    run_targets: Mapping[Setting, Targets] = field(default_factory=dict)


DAYS: Final[Mapping[int, Targets]] = MappingProxyType(
    {4: {DELIVERED_SHARE: 97.0, CLICK_TO_DOOR: 49.4}, 10: {DELIVERED_SHARE: 97.0, CLICK_TO_DOOR: 43.8}}
)
"""Days of the scope ``colombia``: what the closest open simulator's greedy policy takes, and to deliver nearly all."""


def _grubhub(data: Path, *patterns: str) -> tuple[Setting, ...]:
    paths = sorted(path for pattern in patterns for path in (data / "grubhub").glob(pattern))
    if not paths:
        raise DataAbsentError(
            f"There is no Grubhub instance {' or '.join(patterns)} in {data / 'grubhub'}.", "See data/README.md."
        )
    return tuple(Setting(path=path) for path in paths)


def _base(data: Path) -> Scope:
    targets = {UNDELIVERED: 0, CLICK_TO_DOOR: 32.0}
    return Scope(name="grubhub base", settings=_grubhub(data, "*o100t100s1p100"), targets=targets)


def _small(data: Path) -> Scope:
    return Scope(name="grubhub small", settings=_grubhub(data, "0o50*", "0r50*"), targets={CLICK_TO_DOOR: 31.25})


def _all(data: Path) -> Scope:
    return Scope(name="grubhub all", settings=_grubhub(data, "*"))


def _day(data: Path, day: int, thin: int, seed: int = 0, chances: Chances = AS_TOLD) -> Setting:
    return Setting(path=existing(data / "rappi" / str(day)), thin=thin, seed=seed, chances=chances)


def _colombia(data: Path) -> Scope:
    targets = {_day(data, day, 8): aims for day, aims in DAYS.items()}
    return Scope(name="colombia", settings=tuple(targets), run_targets=targets)


def _more(data: Path) -> Scope:
    return Scope(name="colombia more", settings=(_day(data, 3, 8), _day(data, 4, 1), _day(data, 10, 1)))


def _whole(data: Path) -> Scope:
    return Scope(name="colombia whole", settings=(_day(data, 12, 1),))


def _robust(data: Path) -> Scope:
    late, picky = Chances(kitchen_error=0.3), Chances(decline_probability=0.2)
    settings = [
        _day(data, day, 8, seed, chances)
        for day in DAYS
        for seed, chances in ((1, AS_TOLD), (2, AS_TOLD), (0, late), (0, picky))
    ]
    return Scope(name="robust", settings=tuple(settings))


SCOPES: Final[Mapping[str, Callable[[Path], Scope]]] = MappingProxyType(
    {
        "base": _base,
        "small": _small,
        "all": _all,
        "colombia": _colombia,
        "more": _more,
        "whole": _whole,
        "robust": _robust,
    }
)
"""Every scope by the name that the command line knows."""

USUAL: Final = ("base", "small", "colombia")
"""The scopes that are run when none is named."""

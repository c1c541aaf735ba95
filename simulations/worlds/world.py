"""What is not as an instance says: worlds put together from parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Final

from dispatch.errors import InvalidInputError, Issue
from simulations.worlds.declines import Declines
from simulations.worlds.kitchens import Kitchens
from simulations.worlds.rain import Rain
from simulations.worlds.reports import Reports
from simulations.worlds.vanishing import Vanishing


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """By default everything is as the instance says; each part makes one thing worse."""

    declines: Declines = field(default_factory=Declines)
    kitchens: Kitchens = field(default_factory=Kitchens)
    reports: Reports = field(default_factory=Reports)
    vanishing: Vanishing = field(default_factory=Vanishing)
    rain: Rain = field(default_factory=Rain)

    def words(self) -> tuple[str, ...]:
        """What is not as the instance says, a part each."""
        parts = (getattr(self, part.name).words() for part in fields(self))
        return tuple(words for words in parts if words)

    @property
    def by_chance(self) -> bool:
        """Whether anything in it is drawn, so that another seed is another world."""
        kitchens = self.kitchens.error + self.kitchens.habit
        return bool(self.declines or kitchens or self.vanishing.share or self.rain.hours)


AS_TOLD: Final = World()
"""Everything is as the instance says."""


@dataclass(frozen=True, slots=True)
class Option:
    """How a part is asked for on a command line: ``NAME=VALUE``, or the name alone where ``usual`` says what it means.

    takes: what the value is. what: what it does. put: the world with it; raises ValueError.
    """

    takes: str
    what: str
    put: Callable[[World, str], World]
    usual: str = ""


def _declines(world: World, value: str) -> World:
    low, _, high = value.partition("-")
    return replace(world, declines=Declines(float(low), float(high or low)))


OPTIONS: Final[Mapping[str, Option]] = MappingProxyType(
    {
        "declines": Option("P or LOW-HIGH", "riders decline offers, each by an own habit between the two", _declines),
        "late-kitchens": Option(
            "SIGMA",
            "food is ready earlier or later than promised: spread of the logarithm, from order to order",
            lambda world, value: replace(world, kitchens=replace(world.kitchens, error=float(value))),
        ),
        "kitchen-habits": Option(
            "SIGMA",
            "the same from merchant to merchant, for the whole day",
            lambda world, value: replace(world, kitchens=replace(world.kitchens, habit=float(value))),
        ),
        "positions": Option(
            "SECONDS",
            "where riders are and what they did is known so much later",
            lambda world, value: replace(world, reports=Reports(int(value))),
        ),
        "vanishing": Option(
            "P",
            "such a share of riders vanishes in mid-route",
            lambda world, value: replace(world, vanishing=Vanishing(float(value))),
        ),
        "rain": Option(
            "HOURS",
            "rain at the busiest time: 30 % less speed, 60 % more orders",
            lambda world, value: replace(world, rain=Rain(float(value))),
            usual="1",
        ),
    }
)
"""Every part by its name on a command line."""


def parse_world(words: Sequence[str]) -> World:
    """The world of parts such as ``declines=0.3`` or ``rain``. Raises InvalidInputError listing all that is wrong."""
    world, issues, seen = AS_TOLD, list[Issue](), set[str]()
    for word in words:
        name, _, value = word.partition("=")
        option = OPTIONS.get(name)
        if option is None:
            issues.append(Issue("unknown_world", f"there is no world {name!r}", f"Use one of: {', '.join(OPTIONS)}."))
            continue
        example = f"{name}={option.takes}"
        if name in seen:
            issues.append(Issue("duplicate_id", f"{name} is given more than once", "Give it once.", field=name))
        seen.add(name)
        try:
            world = option.put(world, value or option.usual)
        except ValueError as error:
            cause = f"{name} needs a value" if not value else f"{word}: {error}"
            issues.append(Issue("out_of_range", cause, f"Write {example}.", field=name))
    if issues:
        raise InvalidInputError("world", issues)
    return world


def options_help() -> str:
    """The parts for a page of help, by commas."""
    return "; ".join(f"{name}={option.takes}: {option.what}" for name, option in OPTIONS.items())

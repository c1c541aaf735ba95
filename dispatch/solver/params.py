"""Knobs of the solver: one frozen value a run, stored with every decision."""

from __future__ import annotations

from dataclasses import dataclass, field

from dispatch.solver.bundles import BundleParams
from dispatch.solver.costs import Weights
from dispatch.solver.match import MATCHERS
from dispatch.solver.rules import Rules
from dispatch.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParams:
    """How long and how widely is searched.

    matcher: 'own', 'flow' (OR-Tools) or 'sparse' (scipy). candidates: riders looked at for each order at first.
    turns: of showing orders riders by price when more of them wait than there are candidates; 0 for the nearest only.
    They need the matcher 'own'.
    replan: take up every open order anew at each tick, not only those without a rider.
    passes: of local search over all movable orders. exchanges: whether two orders may change riders.
    neighbours: riders tried for each order in local search. ruins: most rounds of ruin and recreate, ruin_size: orders
    taken out in each, ruin_heat_s: seconds of a customer's waiting that a round may at first make the plan dearer.
    horizon_s: orders ready later than this from now wait. most_work: how much the search may do, counted in routes
    tried; -1: until nothing more is found. A dispatcher with a budget notes here what was done.
    """

    matcher: str = "own"
    candidates: int = 20
    turns: int = 3
    replan: bool = False
    passes: int = 4
    exchanges: bool = True
    neighbours: int = 12
    ruins: int = 0
    ruin_size: int = 6
    ruin_heat_s: Seconds = 150
    horizon_s: Seconds = 2400
    most_work: int = -1

    def __post_init__(self) -> None:
        if min(self.candidates, self.neighbours, self.ruin_size) < 1:
            raise ValueError("candidates, neighbours and ruin_size must be at least 1")
        if min(self.turns, self.passes, self.ruins, self.ruin_heat_s, self.horizon_s) < 0:
            raise ValueError("turns, passes, ruins, ruin_heat_s and horizon_s must not be negative")
        if self.most_work < -1:
            raise ValueError("most_work must not be negative, but for -1")
        if self.matcher not in MATCHERS:
            raise ValueError(f"matcher must be one of {', '.join(MATCHERS)}, not {self.matcher!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Prices of not giving an order to anybody, in seconds of that customer's waiting.

    not_yet_s: of leaving it for a later tick, on top of what the best rider imaginable would cost. nobody_s: of never.
    An order may wait only while ``not_yet`` is the cheaper, and for at most ``patience_s`` after it was placed.
    """

    not_yet_s: Seconds = 3600
    nobody_s: Seconds = 7200
    patience_s: Seconds = 2400

    def __post_init__(self) -> None:
        if not 0 <= self.not_yet_s <= self.nobody_s or self.patience_s < 0:
            raise ValueError("prices must satisfy 0 <= not_yet_s <= nobody_s, and patience_s must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """A policy: version, hard rules, weights and search. ``dispatch.solver.policy`` loads it from TOML."""

    version: str = "default-1"
    rules: Rules = field(default_factory=Rules)
    weights: Weights = field(default_factory=Weights)
    bundles: BundleParams = field(default_factory=BundleParams)
    options: Options = field(default_factory=Options)
    search: SearchParams = field(default_factory=SearchParams)

    def __post_init__(self) -> None:
        negative = [name for name, weight in self.weights._asdict().items() if weight < 0]
        if negative or self.weights.lateness_scale_s < 1:
            names = ", ".join(negative) or "lateness_scale_s"
            raise ValueError(f"weights must not be negative, and lateness_scale_s at least 1: {names}")

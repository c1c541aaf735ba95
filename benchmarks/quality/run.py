"""Runs settings in a few processes, and turns what comes out into rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import Final

from benchmarks.quality.bound import bound_min
from benchmarks.quality.pay import cost_an_order
from benchmarks.quality.protocols import (
    CLICK_TO_DOOR,
    COST_AN_ORDER,
    DELIVERED_SHARE,
    TICK_P99,
    UNDELIVERED,
    UNDELIVERED_SHARE,
    Scope,
    Setting,
    Targets,
)
from benchmarks.rows import Row
from dispatch.errors import DispatchError
from dispatch.geo.travel import PlanarTravel
from dispatch.service.warm import warm_up_all
from simulations.comparison.runs import RunFailedError
from simulations.metrics import Metrics, measure
from simulations.policies import contender
from simulations.readers import load_instance
from simulations.readers.grubhub_solution import write_solution
from simulations.runner import Simulation

Done = Callable[[Setting], None]
"""Told each time that a setting has been run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How settings are run: the policy, whether the checker judges every plan, and where Grubhub solutions go."""

    policy: str = "dispatch"
    checked: bool = False
    solutions: Path | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Figures of a run, the CPU seconds that it took from the first event to the last, and what nobody could beat.

    cost_an_order: dollars, of Grubhub instances.
    """

    metrics: Metrics
    cpu_s: float
    bound_min: float | None = None
    cost_an_order: float | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A DispatchError on its way out of another process: those cannot be sent."""

    cause: str
    action: str


UNITS: Final[Mapping[str, str]] = {
    "orders": "orders",
    UNDELIVERED: "orders",
    UNDELIVERED_SHARE: "%",
    DELIVERED_SHARE: "%",
    CLICK_TO_DOOR: "min",
    "click_to_door bound": "min",
    "click_to_door p90": "min",
    "ready_to_pickup mean": "min",
    "penalised mean": "min",
    COST_AN_ORDER: "$",
    "CPU time": "s",
    "tick p50": "ms CPU",
    TICK_P99: "ms CPU",
}
"""The metrics of a row, and their units. Undelivered: cancelled ones and those given up, too."""


def run_all(settings: Sequence[Setting], manner: Manner, workers: int, done: Done) -> list[Result]:
    """Run each setting; results come in the order of ``settings``, whichever process was quicker.

    Raises RunFailedError for what is wrong with an instance, the policy, or a plan that the checker refuses.
    """
    if workers <= 1:
        _warm_up()
        return [_told(setting, attempt(setting, manner), done) for setting in settings]
    found: dict[int, Result] = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_warm_up) as pool:
        numbers = {pool.submit(attempt, setting, manner): number for number, setting in enumerate(settings)}
        try:
            for future in as_completed(numbers):
                number = numbers[future]
                found[number] = _told(settings[number], future.result(), done)
        finally:
            pool.shutdown(cancel_futures=True)
    return [found[number] for number in range(len(settings))]


def _told(setting: Setting, result: Result | Refusal, done: Done) -> Result:
    if isinstance(result, Refusal):
        raise RunFailedError(f"The run of {setting.name} was refused: {result.cause}", result.action)
    done(setting)
    return result


def _warm_up() -> None:
    """Compile, or load what was compiled, so that no run pays for it."""
    warm_up_all(("default", "grubhub", "colombia"))


def attempt(setting: Setting, manner: Manner) -> Result | Refusal:
    """Play one setting, in whatever process this is."""
    try:
        return run(setting, manner)
    except DispatchError as error:
        return Refusal(error.cause, error.action)


def run(setting: Setting, manner: Manner) -> Result:
    """Play one setting. Raises DispatchError for what is wrong with its instance, the policy or a plan."""
    instance = load_instance(setting.path, thin=setting.thin)
    chosen = contender(manner.policy, instance.rules.policy)
    simulation = Simulation(
        instance,
        chosen.policy,
        chosen.solver,
        seed=setting.seed,
        world=setting.world,
        checked=manner.checked,
    )
    began = time.process_time()
    outcome = simulation.run()
    cpu_s = time.process_time() - began
    if manner.solutions is not None and isinstance(instance.travel, PlanarTravel):
        folder = manner.solutions / setting.path.name
        folder.mkdir(parents=True, exist_ok=True)
        write_solution(folder, instance, outcome.events)
    cost = cost_an_order(instance, outcome.events) if isinstance(instance.travel, PlanarTravel) else None
    return Result(measure(outcome), cpu_s, bound_min(instance), cost)


def figures(result: Result) -> dict[str, float]:
    """The metrics of UNITS that the run has; there are no means where nothing was delivered."""
    metrics = result.metrics
    found = {
        "orders": metrics.orders,
        UNDELIVERED: metrics.orders - metrics.delivered,
        UNDELIVERED_SHARE: 100 * (1 - metrics.delivered / metrics.orders) if metrics.orders else None,
        DELIVERED_SHARE: 100 * metrics.delivered / metrics.orders if metrics.orders else None,
        CLICK_TO_DOOR: metrics.click_to_door_mean_min,
        "click_to_door bound": result.bound_min,
        "click_to_door p90": metrics.click_to_door_p90_min,
        "ready_to_pickup mean": metrics.ready_to_pickup_mean_min,
        "penalised mean": metrics.penalised_mean_min,
        COST_AN_ORDER: result.cost_an_order,
        "CPU time": result.cpu_s,
        "tick p50": metrics.tick_cpu_p50_ms,
        TICK_P99: metrics.tick_cpu_p99_ms,
    }
    return {name: float(value) for name, value in found.items() if value is not None}


def means(results: Sequence[Result]) -> dict[str, float]:
    """The figures of a scope: numbers of orders and CPU time added up, every other one a mean over its runs."""
    every = [figures(result) for result in results]
    orders, undelivered = (sum(each[name] for each in every) for name in ("orders", UNDELIVERED))
    found = {}
    for name in UNITS:
        values = [each[name] for each in every if name in each]
        if values:
            found[name] = sum(values) if name in ("orders", UNDELIVERED, "CPU time") else mean(values)
    if orders:
        found[DELIVERED_SHARE] = 100 * (orders - undelivered) / orders
        found[UNDELIVERED_SHARE] = 100 * undelivered / orders
    return found


def rows_of(scope: Scope, results: Mapping[Setting, Result], command: str) -> list[Row]:
    """Rows of the scope's means, then of each of its runs."""
    rows = _rows(scope.name, means([results[setting] for setting in scope.settings]), scope.targets, command)
    for setting in scope.settings:
        targets = scope.run_targets.get(setting, {})
        rows += _rows(f"{scope.name}: {setting.name}", figures(results[setting]), targets, command)
    return rows


def _rows(scope: str, values: Mapping[str, float], targets: Targets, command: str) -> list[Row]:
    return [
        Row(scope=scope, metric=name, value=value, target=targets.get(name), unit=UNITS[name], command=command)
        for name, value in values.items()
    ]

"""How plans hold up where the world is not kind: worlds x policies on the built-in day, the same chances for all.

Needs no data from elsewhere. Differences to the first policy come with 95 % intervals: over the seeds, pair by pair, or
where seeds change nothing, from drawing the orders of the day anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from types import MappingProxyType
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.quality.data import REPOSITORY
from benchmarks.rows import Row
from dispatch.errors import DispatchError
from simulations.comparison import Difference, Job, Run, run_all
from simulations.comparison.paired import arrays_of, over_orders, over_runs
from simulations.worlds import AS_TOLD, World, parse_world

DAY: Final = REPOSITORY / "data" / "synthetic"
SEEDS: Final = 8
DELIVERED: Final = "delivered"
OTHERS: Final = ("nearest", "window")
"""What the policy is compared with."""

WORLDS: Final[Mapping[str, World]] = MappingProxyType(
    {
        "as told": AS_TOLD,
        "declines 10-40 %": parse_world(["declines=0.1-0.4"]),
        "late kitchens": parse_world(["late-kitchens=0.4", "kitchen-habits=0.3"]),
        "positions 60 s old": parse_world(["positions=60"]),
        "10 % vanish": parse_world(["vanishing=0.1"]),
        "an hour of rain": parse_world(["rain"]),
        "all of it": parse_world(
            ["declines=0.1-0.4", "late-kitchens=0.4", "kitchen-habits=0.3", "positions=60", "vanishing=0.1", "rain"]
        ),
    }
)

UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {DELIVERED: "%", "click_to_door mean": "min", "click_to_door p90": "min", "penalised mean": "min"}
)
"""The figures of a run, and their units."""

STATISTIC: Final[Mapping[str, str]] = MappingProxyType(
    {
        DELIVERED: "delivered",
        "click_to_door mean": "click_to_door_mean_min",
        "click_to_door p90": "click_to_door_p90_min",
        "penalised mean": "penalised_mean_min",
    }
)
"""The same as a comparison of the orders of two runs names them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One policy in one world: means over the seeds, and differences to the first policy (None for itself)."""

    world: str
    policy: str
    means: Mapping[str, float]
    differences: Mapping[str, Difference | None]


def measure_robustness(
    policies: Sequence[str],
    workers: int,
    *,
    worlds: Mapping[str, World] = WORLDS,
    day: Path = DAY,
    seeds: int = SEEDS,
) -> list[Line]:
    """Play every policy in every world with every seed. Raises RunFailedError."""
    jobs = [
        Job(path=day, policy=policy, seed=seed, world=world, checked=False)
        for world in worlds.values()
        # Where nothing is left to chance but customers, one seed tells as much as many.
        for seed in range(seeds if world.by_chance else 1)
        for policy in policies
    ]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("robust", total=len(jobs))
        runs = run_all(jobs, workers, lambda: progress.advance(task))
    return list(_lines(list(zip(jobs, runs, strict=True)), worlds, len(policies)))


def _lines(done: Sequence[tuple[Job, Run]], worlds: Mapping[str, World], policies: int) -> Iterator[Line]:
    for name, world in worlds.items():
        here = [run for job, run in done if job.world == world]
        columns = [here[number::policies] for number in range(policies)]
        for number, column in enumerate(columns):
            means = {metric: fmean(figures(run)[metric] for run in column) for metric in UNITS}
            gaps = {metric: _gap(metric, columns[0], column) if number else None for metric in UNITS}
            yield Line(name, column[0].policy, means, gaps)


def _gap(metric: str, first: Sequence[Run], other: Sequence[Run]) -> Difference | None:
    """Seed by seed; where there is but one, the interval comes from drawing its orders anew."""
    if len(first) > 1:
        return over_runs([figures(run)[metric] for run in first], [figures(run)[metric] for run in other])
    gap = over_orders(STATISTIC[metric], arrays_of(first[0].orders), arrays_of(other[0].orders))
    if gap is None or gap.low is None or gap.high is None or metric != DELIVERED:
        return gap
    share = 100 / len(first[0].orders)
    return Difference(share * gap.mean, share * gap.low, share * gap.high)


def figures(run: Run) -> dict[str, float]:
    """The metrics of UNITS of one run. Raises RobustnessError where nothing was delivered."""
    metrics = run.metrics
    mean, p90, penalised = (
        metrics.click_to_door_mean_min,
        metrics.click_to_door_p90_min,
        metrics.penalised_mean_min,
    )
    if mean is None or p90 is None or penalised is None:
        raise RobustnessError(f"{run.policy} delivered nothing with seed {run.seed}.", "Look at that run alone.")
    return {
        DELIVERED: 100 * metrics.delivered / metrics.orders,
        "click_to_door mean": mean,
        "click_to_door p90": p90,
        "penalised mean": penalised,
    }


class RobustnessError(DispatchError):
    """A world in which a policy delivers nothing has no table."""

    code = "nothing_delivered"


def robust_rows(lines: Sequence[Line], command: str) -> list[Row]:
    """A row for each mean, each difference to the first policy, and each end of its interval."""
    rows = []
    for line in lines:
        for metric, unit in UNITS.items():
            values: dict[str, float | None] = {"": line.means[metric]}
            gap = line.differences[metric]
            if gap is not None:
                values |= {", difference": gap.mean, ", difference low": gap.low, ", difference high": gap.high}
            rows += [
                Row(
                    scope=f"robust: {line.world}",
                    metric=f"{line.policy}: {metric}{what}",
                    value=value,
                    unit=unit,
                    command=command,
                )
                for what, value in values.items()
                if value is not None
            ]
    return rows


def robust_table(lines: Sequence[Line]) -> Table:
    """Worlds and policies, each with its figures and the differences to the first policy below them."""
    table = Table("world", "policy", title=f"robust: differences to {lines[0].policy} with 95 % intervals")
    for metric, unit in UNITS.items():
        table.add_column(f"{metric}\n{unit}", justify="right", no_wrap=True)
    for before, line in zip((None, *lines[:-1]), lines, strict=True):
        first = before is None or before.world != line.world
        if first and before is not None:
            table.add_section()
        cells = (cell(line, metric) for metric in UNITS)
        table.add_row(line.world if first else "", line.policy, *cells)
    return table


def cell(line: Line, metric: str, between: str = "\n") -> str:
    """A mean, and the difference to the first policy with its interval."""
    gap, text = line.differences[metric], f"{line.means[metric]:.1f}"
    if gap is None:
        return text
    interval = "" if gap.low is None or gap.high is None else f" ({gap.low:+.1f} to {gap.high:+.1f})"
    return f"{text}{between}{gap.mean:+.1f}{interval}"


def robust_markdown(lines: Sequence[Line]) -> str:
    """The same table in Markdown, for the page on benchmarks."""
    heads = ["world", "policy", *(f"{metric}, {unit}" for metric, unit in UNITS.items())]
    rows = [[line.world, line.policy, *(cell(line, metric, " ") for metric in UNITS)] for line in lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))

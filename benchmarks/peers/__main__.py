"""`python -m benchmarks.peers`: the product beside other solvers on the same problems, in one run.

Matchers are compared in CPU time, in turns, on the same pairs at the same prices, and must find the same total. Routers
are compared in equal wall time on the same static problems; an independent checker judges their routes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from benchmarks.peers.matching import (
    Limits,
    Matched,
    all_matchers,
    compare_matchers,
    foresee,
    instances,
    matching_rows,
)
from benchmarks.peers.outcome import Outcome, Task
from benchmarks.peers.routing import compare_routers, routing_rows
from benchmarks.peers.tables import matching_table, routing_table
from benchmarks.rows import Row, write_rows
from benchmarks.speed import scope_of
from dispatch.engine.policy import load_policy

Size = tuple[int, int]

MATCHING: Final = "matching"
ROUTING: Final = "routing"
SIZES: Final[dict[str, tuple[Size, ...]]] = {
    MATCHING: ((200, 300), (1000, 1500), (5000, 7500)),
    ROUTING: ((50, 30), (200, 120), (1000, 1500)),
}
POLICIES: Final = {MATCHING: "default", ROUTING: "colombia"}
BUDGETS_S: Final = (2.0, 10.0)
OUT: Final = Path("build/peers.json")
WIDTH: Final = 200
"""Of the tables, whatever the screen is: a page shall take them over."""


@click.command()
@click.option("--part", "parts", multiple=True, type=click.Choice((MATCHING, ROUTING)), help="Default: both.")
@click.option("--size", "sizes", nargs=2, type=click.IntRange(1), multiple=True, metavar="ORDERS RIDERS",
              help="Waiting orders and riders; may be given again.")  # fmt: skip
@click.option("--seconds", "budgets_s", multiple=True, type=click.FloatRange(0.001),
              help="Wall time for each router; may be given again. Default: 2 and 10.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, help="Of the static problems.")
@click.option("--patience-s", default=60.0, show_default=True, help="A longer run is left out, or ended.")
@click.option("--out", default=OUT, show_default=True, type=click.Path(path_type=Path, dir_okay=False))
def main(
    parts: tuple[str, ...],
    sizes: tuple[Size, ...],
    budgets_s: tuple[float, ...],
    seed: int,
    patience_s: float,
    out: Path,
) -> None:
    """Measure other solvers beside the product's."""
    rows: list[Row] = []
    tables: list[Table] = []
    for part in parts or (MATCHING, ROUTING):
        wanted = sizes or SIZES[part]
        if part == MATCHING:
            tables.append(_matching(wanted, patience_s, rows))
        else:
            task = Task(orders=0, riders=0, seed=seed, policy=POLICIES[ROUTING], seconds=0.0, patience_s=patience_s)
            tables.append(_routing(wanted, task, budgets_s or BUDGETS_S, rows))
    write_rows(out, rows)
    for table in tables:
        Console(width=WIDTH).print(table)
    print(f"Matching in CPU time of one process, routing in wall time; rows in {out}")


def _tell(*what: str) -> None:
    click.echo(": ".join(what), err=True)


def _matching(sizes: Sequence[Size], patience_s: float, rows: list[Row]) -> Table:
    """All matchers at all sizes; what a size takes is foreseen from the one before."""
    params = load_policy(POLICIES[MATCHING]).params
    results: list[tuple[str, Sequence[Matched]]] = []
    last: dict[str, tuple[Size, list[Matched]]] = {}
    for size in sizes:
        for name, pairs in instances(size, params):
            scope = f"{scope_of(size)}, {name}"
            before, told = last.get(name, ((1, 1), []))
            now = (len(pairs.out), len(pairs.row))
            found = compare_matchers(
                pairs,
                all_matchers(params.search.matcher),
                foresee(told, before, now),
                Limits(patience_s=patience_s),
                partial(_tell, scope),
            )
            last[name] = (now, found)
            results.append((scope, found))
            rows += matching_rows(scope, found, size)
    return matching_table(results)


def _routing(sizes: Sequence[Size], task: Task, budgets_s: Sequence[float], rows: list[Row]) -> Table:
    """All routers at all sizes and budgets."""
    results: list[tuple[str, Sequence[Outcome]]] = []
    for orders, riders in sizes:
        sized = replace(task, orders=orders, riders=riders)
        for scope, outcomes in compare_routers(sized, budgets_s, _tell):
            results.append((scope, outcomes))
            rows += routing_rows(scope, outcomes, (orders, riders))
    return routing_table(results)


if __name__ == "__main__":
    main()

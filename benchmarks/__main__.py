"""`python -m benchmarks`: the phases of a tick, the product's beside the usual stack's, in one process and in turns.

Everything is CPU time of this process, so that other work on the machine matters little; compilation is done before
anything is measured. Compare ratios, not milliseconds: machines differ.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.assignment import growth_rows, measure_assignment
from benchmarks.budget import budget_rows
from benchmarks.explanation import measure_explanation
from benchmarks.memory import measure_memory
from benchmarks.rows import Row, number, target_table, write_rows
from benchmarks.speed import TRIAL, Limits, measure, scope_of, trial_tick_s
from benchmarks.speed_tables import markdown
from dispatch.engine.policy import load_policy

SIZES: Final = ((1000, 1500), (5000, 7500))
LARGE: Final = ((10000, 15000), (20000, 30000))
"""Sizes of which only assignment and memory are measured, unless sizes are named."""

OUT: Final = Path("build/bench.json")


@click.command()
@click.option("--size", "sizes", nargs=2, type=click.IntRange(1), multiple=True, metavar="ORDERS RIDERS",
              help="Waiting orders and riders; may be given again. Default: 1000 1500 and 5000 7500.")  # fmt: skip
@click.option("--policy", "policy_name", default="default", show_default=True, help="A policy's name or file.")
@click.option("--budget-s", default=Limits().budget_s, show_default=True, help="CPU seconds for the rounds of a phase.")
@click.option("--patience-s", default=Limits().patience_s, show_default=True, help="A longer tick is left out.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the tables of docs/benchmarks.md.")
@click.option("--out", default=OUT, show_default=True, type=click.Path(path_type=Path, dir_okay=False))
def main(
    sizes: tuple[tuple[int, int], ...], policy_name: str, budget_s: float, patience_s: float, as_markdown: bool,
    out: Path,
) -> None:  # fmt: skip
    """Measure the phases of a tick beside the usual stack."""
    params = load_policy(policy_name).params
    limits = Limits(budget_s, patience_s)
    wanted, large = sizes or SIZES, () if sizes else LARGE
    rows: list[Row] = []
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    # A bar that redraws itself would do so on the clock of what is measured.
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False, transient=True) as progress:
        task = progress.add_task("compiling", total=1 + len(wanted) + len(large) + (not sizes))

        def tell(what: str) -> None:
            progress.update(task, description=what, refresh=True)

        tell("compiling (a minute when nothing is kept from before)")
        trial_s = trial_tick_s(params)
        measure_assignment(TRIAL, params, 0.0, tell)
        for size in wanted:
            progress.advance(task)
            rows += measure(size, params, trial_s, limits, tell)
            rows += measure_assignment(size, params, limits.budget_s, tell)
            rows += measure_explanation(size, params, limits.budget_s, tell)
        for size in large:
            progress.advance(task)
            rows += measure_assignment(size, params, limits.budget_s, tell)
        rows += measure_memory((*wanted, *large)[-1], params, tell)
        if not sizes:
            progress.advance(task)
            rows += budget_rows(tell)
    rows += growth_rows(rows)
    write_rows(out, rows)
    if as_markdown:
        print(markdown(rows))
        return
    for size in (*wanted, *large):
        Console().print(speed_table(scope_of(size), rows))
    Console().print(target_table(rows))
    print(f"CPU time of one process, medians of interleaved rounds, compilation excluded; rows in {out}")


def speed_table(scope: str, rows: list[Row]) -> Table:
    """The rows of one size."""
    table = Table("metric", title=f"{scope} (waiting orders x riders)")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for row in rows:
        if row.scope == scope:
            table.add_row(row.metric, number(row.value), row.unit)
    return table


if __name__ == "__main__":
    main()

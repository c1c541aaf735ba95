"""`python -m benchmarks.quality`: fixed instances and seeds, played through the model, the engine and the solver.

Without options: the base and the small Grubhub instances, and two days of Colombia with one rider in eight. The world
is the same for every policy and on every machine; only CPU times differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.quality.data import data_folder
from benchmarks.quality.protocols import SCOPES, UNDELIVERED_SHARE, USUAL, Scope, Setting
from benchmarks.quality.robust import OTHERS, measure_robustness, robust_markdown, robust_rows, robust_table
from benchmarks.quality.run import UNITS, Manner, Result, figures, means, rows_of, run_all
from benchmarks.rows import Row, target_table, write_rows
from dispatch.errors import DispatchError

WIDTH: Final = 130
ROBUST: Final = "robust"
"""The scope that needs no data from elsewhere."""
OUT: Final = Path("build/quality.json")


@click.command()
@click.option("--scope", "names", type=click.Choice([*SCOPES, ROBUST]), multiple=True, help="May be given again.")
@click.option("--all", "everything", is_flag=True, help="Every scope there is: hours.")
@click.option("--policy", default="dispatch", show_default=True, help="nearest, window, a policy's name or file.")
@click.option("--also", multiple=True, help="One more policy in the robust table; may be given again.")
@click.option("--markdown", is_flag=True, help="Print the robust table as Markdown as well.")
@click.option("--check", is_flag=True, help="Judge every plan of every tick by the independent checker.")
@click.option("--solutions", type=click.Path(path_type=Path, file_okay=False), help="Write Grubhub solutions there.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Processes.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=OUT, show_default=True)
def main(
    names: tuple[str, ...],
    everything: bool,
    policy: str,
    also: tuple[str, ...],
    markdown: bool,
    check: bool,
    solutions: Path | None,
    workers: int,
    out: Path,
) -> None:
    """Measure the quality of plans."""
    every = (*SCOPES, ROBUST) if everything else names or USUAL
    wanted = tuple(name for name in dict.fromkeys(every) if name != ROBUST)
    manner = Manner(policy=policy, checked=check, solutions=solutions)
    try:
        data = data_folder() if wanted else Path()
        scopes = [SCOPES[name](data) for name in wanted]
        results = play(scopes, manner, workers)
        lines = measure_robustness((policy, *also, *OTHERS), workers) if ROBUST in every else []
    except DispatchError as error:
        raise click.ClickException(str(error)) from error
    rows: list[Row] = []
    for name, scope in zip(wanted, scopes, strict=True):
        rows += rows_of(scope, results, command_of(name, manner))
    write_rows(out, [*rows, *robust_rows(lines, command_of(ROBUST, manner))])
    console = Console(width=max(WIDTH, Console().width))  # a table without its last columns says nothing
    for scope in scopes:
        console.print(scope_table(scope, results))
    if scopes:
        console.print(target_table(rows))
    if lines:
        console.print(robust_table(lines))
    if lines and markdown:
        print(robust_markdown(lines))
    print(f"undelivered: cancelled ones, too; penalised: not delivered counts as 90 min; rows in {out}")


def command_of(scope: str, manner: Manner) -> str:
    """The command that makes the figures of one scope again."""
    policy = "" if manner.policy == Manner().policy else f" --policy {manner.policy}"
    return f"python -m benchmarks.quality --scope {scope}{policy}"


def play(scopes: Sequence[Scope], manner: Manner, workers: int) -> dict[Setting, Result]:
    """Run every setting of the scopes once, the longest first so that no process waits for another at the end."""
    settings = sorted({setting for scope in scopes for setting in scope.settings}, key=_size, reverse=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("compiling and starting", total=len(settings))

        def done(setting: Setting) -> None:
            progress.update(task, advance=1, description=f"done: {setting.name}")

        return dict(zip(settings, run_all(settings, manner, workers, done), strict=True))


def _size(setting: Setting) -> tuple[int, str]:
    """Roughly how long the setting takes: bytes of its files."""
    return sum(path.stat().st_size for path in setting.path.iterdir()), setting.name


SHOWN: Final = {name: unit for name, unit in UNITS.items() if name != UNDELIVERED_SHARE}
"""What tables show: the share that was delivered says the other one."""


def scope_table(scope: Scope, results: Mapping[Setting, Result]) -> Table:
    """The runs of a scope, and their means in the last line."""
    table = Table("", title=scope.name)
    for name, unit in SHOWN.items():
        first, _, rest = name.partition(" ")
        below = rest if unit == "orders" else f"{rest} {unit}"
        table.add_column(f"{first}\n{below}", justify="right", no_wrap=True)
    for setting in scope.settings:
        _add(table, setting.name, figures(results[setting]))
    table.add_section()
    _add(table, "all", means([results[setting] for setting in scope.settings]))
    return table


def _add(table: Table, name: str, values: Mapping[str, float]) -> None:
    cells = (_cell(values[metric], unit) if metric in values else "-" for metric, unit in SHOWN.items())
    table.add_row(name, *cells)


def _cell(value: float, unit: str) -> str:
    return f"{value:,.0f}" if unit == "orders" else f"{value:,.2f}"


if __name__ == "__main__":
    main()

"""What commands print on standard output for people."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from simulations.comparison import Comparison, Difference
from simulations.metrics import Metrics
from simulations.metrics.wording import BLOCKS, WORDINGS, Wording
from simulations.report.comparison import gap_text, verdict
from simulations.simulate import Answer, Request

WIDE: Final = 200
"""Columns of a table in a file or pipe."""


def console() -> Console:
    """Standard output as it is now. Texts are printed as they are, and lines are long where it is no terminal."""
    width = None if sys.stdout.isatty() else WIDE
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, soft_wrap=width is not None)


def print_answer(request: Request, answer: Answer) -> None:
    """The figures of a run, and where its files are."""
    out, instance = console(), answer.outcome.instance
    thin = f", one rider in {request.thin}" if request.thin > 1 else ""
    world = "".join(f", {words}" for words in request.world.words())
    title = f"{instance.name}{thin}: policy {answer.contender.policy.name}, seed {request.seed}{world}"
    out.print(f"{title}\n", style="bold")
    out.print(metrics_table(answer.measured.metrics))
    if instance.warnings:
        out.print(f"\nOddities of the instance that were let in: {len(instance.warnings)}. {instance.warnings[0]}")
    _print_files(out, answer.files)


def metrics_table(metrics: Metrics) -> Table:
    """The figures of one run, one a line."""
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column()
    table.add_column(justify="right", style="bold")
    for wording in WORDINGS:
        if wording.name in BLOCKS[1:]:
            table.add_row()
        table.add_row(wording.label, wording.text(getattr(metrics, wording.name)))
    return table


def print_comparison(found: Comparison, files: dict[str, Path]) -> None:
    """Policies side by side, and where the files are."""
    out = console()
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column()
    for policy in found.policies:
        table.add_column(policy, justify="right")
    for row in found.rows:
        if row.wording.name in BLOCKS[1:]:
            table.add_row()
        cells = (_cell(row.wording, *both) for both in zip(row.means, row.differences, strict=True))
        table.add_row(row.wording.label, *cells)
    out.print(table)
    out.print()
    for line in (f"Below the means: differences to {found.policies[0]}. {found.how}.", *found.notes):
        out.print(line, soft_wrap=False)
    _print_files(out, files)


def _cell(wording: Wording, mean: float | None, difference: Difference | None) -> Text:
    cell = Text(wording.text(mean))
    if difference is not None:
        colour = {"good": "green", "bad": "red", "": "dim"}[verdict(wording, difference)]
        cell.append("\n" + gap_text(wording, difference), style=colour)
    return cell


def _print_files(out: Console, files: dict[str, Path]) -> None:
    if files:
        out.print()
    for what, path in files.items():
        out.print(f"{what.replace('_', ' '):<16} {path}", soft_wrap=True)

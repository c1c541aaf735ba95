"""What commands print on standard output for people."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from simulations.metrics import Metrics
from simulations.metrics.wording import BLOCKS, WORDINGS
from simulations.simulate import Answer, Request


def console() -> Console:
    """Standard output as it is now; lines are not broken where it is no terminal."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def print_answer(request: Request, answer: Answer) -> None:
    """The figures of a run, and where its files are."""
    out, instance = console(), answer.outcome.instance
    thin = f", every {request.thin}th rider" if request.thin > 1 else ""
    title = f"{instance.name}{thin}: policy {answer.contender.policy.name}, seed {request.seed}"
    out.print(f"[bold]{title}[/bold]\n")
    out.print(metrics_table(answer.measured.metrics))
    if instance.warnings:
        out.print(f"\n{len(instance.warnings)} oddities of the instance were let in, such as: {instance.warnings[0]}")
    if answer.files:
        out.print()
    for what, path in answer.files.items():
        out.print(f"{what.replace('_', ' '):<16} {path}", soft_wrap=True)


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

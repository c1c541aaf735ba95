"""How far a run is, on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dispatch.units import Instant
from simulations.instance import Instance
from simulations.runner import Progress as Told


@contextmanager
def progress_bar(instance: Instance, *, shown: bool) -> Iterator[Told]:
    """A bar of orders that are over, with the simulated time; what it yields is told how far the run is."""
    zone = ZoneInfo(instance.timezone)
    columns = (
        TextColumn("{task.fields[clock]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("orders over"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as bar:
        row = bar.add_task("run", total=len(instance.orders), clock="starting")

        def told(now: Instant, over: int) -> None:
            bar.update(row, completed=over, clock=datetime.fromtimestamp(now, zone).strftime("%a %H:%M"))

        yield told

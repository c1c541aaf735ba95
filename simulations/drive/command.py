"""`dispatch drive`: let robots play a day against a running service."""

from __future__ import annotations

import os
from pathlib import Path

import click

KEY = "ROBOTS_KEY"


@click.command()
@click.argument("url")
@click.argument("instance", type=click.Path(path_type=Path), default=Path("data/synthetic"))
@click.option("--market", help="Market to drive; needed where there are several.")
@click.option("--skip", metavar="HOURS", type=float, default=4.0, show_default=True, help="Begin so late in the day.")
@click.option("--thin", metavar="N", type=click.IntRange(min=1), default=1, help="Keep every N-th rider.")
@click.option("--again/--once", default=True, show_default=True, help="Begin anew when the day is over.")
def drive(url: str, instance: Path, market: str | None, skip: float, thin: int, again: bool) -> None:
    """Play the day in the folder INSTANCE against the service at URL, at the speed of its clock.

    Merchants and riders are made there, orders are placed when they were, riders pull their tasks and ride. The
    environment variable ROBOTS_KEY holds a key of the service that may do all of that.
    """
    # Late, because readers take a second to load, and `dispatch --help` should not.
    from simulations.drive.day import play  # noqa: PLC0415

    key = os.environ.get(KEY)
    if not key:
        raise click.UsageError(f"Set {KEY} to a key of the service.")
    play(url, key, instance, market=market, skip_s=int(skip * 3600), thin=thin, again=again)

"""`dispatch drive`: let robots play a day against a running service."""

from __future__ import annotations

import os
from pathlib import Path

import click

KEY = "ROBOTS_KEY"


@click.command()
@click.argument("url")
@click.argument("instance", type=click.Path(path_type=Path), required=False)
@click.option("--market", help="Market to drive; needed where there are several.")
@click.option("--skip", metavar="HOURS", type=float, default=4.5, show_default=True, help="Begin so late in the day.")
@click.option("--thin", metavar="N", type=click.IntRange(min=1), default=1, help="Keep every N-th rider.")
@click.option("--again/--once", default=True, show_default=True, help="Begin anew when the day is over.")
def drive(url: str, instance: Path | None, market: str | None, skip: float, thin: int, again: bool) -> None:
    """Play the day in the folder INSTANCE, or the built-in one, against the service at URL, at its clock's speed.

    Merchants and riders are made there, orders are placed when they were, riders pull their tasks and ride. The
    environment variable ROBOTS_KEY holds a key of the service that may do all of that.
    """
    # Late, because readers take a second to load, and `dispatch --help` should not.
    from simulations.drive.day import play  # noqa: PLC0415

    key = os.environ.get(KEY)
    if not key:
        raise click.UsageError(f"Set {KEY} to a key of the service.")
    play(url, key, instance or built_in_day(), market=market, skip_s=int(skip * 3600), thin=thin, again=again)


def built_in_day() -> Path:
    """The folder of the day that comes with the package: in a checkout beside it, in what is installed within it."""
    package = Path(__file__).parents[1]
    beside = package.parent / "data" / "synthetic"
    return beside if beside.exists() else package / "data" / "synthetic"

"""The commands `dispatch simulate` and `dispatch compare`; what they need is loaded when they run."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dispatch.cli import json_option

INSTANCE = click.Path(path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(short_help="Play one day under one policy.")
@click.argument("instance", type=INSTANCE)
@click.option("--policy", metavar="NAME|FILE", help="A policy by name or TOML file, or nearest, or window.")
@click.option("--thin", type=click.IntRange(min=1), default=1, show_default=True, help="Keep every N-th rider.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of everything random.")
@click.option("--out", type=FOLDER, help="Write report, figures, orders and events into this folder.")
@click.option("--grubhub-solution", type=FOLDER, help="Write the solution files of a Grubhub instance there.")
@click.option("--check/--no-check", default=True, show_default=True, help="Judge every plan by the checker.")
@click.option(
    "--records/--no-records", default=False, help="Keep every decision in OUT/records, for `dispatch explain`."
)
@json_option
def simulate(
    instance: Path,
    policy: str | None,
    thin: int,
    seed: int,
    out: Path | None,
    grubhub_solution: Path | None,
    check: bool,
    records: bool,
    as_json: bool,
) -> None:
    """Play the day in the folder INSTANCE under one policy and say how it went.

    The policy is the one that the instance names, unless another is given: `nearest` sends the nearest rider, order by
    order, and `window` matches waiting orders and riders at each tick; both are there to compare with.

    \b
    Examples:
      dispatch simulate data/synthetic --out build/run
      dispatch simulate data/synthetic --policy nearest --seed 7
      dispatch simulate mdrplib/public_instances/0o100t100s1p100 --grubhub-solution build/solution
      dispatch simulate mdrp-sim/instances/4 --thin 8 --policy my-policy.toml --json
    """
    # Late, because planning and drawing take a second to load, and `dispatch --help` should not.
    from simulations import show  # noqa: PLC0415
    from simulations import simulate as running  # noqa: PLC0415

    if records and out is None:
        raise click.UsageError("--records needs --out, the folder to keep them in.")
    request = running.Request(
        instance=instance,
        policy=policy,
        thin=thin,
        seed=seed,
        out=out,
        grubhub_solution=grubhub_solution,
        checked=check,
        records=records,
        quiet=as_json,
    )
    answer = running.simulate(request)
    if as_json:
        click.echo(json.dumps(answer.as_json(request), indent=2))
    else:
        show.print_answer(request, answer)

"""The commands `dispatch simulate` and `dispatch compare`; what they need is loaded when they run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from dispatch.cli import json_option

INSTANCE = click.Path(path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)

THIN = click.option("--thin", metavar="N", type=click.IntRange(min=1), default=1, help="Keep every N-th rider.")
WORLD = click.option(
    "--world",
    "worlds",
    metavar="PART",
    multiple=True,
    help="Make one thing worse; may be given again for another. PART is one of the worlds below.",
)
CHECK = click.option("--check/--no-check", default=True, show_default=True, help="Judge every plan by the checker.")


@click.command(short_help="Play one day under one policy.")
@click.argument("instance", type=INSTANCE)
@click.option("--policy", metavar="NAME|FILE", help="A policy by name or TOML file, or nearest, or window.")
@THIN
@click.option(
    "--seed", metavar="N", type=click.IntRange(min=0), default=0, help="Of everything random; 0 if not given."
)
@WORLD
@click.option("--out", type=FOLDER, help="Write report, figures, orders and events into this folder.")
@click.option("--grubhub-solution", type=FOLDER, help="Write the solution files of a Grubhub instance there.")
@CHECK
@click.option(
    "--records/--no-records", default=False, help="Keep every decision in OUT/records, for `dispatch explain`."
)
@json_option
def simulate(
    instance: Path,
    policy: str | None,
    thin: int,
    seed: int,
    worlds: tuple[str, ...],
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
    Worlds (--world NAME=VALUE):
      declines=P, LOW-HIGH  riders decline offers, each by an own habit between the two
      late-kitchens=SIGMA   food is ready earlier or later than promised: spread of the logarithm, by order
      kitchen-habits=SIGMA  the same by merchant, for the whole day
      positions=SECONDS     where riders are and what they did is known so much later
      vanishing=P           such a share of riders vanishes in mid-route
      rain, rain=HOURS      rain at the busiest time: 30 % less speed, 60 % more orders

    \b
    Examples:
      dispatch simulate data/synthetic --out build/run
      dispatch simulate data/synthetic --world declines=0.1-0.4 --world rain
      dispatch simulate data/synthetic --policy nearest --seed 7
      dispatch simulate mdrplib/public_instances/0o100t100s1p100 --grubhub-solution build/solution
      dispatch simulate mdrp-sim/instances/4 --thin 8 --policy my-policy.toml --json
    """
    # Late, because planning and drawing take a second to load, and `dispatch --help` should not.
    from simulations import show  # noqa: PLC0415
    from simulations import simulate as running  # noqa: PLC0415
    from simulations.worlds import parse_world  # noqa: PLC0415

    if records and out is None:
        raise click.UsageError("--records needs --out, the folder to keep them in.")
    request = running.Request(
        instance=instance,
        policy=policy,
        thin=thin,
        seed=seed,
        world=parse_world(worlds),
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


@click.command(short_help="Compare policies on the same days and chances.")
@click.argument("instances", type=INSTANCE, nargs=-1, required=True)
@click.option(
    "--policies", default="dispatch,nearest,window", show_default=True, help="Names or TOML files, by commas."
)
@click.option(
    "--seeds", metavar="N", type=click.IntRange(min=1), default=1, help="Play each day with N seeds, from 0 on."
)
@THIN
@WORLD
@click.option(
    "--jobs", metavar="N", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="Processes; all cores."
)
@click.option("--out", type=FOLDER, help="Write page, picture, figures and runs into this folder.")
@CHECK
@json_option
def compare(
    instances: tuple[Path, ...],
    policies: str,
    seeds: int,
    thin: int,
    worlds: tuple[str, ...],
    jobs: int,
    out: Path | None,
    check: bool,
    as_json: bool,
) -> None:
    """Play several policies on the days in the folders INSTANCES and say how far each is from the first.

    All policies meet the same chances: a seed decides which customers give up, which kitchens are late and which riders
    decline, whatever the policy does. `dispatch` is the product with the policy that the instance names.

    The worlds are those of `dispatch simulate --help`.

    \b
    Examples:
      dispatch compare data/synthetic --out build/compare
      dispatch compare data/synthetic --seeds 10 --world late-kitchens=0.3 --world declines=0.1
      dispatch compare mdrp-sim/instances/4 mdrp-sim/instances/10 --thin 8 --policies default,my-policy.toml
    """
    from simulations import compare as comparing  # noqa: PLC0415 - late, as above
    from simulations import show  # noqa: PLC0415
    from simulations.worlds import parse_world  # noqa: PLC0415

    request = comparing.Request(
        instances=instances,
        policies=tuple(name for name in policies.split(",") if name),
        seeds=seeds,
        thin=thin,
        world=parse_world(worlds),
        checked=check,
        jobs=jobs,
        out=out,
        quiet=as_json,
    )
    found, files = comparing.run_comparison(request)
    if as_json:
        told = {what: str(path) for what, path in files.items()}
        click.echo(json.dumps({**found.as_json(), "files": told}, indent=2))
    else:
        show.print_comparison(found, files)

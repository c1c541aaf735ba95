"""`dispatch explain`: why a recorded plan is as it is, as a whole or for one order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from dispatch.cli import json_option


@click.command()
@click.argument("record", type=click.Path(path_type=Path))
@click.argument("order", required=False)
@click.option(
    "--tick", type=int, help="Tick to look at, where RECORD is a folder. Default: the last one with the order."
)
@click.option(
    "--riders", type=click.IntRange(min=1), default=10, show_default=True, help="Candidates of an order to show."
)
@click.option(
    "--orders",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Orders of a plan to show, of each kind.",
)
@click.option(
    "--bound",
    type=click.Choice(("quick", "slots")),
    default="quick",
    show_default=True,
    help="How a plan's lower bound is found: as in every tick, or a higher one that takes seconds.",
)
@json_option
def explain(
    record: Path, order: str | None, tick: int | None, riders: int, orders: int, bound: str, as_json: bool
) -> None:
    """Say what a recorded plan costs, how good it is, what it changed and who is left without a rider; or, of ORDER,
    who has it and why, who else could, and why the others cannot.

    RECORD is a decision record, or a folder of them. See docs/reading-a-plan.md for how to read the answer.
    """
    # Late, because solving takes a second to load, and `dispatch --help` should not.
    from dispatch.commands import explained, summed  # noqa: PLC0415
    from dispatch.commands.finding import find, order_in  # noqa: PLC0415
    from dispatch.solver.explain import explain as explain_order  # noqa: PLC0415
    from dispatch.solver.slot_bound import slot_bound  # noqa: PLC0415
    from dispatch.solver.summary import summarize  # noqa: PLC0415

    found = find(record, order, tick)
    if order is None:
        told = found.plan.summary or summarize(found.problem, found.params, found.plan)
        if bound == "slots":
            told = replace(told, bound=slot_bound(found.problem, found.params, found.plan))
        if as_json:
            click.echo(summed.to_json(found, told))
        else:
            summed.show(found, told, orders)
        return
    answer = explain_order(found.problem, found.params, found.plan, order_in(found, order), riders=riders)
    if as_json:
        click.echo(explained.to_json(found, answer))
    else:
        explained.show(found, answer)

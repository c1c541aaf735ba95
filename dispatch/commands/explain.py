"""`dispatch explain`: why an order is where a recorded plan has it."""

from __future__ import annotations

from pathlib import Path

import click

from dispatch.cli import json_option


@click.command(short_help="Say why an order is where a recorded plan has it.")
@click.argument("record", type=click.Path(path_type=Path))
@click.argument("order")
@click.option(
    "--tick", metavar="N", type=int, help="Tick to look at, where RECORD is a folder; the last one with the order."
)
@click.option(
    "--riders", metavar="N", type=click.IntRange(min=1), default=10, show_default=True, help="Candidates to show."
)
@json_option
def explain(record: Path, order: str, tick: int | None, riders: int, as_json: bool) -> None:
    """Say who has ORDER in a recorded plan and why, who else could, and why the others cannot.

    RECORD is a decision record, or a folder of them. See docs/reading-a-plan.md for how to read the answer.

    \b
    Examples:
      dispatch explain data/examples/records o00695
      dispatch explain build/run/records o00015 --tick 201 --riders 3
    """
    # Late, because solving takes a second to load, and `dispatch --help` should not.
    from dispatch.commands.explained import show, to_json  # noqa: PLC0415
    from dispatch.commands.finding import find, order_in  # noqa: PLC0415
    from dispatch.solver.explain import explain as explained  # noqa: PLC0415

    found = find(record, order, tick)
    answer = explained(found.problem, found.params, found.plan, order_in(found, order), riders=riders)
    if as_json:
        click.echo(to_json(found, answer))
    else:
        show(found, answer)

"""`dispatch replay`: decide again what a record decided."""

from __future__ import annotations

from pathlib import Path

import click

from dispatch.cli import json_option

DIFFERENT = 1
"""Exit code where the plan is not the same."""


@click.command(short_help="Decide again what a record decided.")
@click.argument("record", type=click.Path(path_type=Path))
@click.option("--tick", metavar="N", type=int, help="Tick to look at, where RECORD is a folder; the last one.")
@json_option
@click.pass_context
def replay(context: click.Context, record: Path, tick: int | None, as_json: bool) -> None:
    """Solve a recorded problem again: the plan must be the same, bit for bit.

    RECORD is a decision record, or a folder of them. Ends with code 1 where the plan is another one.

    \b
    Examples:
      dispatch replay data/examples/records
      dispatch replay build/run/records --tick 201
    """
    # Late, because solving takes a second to load, and `dispatch --help` should not.
    from dispatch.commands.finding import find  # noqa: PLC0415
    from dispatch.commands.replayed import report  # noqa: PLC0415

    same, text = report(find(record, None, tick), as_json=as_json)
    click.echo(text)
    context.exit(0 if same else DIFFERENT)

"""The program `dispatch`: commands of this package, and those that other packages add.

A package adds a command by an entry point of the group ``dispatch.commands`` that names a click command; see
docs/adr/0003-commands-through-entry-points.md. The modules of commands are loaded late, so they should import what is
heavy inside the command.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Final, TypeVar

import click

from dispatch import __version__
from dispatch.errors import DispatchError, InvalidInputError

GROUP: Final = "dispatch.commands"

BUILT_IN: Final[Mapping[str, str]] = {
    "audit": "dispatch.commands.audit:audit",
    "db": "dispatch.commands.db:db",
    "explain": "dispatch.commands.explain:explain",
    "replay": "dispatch.commands.replay:replay",
    "serve": "dispatch.commands.serve:serve",
}
"""Commands of this package: where each is found, as "module:attribute"."""

REFUSED: Final = 2
"""Exit code where the input was refused; click uses it, too."""

JSON_FLAG: Final = "--json"
_AS_JSON: Final = "dispatch.cli.as_json"

F = TypeVar("F", bound=Callable[..., object])


class Commands(click.Group):
    """Finds commands by name when they are asked for, and turns refusals into messages."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *_found()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, loaded now; one that cannot be loaded says why when it is called."""
        entry = _found().get(cmd_name)
        return super().get_command(ctx, cmd_name) if entry is None else _load(entry)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, and note whether `--json` is given: a call that cannot be parsed is refused as JSON, too."""
        options = args[: args.index("--")] if "--" in args else args
        ctx.meta[_AS_JSON] = JSON_FLAG in options
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a refusal is shown, as JSON where asked for, and ends the program with code 2."""
        try:
            return super().invoke(ctx)
        except DispatchError as error:
            if ctx.meta[_AS_JSON]:
                click.echo(json.dumps({"error": error_as_json(error)}, indent=2))
            else:
                click.echo(f"Error: {error}", err=True)
            ctx.exit(REFUSED)
        except click.UsageError as error:
            if not ctx.meta[_AS_JSON]:
                raise
            path = error.ctx.command_path if error.ctx else ctx.command_path
            action = f"Run `{path} --help` for what it takes."
            refused = DispatchError(error.format_message(), action, code="wrong_usage")
            click.echo(json.dumps({"error": error_as_json(refused)}, indent=2))
            ctx.exit(REFUSED)


def json_option(command: F) -> F:
    """Add `--json` (argument ``as_json``): one JSON object on standard output, refusals included."""

    text = "Print one JSON object, errors included."
    return click.option(JSON_FLAG, "as_json", is_flag=True, help=text)(command)


def error_as_json(error: DispatchError) -> dict[str, object]:
    """A refusal as a JSON object: code, cause, action, and the issues where input was invalid."""
    found: dict[str, object] = {"code": error.code, "cause": error.cause, "action": error.action}
    if isinstance(error, InvalidInputError):
        names = ("code", "cause", "action", "source", "line", "field")
        found["issues"] = [{name: getattr(issue, name) for name in names} for issue in error.issues]
    return found


def _found() -> dict[str, EntryPoint]:
    """Every command that is not written in this module; our own win over those of other packages."""
    added = {entry.name: entry for entry in entry_points(group=GROUP)}
    return added | {name: EntryPoint(name, where, GROUP) for name, where in BUILT_IN.items()}


def _load(entry: EntryPoint) -> click.Command:
    try:
        command = entry.load()
    except (ImportError, AttributeError) as error:
        return _broken(entry, f"{type(error).__name__}: {error}")
    return command if isinstance(command, click.Command) else _broken(entry, "it is no click command")


def _broken(entry: EntryPoint, why: str) -> click.Command:
    def complain() -> None:
        cause = f"The command '{entry.name}' ({entry.value}) cannot be loaded: {why}."
        raise DispatchError(cause, "Install its package again, or remove it.", code="command_broken")

    return click.Command(entry.name, callback=complain, help=f"(Cannot be loaded: {why}.)")


@click.command(cls=Commands, name="dispatch", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dispatch")
def main() -> None:
    """Decide which rider carries which order, and say why."""

"""Holds command lines in documents against the command tree of the program."""

from __future__ import annotations

import shlex

import click


def complaint(line: str, program: click.Command) -> str:
    """What is wrong with a documented command line, empty if it parses. Values are not looked at, nothing is run.

    ``line`` begins with the program's name. Words in capitals or angle brackets stand for values.
    """
    command, words, path = program, shlex.split(line)[1:], program.name or "program"
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        with click.Context(command, info_name=path) as context:
            inner = command.get_command(context, words[0])
        if inner is None:
            return f"`{line}`: {path} has no command '{words[0]}'"
        command, path, words = inner, f"{path} {words[0]}", words[1:]
    return _parse(line, command, words)


def _parse(line: str, command: click.Command, words: list[str]) -> str:
    with click.Context(command, info_name=command.name) as context:
        try:
            _, rest, _ = command.make_parser(context).parse_args(words)
        except click.UsageError as error:
            return f"`{line}`: {error.format_message()}"
    return f"`{line}`: '{rest[0]}' is one argument too many" if rest else ""


def paths(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command and sub-command as the words that call it."""
    found = [path]
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            inner = {name: command.get_command(context, name) for name in command.list_commands(context)}
        for name, below in inner.items():
            found += paths(below, (*path, name)) if below else []
    return found

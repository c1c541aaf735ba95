"""Whether a database can hold what it is given; asked before anything is written, so that no other command suffers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dispatch.errors import InvalidInputError, Issue
from dispatch.model.codec import Json
from dispatch.model.events import to_dict
from dispatch.store.chain import canonical
from dispatch.store.writes import Append

_ESCAPED_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, slots=True)
class Prepared:
    """An append with all its JSON written out; in the order of its events, messages and timers."""

    append: Append
    events: tuple[str, ...]
    messages: tuple[str, ...]
    timers: tuple[str, ...]
    outcome: str


def prepare(append: Append) -> Prepared:
    """Write an append's JSON out.

    Raises InvalidInputError if any text in it holds a NUL or half a character, which not every database stores, or if a
    number is none.
    """
    for text in _texts(append):
        _refuse(text, "\0" in text)
    return Prepared(
        append,
        tuple(_json(to_dict(event)) for event in append.events),
        tuple(_json(message.payload) for message in append.messages),
        tuple(_json(timer.payload) for timer in append.timers),
        _json(append.outcome),
    )


def unstorable(cause: str) -> InvalidInputError:
    """The refusal of a command that cannot be written down."""
    return InvalidInputError("command", [Issue("malformed", cause, "Correct the value.")])


def _texts(append: Append) -> Iterator[str]:
    yield from (append.market_id, append.command_id, append.actor.id, append.fingerprint)
    for message in append.messages:
        yield from (message.topic, message.name or "")
    for timer in append.timers:
        yield from (timer.name, timer.kind)
    yield from append.cancelled_timers


def _json(value: Json) -> str:
    try:
        text = canonical(value)
    except ValueError as error:
        raise unstorable(str(error)) from error
    # Only in JSON is a NUL written like this; what it stands for could end up in a column.
    _refuse(text, "\\u0000" in text and _ESCAPED_NUL.search(text) is not None)
    return text


def _refuse(text: str, has_nul: bool) -> None:
    if has_nul:
        raise unstorable("a text holds a NUL")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise unstorable("a text holds half a character") from None

"""Whether a database can hold what it is given; asked before anything is written, so that no other command suffers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dispatch.errors import InvalidInputError, Issue
from dispatch.model.codec import Json
from dispatch.model.events import to_dict
from dispatch.store.chain import canonical
from dispatch.store.writes import Append

_ESCAPED_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def payloads_of(append: Append) -> tuple[str, ...]:
    """The events of a command as they will be stored.

    Raises InvalidInputError if they, or any other text of the append, hold a NUL or half a character, which not every
    database stores, or a number that is none.
    """
    for text in _texts(append):
        _refuse(text, "\0" in text)
    for value in _values(append):
        _json(value)
    return tuple(_json(to_dict(event)) for event in append.events)


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


def _values(append: Append) -> Iterator[Json]:
    yield append.outcome
    yield from (message.payload for message in append.messages)
    yield from (timer.payload for timer in append.timers)


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

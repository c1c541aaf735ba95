"""Between frozen dataclasses or named tuples and what JSON can hold, driven by the type hints of the fields.

Enums go by value, places as [latitude, longitude], tuples and frozensets as lists, dataclasses and named tuples as
objects with all their fields (a default left out today would mean something else on the day the default changes).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NewType, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from dispatch.errors import InvalidInputError, Issue
from dispatch.model.place import Place

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Encoder: TypeAlias = Callable[[Any], Json]
Decoder: TypeAlias = Callable[[Json, str], Any]
"""From a JSON value, and where it stands, to what a field holds."""

T = TypeVar("T")


class _MalformedError(Exception):
    """Values that do not fit their hints; never leaves this module."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        super().__init__()
        self.issues = tuple(issues)


def encode(value: object) -> dict[str, Json]:
    """A dataclass or named tuple as a JSON object. Raises TypeError for a field type that has no place in one."""
    return cast("dict[str, Json]", _encoder(cast(Hashable, type(value)))(value))


def decode(kind: type[T], data: Json, what: str) -> T:
    """An instance of a dataclass or named tuple from what ``encode`` gave.

    Raises InvalidInputError, which names ``what`` and lists all issues; TypeError like ``encode``.
    """
    try:
        return cast(T, _decoder(cast(Hashable, kind))(data, ""))
    except _MalformedError as malformed:
        raise InvalidInputError(what, malformed.issues) from None


@cache
def _encoder(hint: Hashable) -> Encoder:
    if isinstance(hint, NewType):
        return _encoder(hint.__supertype__)
    if hint in (str, int, float, bool, NoneType):
        return _same
    if hint is Place:
        return _place_out
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _optional_out(_encoder(_not_none(hint)))
    if origin is tuple:
        return _tuple_out(get_args(hint))
    if origin is frozenset:
        return _set_out(_encoder(get_args(hint)[0]))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum_out
    if isinstance(hint, type) and _needed(hint) is not None:
        return _object_out(hint)
    raise TypeError(f"no JSON form for {hint!r}")


def _same(value: Json) -> Json:
    return value


def _place_out(value: Place) -> Json:
    return [value.latitude, value.longitude]


def _enum_out(value: Enum) -> Json:
    return cast(Json, value.value)


def _optional_out(inner: Encoder) -> Encoder:
    return lambda value: None if value is None else inner(value)


def _tuple_out(args: tuple[Hashable, ...]) -> Encoder:
    if args[1:] == (Ellipsis,):
        every = _encoder(args[0])
        return lambda value: [every(item) for item in value]
    each = tuple(_encoder(arg) for arg in args)
    return lambda value: [one(item) for one, item in zip(each, value, strict=True)]


def _set_out(inner: Encoder) -> Encoder:
    return lambda value: sorted((inner(item) for item in value), key=str)


def _object_out(kind: type) -> Encoder:
    hints = get_type_hints(kind)
    parts = tuple((name, _encoder(hints[name])) for name in _needed(kind) or ())
    return lambda value: {name: part(getattr(value, name)) for name, part in parts}


@cache
def _decoder(hint: Hashable) -> Decoder:
    if isinstance(hint, NewType):
        return _decoder(hint.__supertype__)
    if isinstance(hint, type) and hint in (str, int, float, bool):
        return _plain_in(hint)
    if hint is Place:
        return _place_in
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _optional_in(_decoder(_not_none(hint)))
    if origin is tuple:
        return _tuple_in(get_args(hint))
    if origin is frozenset:
        return _set_in(_decoder(get_args(hint)[0]))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum_in(hint)
    if isinstance(hint, type) and _needed(hint) is not None:
        return _object_in(hint)
    raise TypeError(f"no JSON form for {hint!r}")


def _not_none(hint: Hashable) -> Hashable:
    rest = [arg for arg in get_args(hint) if arg is not NoneType]
    if len(rest) != 1 or len(get_args(hint)) != 2:
        raise TypeError(f"no JSON form for {hint!r}: only 'X | None' can be told apart")
    return cast(Hashable, rest[0])


def _bad(where: str, cause: str) -> _MalformedError:
    return _MalformedError([Issue("malformed", cause, "Correct the value.", field=where)])


def _plain_in(kind: type) -> Decoder:
    def read(value: Json, where: str) -> object:
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is not kind:
            raise _bad(where, f"{value!r} is not {kind.__name__}")
        return value

    return read


def _enum_in(kind: type[Enum]) -> Decoder:
    def read(value: Json, where: str) -> Enum:
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(str(member.value) for member in kind)
            raise _bad(where, f"{value!r} is none of {known}") from None

    return read


def _place_in(value: Json, where: str) -> Place:
    latitude, longitude = _items(value, where, 2)
    number = _plain_in(float)
    pair = _all([(number, latitude, f"{where}[0]"), (number, longitude, f"{where}[1]")])
    try:
        return Place(*pair)
    except ValueError as error:
        raise _bad(where, str(error)) from None


def _optional_in(inner: Decoder) -> Decoder:
    return lambda value, where: None if value is None else inner(value, where)


def _set_in(inner: Decoder) -> Decoder:
    every = _list_in(inner)
    return lambda value, where: frozenset(every(value, where))


def _tuple_in(args: tuple[Hashable, ...]) -> Decoder:
    if args[1:] == (Ellipsis,):
        every = _list_in(_decoder(args[0]))
        return lambda value, where: tuple(every(value, where))
    each = tuple(_decoder(arg) for arg in args)

    def read(value: Json, where: str) -> tuple[Any, ...]:
        items = enumerate(_items(value, where, len(each)))
        return tuple(_all([(each[at], item, f"{where}[{at}]") for at, item in items]))

    return read


def _list_in(inner: Decoder) -> Callable[[Json, str], list[Any]]:
    def read(value: Json, where: str) -> list[Any]:
        return _all([(inner, item, f"{where}[{at}]") for at, item in enumerate(_items(value, where))])

    return read


def _object_in(kind: type) -> Decoder:
    hints = get_type_hints(kind)
    parts = {name: (_decoder(hints[name]), need) for name, need in (_needed(kind) or {}).items()}

    def read(value: Json, where: str) -> object:
        if not isinstance(value, dict):
            raise _bad(where, f"{value!r} is not an object")
        prefix = f"{where}." if where else ""
        strange = [_issue(prefix + name, "unknown") for name in value if name not in parts]
        missing = [_issue(prefix + name, "missing") for name, (_, need) in parts.items() if need and name not in value]
        here = [name for name in parts if name in value]
        values = _all([(parts[name][0], value[name], prefix + name) for name in here], [*strange, *missing])
        try:
            return kind(**dict(zip(here, values, strict=True)))
        except ValueError as error:
            raise _bad(where, str(error)) from None

    return read


def _needed(kind: type) -> dict[str, bool] | None:
    """Whether each field must be given, in order; None for what is neither dataclass nor named tuple."""
    if is_dataclass(kind):
        return {field.name: field.default is MISSING and field.default_factory is MISSING for field in fields(kind)}
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        given: Mapping[str, object] = getattr(kind, "_field_defaults", {})
        return {name: name not in given for name in kind._fields}
    return None


def _issue(where: str, what: str) -> Issue:
    return Issue(f"field_{what}", f"the field is {what}", "Write the fields of this version.", field=where)


def _items(value: Json, where: str, length: int | None = None) -> list[Json]:
    if not isinstance(value, list) or (length is not None and len(value) != length):
        raise _bad(where, f"{value!r} is not a list" + ("" if length is None else f" of {length}"))
    return value


def _all(readings: Iterable[tuple[Decoder, Json, str]], issues: Iterable[Issue] = ()) -> list[Any]:
    """All values read, or all their issues."""
    values: list[Any] = []
    found = [*issues]
    for read, value, where in readings:
        try:
            values.append(read(value, where))
        except _MalformedError as malformed:
            found.extend(malformed.issues)
    if found:
        raise _MalformedError(found)
    return values

"""Hypothesis strategies for any event, and for what events are made of, from the type hints of their fields."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import NewType, Union, cast, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from dispatch.model.care import CareRules, LastWord
from dispatch.model.events import EVENT_TYPES, Event
from dispatch.model.order import Fulfilment, Handling, Order, PaymentMethod
from dispatch.model.override import Override
from dispatch.model.place import Place
from dispatch.model.rider import Rider, Shift
from dispatch.units import Money

Strategy = st.SearchStrategy[object]

_WHOLE = st.integers(-(2**40), 2**40)
_REAL = st.floats(allow_nan=False, allow_infinity=False)
_TEXT = st.text(max_size=8)


def events() -> st.SearchStrategy[Event]:
    """Any event of any type."""
    return st.sampled_from(sorted(EVENT_TYPES)).flatmap(lambda name: events_of(EVENT_TYPES[name]))


def events_of(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of one type."""
    return cast("st.SearchStrategy[Event]", values(cast(Hashable, kind)))


@cache
def values(hint: Hashable) -> Strategy:
    """Any value that fits a type hint."""
    if isinstance(hint, NewType):
        return values(hint.__supertype__)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if hint in _SPECIAL:
        return _SPECIAL[hint]()
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return st.none() | st.one_of([values(arg) for arg in get_args(hint) if arg is not NoneType])
    if origin is tuple and get_args(hint)[1:] == (Ellipsis,):
        return st.lists(values(get_args(hint)[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(values(arg) for arg in get_args(hint)))
    if origin is frozenset:
        return st.frozensets(values(get_args(hint)[0]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if isinstance(hint, type):
        return _built(hint)
    raise TypeError(f"no values for {hint!r}")


def _built(kind: type, **given: Strategy) -> Strategy:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    return st.builds(kind, **{name: given[name] if name in given else values(hints[name]) for name in names})


def _orders() -> Strategy:
    money = {"total": values(Money), "payment": st.sampled_from(PaymentMethod)}
    usual = {"size": st.integers(1, 9), "priority": st.integers(0, 9), **money}
    stays = {**usual, "fulfilment": st.just(Fulfilment.STORE_PICKUP)}
    goes = {**usual, "fulfilment": st.just(Fulfilment.DELIVERY), "dropoff": values(Place)}
    return _built(Order, **stays) | _built(Order, **goes)


def _shifts() -> Strategy:
    return _built(Shift, starts_at=st.integers(0, 10**9), ends_at=st.integers(10**9 + 1, 2 * 10**9))


_PLAIN: Mapping[Hashable, Strategy] = {
    int: _WHOLE,
    float: _REAL,
    str: _TEXT,
    bool: st.booleans(),
}
_SPECIAL: Mapping[Hashable, Callable[[], Strategy]] = {
    Place: lambda: st.builds(Place, st.floats(-90, 90), st.floats(-180, 180)),
    Money: lambda: st.builds(Money, _WHOLE, st.sampled_from(["COP", "MYR", "VND"])),
    Handling: lambda: st.builds(Handling, st.integers(0, 999), st.integers(0, 999)),
    Order: _orders,
    Rider: lambda: _built(Rider, capacity=st.integers(1, 9)),
    Shift: _shifts,
    CareRules: lambda: st.builds(CareRules, reminders=st.integers(0, 9), last_word=st.sampled_from(LastWord)),
    Override: lambda: _built(Override, text=st.text("abc ", max_size=5).map(lambda text: f"{text}!")),
}

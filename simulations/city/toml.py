"""Writes CityParams as the TOML that ``load_city`` reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date

from simulations.city.params import CITY_VERSION, CityParams


def to_toml(city: CityParams) -> str:
    """The parameters as text; what is None is left out."""
    return "\n".join(_table({"version": CITY_VERSION, **asdict(city)}, ())) + "\n"


def _table(values: Mapping[str, object], path: tuple[str, ...]) -> Iterator[str]:
    """Lines of a table: its own values first, then its tables, then its lists of tables."""
    for key, value in values.items():
        if value is not None and not _is_table(value) and not _is_tables(value):
            yield f"{key} = {_value(value)}"
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from ("", f"[{'.'.join((*path, key))}]")
            yield from _table(value, (*path, key))
    for key, value in values.items():
        for item in value if _is_tables(value) and isinstance(value, Sequence) else ():
            yield from ("", f"[[{'.'.join((*path, key))}]]")
            yield from _table(item, (*path, key))


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_tables(value: object) -> bool:
    return (
        isinstance(value, Sequence) and not isinstance(value, str) and any(isinstance(item, Mapping) for item in value)
    )


def _value(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(_value(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)

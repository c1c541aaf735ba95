"""One row being read: typed access that notes an issue where a value does not fit, so that a load shows all of them."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from dispatch.units import Instant
from simulations.readers.validation import RULES, Report, Where

LATEST_AT: Final = 253_402_300_799
"""The last second of the year 9999."""

LARGEST: Final = sys.float_info.max
"""A whole number can be larger than any number with a point; JSON allows that."""

E = TypeVar("E", bound=StrEnum)


class Row:
    """Values by name. A getter that cannot answer notes why and returns a stand-in; ``good`` is False from then on.

    ``where.field`` is put before the name of the value in issues. A value that is None counts as not there.
    """

    def __init__(self, values: Mapping[str, object], where: Where, report: Report, parent: Row | None = None) -> None:
        self.values = values
        self.where = where
        self.report = report
        self._refused: list[str] = [] if parent is None else parent._refused

    @property
    def good(self) -> bool:
        """Whether nothing of the row, or of the row it is nested in, was refused so far."""
        return not self._refused

    def has(self, name: str) -> bool:
        """Whether there is a value."""
        return self.values.get(name) is not None

    def note(self, code: str, name: str, cause: str) -> None:
        """Note an issue of the value ``name``; one that only warns leaves the row good."""
        if RULES[code].refuses:
            self._refused.append(name)
        self.report.add(code, cause, self.where._replace(field=self.where.field + name))

    def text(self, name: str, default: str | None = None) -> str:
        """A text; not blank where there is no ``default``."""
        value = self._get(name, default is None)
        if value is None:
            return default or ""
        if not isinstance(value, str):
            self._wrong(name, value, "a text")
            return ""
        if default is None and not value.strip():
            self.note("missing_value", name, f"{name} is empty")
        return value

    def whole(self, name: str, default: int | None = None, *, minimum: int = 0, maximum: int = 2**53) -> int:
        """A whole number within the range; its minimum where it is refused."""
        value = self._get(name, default is None)
        return (
            (minimum if default is None else default) if value is None else self._whole(name, value, minimum, maximum)
        )

    def number(
        self,
        name: str,
        default: float | None = None,
        *,
        minimum: float = -math.inf,
        maximum: float = math.inf,
        above: float = -math.inf,
    ) -> float:
        """A finite number within the range and greater than ``above``; NaN where it is refused."""
        value = self._get(name, default is None)
        if value is None:
            return math.nan if default is None else default
        number = self._number(name, value)
        if number is None:
            return math.nan
        if number <= above:
            self.note("out_of_range", name, f"{name} is {value}; it must be greater than {above:g}")
        elif not minimum <= number <= maximum:
            self.note("out_of_range", name, f"{name} is {value}; it must be within {minimum:g}..{maximum:g}")
        else:
            return float(number)
        return math.nan

    def numbers(self, name: str, count: int, *, minimum: float) -> tuple[float, ...]:
        """``count`` finite numbers, none below ``minimum``; empty where they are refused."""
        value = self._get(name, True)
        if value is None:
            return ()
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != count:
            self._wrong(name, value, f"a list of {count} numbers")
            return ()
        read = [self._number(f"{name}[{i}]", item) for i, item in enumerate(value)]
        for i, number in enumerate(read):
            if number is not None and number < minimum:
                self.note("out_of_range", f"{name}[{i}]", f"{name}[{i}] is {number}; it must be at least {minimum:g}")
        return tuple(float(number) for number in read if number is not None)

    def instant(self, name: str) -> Instant:
        """An instant: epoch seconds, a time with an offset, or its text by RFC 3339."""
        value = self._get(name, True)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                self.note("not_an_instant", name, f"{name} is {value!r}, no date and time")
                return 0
        if isinstance(value, datetime) and value.tzinfo is None:
            self.note("not_an_instant", name, f"{name} {value.isoformat()} has no offset from UTC")
            return 0
        seconds = value.timestamp() if isinstance(value, datetime) else value
        return 0 if seconds is None else self._whole(name, seconds, 0, LATEST_AT)

    def choice(self, name: str, kind: type[E], default: E | None = None) -> E:
        """A member of the enumeration by its value."""
        known = [member.value for member in kind]
        value = self.text(name, None if default is None else default.value)
        if value not in known:
            if value:
                self.note("unknown_value", name, f"{name} is {value!r}, none of {', '.join(known)}")
            return kind(known[0])
        return kind(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where there is none."""
        value = self.values.get(name)
        if value is None:
            return ()
        if isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self._wrong(name, value, "a list of texts")
        return ()

    def rows(self, name: str) -> tuple[Row, ...]:
        """A list of nested rows; empty where there is none."""
        value = self.values.get(name)
        if value is None:
            return ()
        if (
            isinstance(value, Sequence)
            and not isinstance(value, str)
            and all(isinstance(item, Mapping) for item in value)
        ):
            prefix = self.where.field + name
            return tuple(
                Row(item, self.where._replace(field=f"{prefix}[{i}]."), self.report, self)
                for i, item in enumerate(value)
            )
        self._wrong(name, value, "a list of records")
        return ()

    def row(self, name: str) -> Row:
        """A nested row; one without values where it is refused."""
        value = self._get(name, True)
        if value is not None and not isinstance(value, Mapping):
            self._wrong(name, value, "a record")
        nested = value if isinstance(value, Mapping) else {}
        return Row(nested, self.where._replace(field=f"{self.where.field}{name}."), self.report, self)

    def only(self, *names: str) -> None:
        """Note every value with another name."""
        for name in self.values:
            if name not in names:
                self.note("unknown_key", str(name), f"{name} is none of {', '.join(names)}")

    def _get(self, name: str, required: bool) -> object:
        value = self.values.get(name)
        if value is None and required:
            self.note("missing_value", name, f"{name} is missing")
        return value

    def _number(self, name: str, value: object) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong(name, value, "a number")
            return None
        if not abs(value) <= LARGEST:
            self.note(
                "not_finite", name, f"{name} is {value:g}" if isinstance(value, float) else f"{name} is too large"
            )
            return None
        return value

    def _whole(self, name: str, value: object, minimum: int, maximum: int) -> int:
        number = self._number(name, value)
        if number is None:
            return minimum
        if number != int(number):
            self._wrong(name, value, "a whole number")
        elif minimum <= number <= maximum:
            return int(number)
        else:
            self.note("out_of_range", name, f"{name} is {number}; it must be within {minimum}..{maximum}")
        return minimum

    def _wrong(self, name: str, value: object, kind: str) -> None:
        self.note("wrong_type", name, f"{name} is {value!r}, not {kind}")

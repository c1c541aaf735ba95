"""What can be wrong with an input: one table of codes, and a report that collects everything before it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from dispatch.errors import InvalidInputError, Issue


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code means for the load: refused or let in with a warning, and what a person can do about it."""

    refuses: bool
    action: str


class Where(NamedTuple):
    """A spot in an input. ``line`` is 1-based with the header counted, in Parquet the 1-based row.

    In GeoJSON it is the line on which the feature begins.
    """

    source: str
    line: int | None = None
    field: str = ""


def _refused(action: str) -> Rule:
    return Rule(True, action)


def _let_in(action: str) -> Rule:
    return Rule(False, action)


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        # files
        "missing_folder": _refused("Give the path of the folder that holds the instance."),
        "missing_file": _refused("Put the file into the folder under this name."),
        "unknown_format": _refused("Give the folder of an instance; data/README.md describes the formats."),
        "ambiguous_files": _refused("Keep one of them and move the others away."),
        "unreadable_file": _refused("Get or write the file again; it is damaged or of another format."),
        "wrong_encoding": _refused("Save the file as UTF-8."),
        "empty_file": _refused("Write at least the header, or an empty collection; a file without rows is fine."),
        "missing_column": _refused("Add the column; the names are listed in data/README.md."),
        "repeated_column": _refused("Give every column one name."),
        "broken_line": _refused("Give the line as many values as the header has names."),
        "wrong_row_count": _refused("Write exactly one row of parameters."),
        "blank_line": _let_in("It was skipped; nothing to do unless a row is lost."),
        "byte_order_mark": _let_in("It was skipped; save without it where other programs must read the file."),
        "windows_line_ends": _let_in("They were read as line ends; nothing to do."),
        "unknown_column": _let_in("It was ignored; check its name if it should count."),
        "unknown_key": _refused("Remove the key or correct its name; data/README.md lists them."),
        "unknown_version": _refused("Load it with the release that wrote it, or convert it."),
        # values
        "missing_value": _refused("Fill in the value."),
        "wrong_type": _refused("Write a value of the type named."),
        "not_a_number": _refused("Write a plain decimal number such as 12 or 4.65."),
        "not_finite": _refused("Write a finite number."),
        "out_of_range": _refused("Write a value within the range named."),
        "not_whole_seconds": _refused("Use minutes that are a whole number of seconds."),
        "not_a_time": _refused("Write a time of day as HH:MM:SS, from 00:00:00 to 23:59:59."),
        "not_an_instant": _refused(
            "Write epoch seconds, or RFC 3339 with an offset such as 2026-03-06T12:30:00-03:00."
        ),
        "unknown_value": _refused("Write one of the values named."),
        "unknown_timezone": _refused("Write a name of the IANA time zone database such as America/Bogota."),
        # identity
        "duplicate_id": _refused("Give every row its own id, or remove the copy."),
        "unknown_merchant": _refused("Add the merchant, or correct the id."),
        "unknown_rider": _refused("Add the rider, or correct the id."),
        "unknown_zone": _refused("Add the zone to zones.geojson, or correct the id."),
        "no_number_in_id": _refused("Load without thinning, or give riders ids that hold a number."),
        "conflicting_rows": _refused("Make the rows of the rider agree."),
        "rider_without_shift": _let_in("The rider was kept and will never work; add a shift if that is wrong."),
        "merchant_without_orders": _let_in("The merchant was kept; nothing to do unless orders are lost."),
        # places
        "not_a_place": _refused("Write degrees: latitude within -90..90, longitude within -180..180."),
        "swapped_coordinates": _refused("Exchange latitude and longitude."),
        "far_from_rest": _refused("Correct the place, or load it as a market of its own."),
        "remote_place": _let_in("It was kept; check the place."),
        "outside_zones": _let_in("It was kept; the plan will hold it unless a rider is bound to no zone."),
        "not_a_shape": _refused("Write a closed GeoJSON geometry of the type named, longitude first."),
        # times
        "ready_before_placed": _refused("Correct the times; food cannot be ready before it is asked for."),
        "promise_before_placed": _refused("Correct the times; a promise lies after the order."),
        "promise_before_ready": _let_in("It was kept: the order will be late whatever is done."),
        "preparation_out_of_order": _let_in("It was kept; the start of preparation is not used."),
        "past_midnight": _let_in("It was taken as a time of the next day."),
        "far_in_time": _refused("Correct the time, or load it as an instance of its own."),
        "shift_ends_before_start": _refused("Correct the shift; it must end after it starts."),
        "empty_shift": _let_in("The shift was left out; the rider was kept."),
        "overlapping_shifts": _refused("Join the shifts or correct their times."),
    }
)
"""Every code a reader can report."""


class Report:
    """The issues of one load. Add all of them first, then call ``refuse``."""

    def __init__(self) -> None:
        self.errors: list[Issue] = []
        self.warnings: list[Issue] = []

    def add(self, code: str, cause: str, where: Where) -> None:
        """Note one issue; ``code`` decides whether it refuses the load. KeyError on a code that is not in RULES."""
        rule = RULES[code]
        issue = Issue(code, cause, rule.action, where.source, where.line, where.field)
        (self.errors if rule.refuses else self.warnings).append(issue)

    def refuse(self, what: str) -> None:
        """Raise InvalidInputError with every error noted so far; do nothing where there is none."""
        if self.errors:
            raise InvalidInputError(what, sorted(self.errors, key=_by_place))


def _by_place(issue: Issue) -> tuple[str, int]:
    return issue.source, issue.line or 0

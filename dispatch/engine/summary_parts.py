"""What is told of a plan as named arrays and back, with every flaw of what is read listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from dispatch.engine.record_file import Arrays, Header
from dispatch.errors import InvalidInputError, Issue
from dispatch.solver.changes import Changes
from dispatch.solver.choices import Choices
from dispatch.solver.costs import TERMS
from dispatch.solver.plan import Verdict
from dispatch.solver.shortages import CODES, Shortages
from dispatch.solver.summary import Summary

_NUMBERS: Final = ("left_out", "bound", "chosen", "short")
_ACTION: Final = "Report it with the file: no version of Dispatch should have written it."


def summary_parts(summary: Summary) -> tuple[Header, Arrays]:
    """The summary as a header and arrays."""
    numbers = {name: int(getattr(summary, name)) for name in _NUMBERS}
    header: Header = {"summary": numbers | {"changes": summary.changes._asdict()}}
    arrays: Arrays = {"summary.terms": summary.terms, "summary.verdicts": summary.verdicts}
    arrays |= {f"summary.choices.{name}": array for name, array in summary.choices._asdict().items()}
    arrays |= {f"summary.shortages.{name}": array for name, array in summary.shortages._asdict().items()}
    return header, arrays


def read_summary(header: Mapping[str, Any], arrays: Arrays, orders: int, riders: int, source: str) -> Summary | None:
    """The summary that was taken apart, None where the record has none. Raises InvalidInputError listing every flaw."""
    if "summary" not in header:
        return None
    flaws = [*_header_flaws(header["summary"]), *_array_flaws(arrays, orders, riders)]
    if flaws:
        raise InvalidInputError("decision record", [Issue("record_value", flaw, _ACTION, source) for flaw in flaws])
    told = header["summary"]
    return Summary(
        terms=arrays["summary.terms"],
        verdicts=arrays["summary.verdicts"],
        changes=Changes(**told["changes"]),
        choices=Choices(*(arrays[f"summary.choices.{name}"] for name in Choices._fields)),
        shortages=Shortages(*(arrays[f"summary.shortages.{name}"] for name in Shortages._fields)),
        **{name: told[name] for name in _NUMBERS},
    )


def _header_flaws(told: object) -> Iterator[str]:
    changes = told.get("changes") if isinstance(told, Mapping) else None
    if not isinstance(told, Mapping) or not isinstance(changes, Mapping):
        yield "summary is no table of numbers and changes"
        return
    for name in _NUMBERS:
        if type(told.get(name)) is not int:
            yield f"summary.{name} is no int"
    if set(changes) != set(Changes._fields) or any(type(value) is not int for value in changes.values()):
        yield f"summary.changes does not say how many were {', '.join(Changes._fields)}"


def _array_flaws(arrays: Arrays, orders: int, riders: int) -> Iterator[str]:
    """Arrays of another type, shape or range than the rest of the record asks for."""
    chosen, short = (len(arrays.get(f"summary.{part}.order", ())) for part in ("choices", "shortages"))
    width = {"terms": (len(TERMS),), "other_terms": (len(TERMS),), "kept_away": (len(CODES),)}
    most = {"order": orders - 1, "rider": riders - 1, "other": riders - 1, "late_rider": riders - 1}
    wanted = {"summary.terms": (len(TERMS),), "summary.verdicts": (len(Verdict),)}
    wanted |= {f"summary.choices.{name}": (chosen, *width.get(name, ())) for name in Choices._fields}
    wanted |= {f"summary.shortages.{name}": (short, *width.get(name, ())) for name in Shortages._fields}
    for name, shape in wanted.items():
        array, last = arrays.get(name), name.rpartition(".")[2]
        if array is None or array.dtype != np.int64 or array.shape != shape:
            yield f"the array {name} is missing, or no int64 {list(shape)}"
        elif array.size and last in most and not -1 <= int(array.min()) <= int(array.max()) <= most[last]:
            yield f"the array {name} has values outside -1 to {most[last]}"

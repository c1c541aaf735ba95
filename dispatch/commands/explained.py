"""How `dispatch explain` shows an explanation: for people in a hundred columns, for programs as JSON."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from dispatch.engine.records import Record
from dispatch.solver.costs import TERMS
from dispatch.solver.explain_text import clock
from dispatch.solver.explanation import Candidate, Explanation

WIDEST: Final = 100
_NAMES_SHOWN: Final = 8
_TERMS_ABREAST: Final = 5


def show(record: Record, told: Explanation) -> None:
    """Print an explanation on standard output."""
    width = min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    at = f"{datetime.fromtimestamp(told.now, UTC):%Y-%m-%d %H:%M:%S} UTC"
    console.print(f"Order {told.order_id} at tick {record.tick}, {at}: {told.verdict.name.lower()}", style="bold")
    console.print(told.text)
    console.print(_prices(record, told))
    if told.candidates:
        console.print(f"\nCandidates ({len(told.candidates)} of {told.possible} who could have it)", style="bold")
        for table in _candidates(told.candidates):
            console.print(table, "")
        console.print(_beside((found.rider_id, found.text) for found in told.candidates))
    if told.exclusions:
        console.print("\nEverybody else", style="bold")
        console.print(_exclusions(record, told))
    if told.helps:
        console.print("\nWhat would help", style="bold")
        console.print(_beside(("-", help_.text) for help_ in told.helps))


def _prices(record: Record, told: Explanation) -> str:
    second = record.params.weights.click_to_door
    left = f"Leaving it out would count {told.left_out:,} points. " if told.movable else ""
    return f"{left}The plan costs {told.plan_cost:,} points; {second} are one second of one customer's waiting."


def _candidates(candidates: Sequence[Candidate]) -> Iterator[Table]:
    """A row for each candidate, a column for each term that any of them has; in two tables where there are many."""
    used = [k for k in range(len(TERMS)) if any(candidate.terms[k] for candidate in candidates)]
    for first in range(0, max(1, len(used)), _TERMS_ABREAST):
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
        names = ("rider", "pickup", "drop-off", "total") if first == 0 else ("rider",)
        for name in names:
            table.add_column(name, no_wrap=True, justify="right" if name == "total" else "left")
        shown = used[first : first + _TERMS_ABREAST]
        for k in shown:
            table.add_column(TERMS[k].replace("_", " "), justify="right", overflow="fold")
        for candidate in candidates:
            terms = [f"{candidate.terms[k]:,}" for k in shown]
            table.add_row(*_lead(candidate)[: len(names)], *terms)
        yield table


def _lead(candidate: Candidate) -> list[str]:
    pickup = "on board" if candidate.pickup_at is None else clock(candidate.pickup_at)
    return [candidate.rider_id, pickup, clock(candidate.dropoff_at), f"{candidate.total:,}"]


def _beside(rows: Iterable[tuple[str, str]]) -> Table:
    """Short texts, and beside each a long one."""
    table = Table(box=None, padding=(0, 1), pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _exclusions(record: Record, told: Explanation) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, show_header=False)
    table.add_column(justify="right", no_wrap=True)
    for share in (3, 2):
        table.add_column(ratio=share, overflow="fold")
    for exclusion in told.exclusions:
        names = [record.problem.rider_ids[rider] for rider in exclusion.riders[:_NAMES_SHOWN]]
        more = ", ..." if len(exclusion.riders) > _NAMES_SHOWN else ""
        table.add_row(str(len(exclusion.riders)), exclusion.text, ", ".join(names) + more)
    return table


def to_json(record: Record, told: Explanation) -> str:
    """The explanation as one JSON object: ids instead of indices, terms by name, instants as epoch seconds."""
    riders = record.problem.rider_ids
    found: dict[str, Any] = {"tick": record.tick, "version": record.version, **asdict(told)}
    del found["order"]
    found["verdict"] = told.verdict.name.lower()
    found["rider"] = None if told.rider is None else riders[told.rider]
    for candidate in found["candidates"]:
        candidate["terms"] = dict(zip(TERMS, candidate["terms"], strict=True))
        candidate["rider"] = candidate.pop("rider_id")
    for exclusion in found["exclusions"]:
        for field in ("riders", "but_for_others"):
            exclusion[field] = [riders[rider] for rider in exclusion[field]]
    for help_ in found["helps"]:
        help_["rider"] = None if help_["rider"] is None else riders[help_["rider"]]
    return json.dumps(found, indent=2)

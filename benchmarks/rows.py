"""Figures as rows: one form for tables on the screen and for the JSON files in build/."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.table import Table

COLD_RATIO: Final = "assignment, cold, stack / ours"
AT_LEAST: Final = ("delivered share", "order commands with group commit", "times as many as without", COLD_RATIO)
"""Metrics that should reach their target; all others should stay at or below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure: ``metric`` of ``scope`` is ``value`` in ``unit``; ``target`` if it has one; ``command`` makes it."""

    scope: str
    metric: str
    value: float
    target: float | None = None
    unit: str
    command: str

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        return self.value >= self.target if self.metric in AT_LEAST else self.value <= self.target


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows as a JSON array of objects, one a line; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(asdict(row), allow_nan=False) for row in rows)
    path.write_text(f"[\n{lines}\n]\n", "utf-8")


def target_table(rows: Sequence[Row]) -> Table:
    """The rows that have a target, and whether they meet it."""
    table = Table("scope", "metric", title="targets")
    for heading in ("value", "target", ""):
        table.add_column(heading, justify="right")
    for row in rows:
        if row.target is not None:
            sign = ">=" if row.metric in AT_LEAST else "<="
            aim = f"{sign} {number(row.target)}"
            table.add_row(row.scope, row.metric, f"{number(row.value)} {row.unit}", aim, "met" if row.met else "missed")
    return table


def number(value: float) -> str:
    """A figure with two decimals, or three significant digits where it is small; thousands are set off."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.3g}"

"""The tables of docs/benchmarks.md on speed, made of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.rows import COLD_RATIO, Row, number

Table = Mapping[tuple[str, str], Row]
"""Rows by scope and metric."""

STACK_OF: Final = {
    "candidates, ours": "candidates, k-d tree",
    "insertion, ours": "insertion, numpy",
    "matching, ours (own)": "matching, scipy sparse",
    "assignment, cold, ours": "assignment, cold, stack",
    "tick, ours without local search, the nearest only": "tick, stack",
    "tick, ours without local search": "tick, stack",
    "tick, ours": "tick, stack",
}
"""Metrics of the product, and those of the stack that they are compared with."""

OBJECTIVE: Final = "tick, objective, "


def markdown(rows: Sequence[Row]) -> str:
    """All tables, a blank line between them."""
    table = {(row.scope, row.metric): row for row in rows}
    scopes = list(dict.fromkeys(row.scope for row in rows))
    return "\n\n".join([_beside(table, scopes), _assignments(table, scopes), _targets(rows)])


def _beside(table: Table, scopes: Sequence[str]) -> str:
    """What the product and the stack take for the same."""
    lines = []
    for scope in scopes:
        for own, other in STACK_OF.items():
            ours, theirs = table.get((scope, own)), table.get((scope, other))
            if ours is None or theirs is None:
                continue
            cells = [scope, own.replace(", ours", "").replace(" (own)", ""), number(ours.value), number(theirs.value)]
            lines.append([*cells, f"{theirs.value / ours.value:.1f}", _cost(table, scope, own)])
    heads = ["scope", "phase", "ours, ms CPU", "usual stack, ms CPU", "stack / ours", "cost beside the stack's"]
    return _lines(heads, lines)


def _cost(table: Table, scope: str, own: str) -> str:
    """By how much the plan of a tick costs less or more than that of the stack."""
    ours = table.get((scope, OBJECTIVE + own.removeprefix("tick, ")))
    theirs = table.get((scope, OBJECTIVE + "stack"))
    return "" if ours is None or theirs is None else f"{100 * (ours.value / theirs.value - 1):+.1f} %"


def _assignments(table: Table, scopes: Sequence[str]) -> str:
    """Cold, by price and warm, size by size."""
    lines = []
    for scope in scopes:
        for kind in ("cold", "by price", "warm"):
            took = table.get((scope, f"assignment, {kind}, ours"))
            if took is None:
                continue
            rest = [table.get((scope, f"assignment, {kind}, {what}")) for what in (
                "orders without a rider", "over the best of all pairs")]  # fmt: skip
            lines.append([scope, kind, number(took.value), *("" if row is None else number(row.value) for row in rest)])
    return _lines(["scope", "assignment", "ms CPU", "orders without a rider", "over the best of all pairs, %"], lines)


def _targets(rows: Sequence[Row]) -> str:
    """What was aimed at, and reached."""
    lines = [
        [row.scope, row.metric, f"{number(row.value)} {row.unit}", f"{'>=' if row.metric == COLD_RATIO else '<='} "
         f"{number(row.target)}", "met" if row.met else "missed"]
        for row in rows if row.target is not None
    ]  # fmt: skip
    return _lines(["scope", "metric", "value", "target", ""], lines)


def _lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One table."""
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    return "\n".join(["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *lines])

"""How `dispatch explain` shows a whole plan: for people in a hundred columns, for programs as JSON."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from dispatch.engine.records import Record
from dispatch.solver.changes import Changes
from dispatch.solver.costs import TERMS
from dispatch.solver.costs.terms import ENDING
from dispatch.solver.explain_text import difference, points
from dispatch.solver.plan import Verdict
from dispatch.solver.shortage_text import counts_of, help_texts, kept_away_text
from dispatch.solver.summary import Summary
from dispatch.solver.view import View, make_view

WIDEST: Final = 100


def show(record: Record, told: Summary, shown: int) -> None:
    """Print a summary on standard output; up to ``shown`` orders of each kind."""
    width = min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    problem = record.problem
    at = f"{datetime.fromtimestamp(problem.now, UTC):%Y-%m-%d %H:%M:%S} UTC"
    size = f"{problem.order_count:,} orders, {problem.rider_count:,} riders"
    console.print(f"Plan of tick {record.tick}, {at}: {size}", style="bold")
    for line in _head(record, told):
        console.print(line)
    console.print("\nCost by term", style="bold")
    console.print(_terms(told))
    console.print("\nVerdicts", style="bold")
    console.print(_verdicts(told))
    if len(told.choices.order):
        first = f" (the {shown} with the least to choose between)" if told.chosen > shown else ""
        console.print(f"\nOrders with a new rider: {told.chosen:,}{first}", style="bold")
        console.print(_choices(record, told, shown))
    if len(told.shortages.order):
        first = f" (the {min(shown, len(told.shortages.order))} oldest)" if told.short > shown else ""
        console.print(f"\nOrders without a rider: {told.short:,}{first}", style="bold")
        console.print(_shortages(record, told, shown))


def _head(record: Record, told: Summary) -> Iterator[str]:
    second = record.params.weights.click_to_door
    left = f" and {points(told.left_out)} for the orders it leaves out" if told.left_out else ""
    yield f"It costs {points(int(told.terms.sum()))}{left}; {second} are one second of one customer's waiting."
    if told.gap > 0:
        apart = " (where routes end apart)" if told.terms[ENDING] else ""
        yield f"No plan costs less than {points(told.bound)}{apart}: at most {told.gap:.1%} could be saved."
    else:
        yield "No plan costs less."
    yield changes_text(told.changes)


def changes_text(changes: Changes) -> str:
    """What is another way than in the last plan, as a sentence."""
    if not any(changes):
        return "Nothing has changed since the last plan."
    parts = [f"{_many(changes.planned)} got a rider"]
    if changes.moved:
        parts.append(f"{_many(changes.moved)} moved to another")
    if changes.dropped:
        parts.append(f"{_many(changes.dropped)} lost the rider")
    if changes.taken_back:
        parts.append(f"{_many(changes.taken_back)} of these had been given out")
    if changes.resequenced:
        parts.append(f"{changes.resequenced:,} task{'s' * (changes.resequenced != 1)} changed places in a route")
    return f"Against the last plan: {', '.join(parts)}."


def _many(count: int) -> str:
    return f"{count:,} order{'s' * (count != 1)}"


def _terms(told: Summary) -> Table:
    table, total = _plain(), max(1, told.cost)
    table.add_column()
    for _ in range(2):
        table.add_column(justify="right", no_wrap=True)
    rows = [(TERMS[k].replace("_", " "), int(told.terms[k])) for k in np.argsort(-told.terms, kind="stable").tolist()]
    for name, value in [*rows, ("orders left out", told.left_out)]:
        if value:
            table.add_row(name, f"{value:,}", f"{value / total:.1%}")
    return table


def _verdicts(told: Summary) -> Table:
    table = _plain()
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for verdict in Verdict:
        if told.verdicts[verdict]:
            table.add_row(f"{told.verdicts[verdict]:,}", verdict.name.lower())
    return table


def _choices(record: Record, told: Summary, shown: int) -> Table:
    """The orders for which the runner-up comes nearest, first; then those without one."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    for name in ("order", "rider", "adds", "runner-up", "dearer by"):
        table.add_column(name, no_wrap=True, justify="right" if name in ("adds", "dearer by") else "left")
    table.add_column("of which", overflow="fold")
    choices, orders, riders = told.choices, record.problem.order_ids, record.problem.rider_ids
    for n in _closest(told)[:shown]:
        mine, theirs = choices.terms[n].tolist(), choices.other_terms[n].tolist()
        row = [orders[choices.order[n]], riders[choices.rider[n]], f"{sum(mine):,}"]
        if choices.other[n] >= 0:
            row += [riders[choices.other[n]], f"{sum(theirs) - sum(mine):+,}", difference(theirs, mine)]
        else:
            row += ["nobody near", "", ""]
        table.add_row(*row)
    return table


def _closest(told: Summary) -> list[int]:
    choices = told.choices
    margin = choices.other_terms.sum(axis=1) - choices.terms.sum(axis=1)
    alone = choices.other < 0
    return [int(n) for n in np.lexsort((choices.order, np.where(alone, 0, margin), alone))]


def _shortages(record: Record, told: Summary, shown: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    table.add_column("order", no_wrap=True)
    table.add_column("riders", overflow="fold", ratio=2)
    table.add_column("would help", overflow="fold", ratio=3)
    view = _view(record)
    for n in range(min(shown, len(told.shortages.order))):
        order = record.problem.order_ids[told.shortages.order[n]]
        away = kept_away_text(told.shortages, n, record.problem.rider_count)
        helps = " ".join(help_texts(record.problem, view, record.plan, told.shortages, n))
        table.add_row(order, away, helps)
    return table


def _plain() -> Table:
    return Table(box=None, padding=(0, 1), pad_edge=False, show_header=False)


def _view(record: Record) -> View:
    return make_view(record.problem, record.params.rules, record.params.weights)


def to_json(record: Record, told: Summary) -> str:
    """The summary as one JSON object: ids instead of indices, terms and counts by name, instants as epoch seconds."""
    problem = record.problem
    return json.dumps(
        {
            "tick": record.tick,
            "version": record.version,
            "now": problem.now,
            "orders": problem.order_count,
            "riders": problem.rider_count,
            "cost": told.cost,
            "left_out": told.left_out,
            "bound": told.bound,
            "gap": told.gap,
            "terms": dict(zip(TERMS, told.terms.tolist(), strict=True)),
            "verdicts": {verdict.name.lower(): int(told.verdicts[verdict]) for verdict in Verdict},
            "changes": told.changes._asdict(),
            "chosen": told.chosen,
            "choices": list(_choice_rows(record, told)),
            "short": told.short,
            "shortages": list(_shortage_rows(record, told)),
        },
        indent=2,
    )


def _choice_rows(record: Record, told: Summary) -> Iterator[dict[str, Any]]:
    choices, riders = told.choices, record.problem.rider_ids
    for n, order in enumerate(choices.order.tolist()):
        other = int(choices.other[n])
        yield {
            "order_id": record.problem.order_ids[order],
            "rider": riders[choices.rider[n]],
            "terms": dict(zip(TERMS, choices.terms[n].tolist(), strict=True)),
            "runner_up": riders[other] if other >= 0 else None,
            "runner_up_terms": dict(zip(TERMS, choices.other_terms[n].tolist(), strict=True)) if other >= 0 else None,
        }


def _shortage_rows(record: Record, told: Summary) -> Iterator[dict[str, Any]]:
    short, riders, view = told.shortages, record.problem.rider_ids, _view(record)
    for n, order in enumerate(short.order.tolist()):
        best, late, reach = int(short.rider[n]), int(short.late_rider[n]), int(short.reach_s[n])
        yield {
            "order_id": record.problem.order_ids[order],
            "left_out": int(short.out[n]),
            "kept_away": {code.value: count for code, count in counts_of(short, n).items()},
            "cheapest": riders[best] if best >= 0 else None,
            "cheapest_total": int(short.total[n]) if best >= 0 else None,
            "shift_ends": {"rider": riders[late], "too_early_s": int(short.late_s[n])} if late >= 0 else None,
            "free_rider_within_s": reach if reach >= 0 else None,
            "helps": list(help_texts(record.problem, view, record.plan, short, n)),
        }

"""The comparison as tables that a page can take over as they are."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table

from benchmarks.peers.matching import Matched
from benchmarks.peers.outcome import Outcome
from benchmarks.rows import number


def matching_table(results: Sequence[tuple[str, Sequence[Matched]]]) -> Table:
    """One row for each matcher at each scope; how many times the first one's CPU time it takes."""
    table = _table("orders x riders", "matcher", "ms CPU", "/ ours")
    for scope, matched in results:
        reference = matched[0].cpu_ms
        for match in matched:
            if match.cpu_ms is None:
                table.add_row(scope, match.name, match.why_not, "")
                continue
            table.add_row(scope, match.name, number(round(match.cpu_ms, 2)), _ratio(match.cpu_ms, reference))
    return table


def routing_table(results: Sequence[tuple[str, Sequence[Outcome]]]) -> Table:
    """One row for each router and budget; how many times the first one's points its routes and ways out cost."""
    headings = ("points", "/ ours", "no rider", "click_to_door", "broken", "wall, s", "CPU, s")
    table = _table("orders x riders, time", "router", *headings)
    for scope, outcomes in results:
        reference = outcomes[0].judgement
        for outcome in outcomes:
            judged = outcome.judgement
            if judged is None:
                table.add_row(scope, outcome.router, outcome.why_not)
                continue
            table.add_row(
                scope,
                outcome.router,
                f"{judged.points:,}",
                _ratio(judged.points, reference.points if reference else None),
                str(judged.unserved),
                f"{judged.click_to_door_s / 60:.2f}",
                str(len(judged.violations)),
                f"{outcome.took_s:.2f}",
                f"{outcome.cpu_s:.2f}",
            )
    return table


def _table(first: str, second: str, *figures: str) -> Table:
    table = Table(first, second, box=box.MARKDOWN)
    for heading in figures:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _ratio(value: float, reference: float | None) -> str:
    return f"{value / reference:.3f}" if reference else ""

"""Puts figures, charts and tables into the template of the report."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined

from dispatch import __version__
from dispatch.units import DAY_S, Instant
from simulations.instance import Instance
from simulations.metrics import Measured, Metrics
from simulations.metrics.orders import DELIVERED
from simulations.metrics.wording import WORDINGS
from simulations.plans_told import plans_frame, plans_told
from simulations.report.cells_map import lateness_map
from simulations.report.charts import day, distribution, parts, ticks
from simulations.runner import Outcome

MOST_ROWS: Final = 50
"""Orders that were not delivered are listed up to this number."""

YEAR_S: Final = 365 * DAY_S

TILES: Final = (
    "click_to_door_mean_min",
    "click_to_door_p90_min",
    "late_share",
    "utilisation",
    "orders_per_bundle",
)
"""The figures at the top, beside the share delivered."""


def write_report(path: Path, outcome: Outcome, measured: Measured, *, policy: str) -> None:
    """Write the report of a run to ``path``. Raises OSError."""
    path.write_text(render_report(outcome, measured, policy=policy), "utf-8", newline="\n")


def render_report(outcome: Outcome, measured: Measured, *, policy: str) -> str:
    """The report of a run as HTML; the same run gives the same text, CPU times apart."""
    instance, orders, spans = outcome.instance, measured.orders, measured.spans
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            instance=instance,
            policy=policy,
            version=__version__,
            date=_date(instance),
            metrics=measured.metrics,
            tiles=_tiles(measured.metrics),
            figures=[(w.label, w.text(getattr(measured.metrics, w.name)), w.what) for w in WORDINGS],
            distribution=distribution(orders),
            day=day(orders, spans, instance.timezone),
            parts=parts(orders, instance.timezone),
            map=lateness_map(orders),
            ticks=ticks(outcome.tick_cpu_s, instance.rules.tick_s),
            told=plans_told(plans_frame(outcome.plans)),
            lost=_lost(orders, instance.timezone),
            lost_count=measured.metrics.orders - measured.metrics.delivered,
            oddities=sorted(Counter(issue.code for issue in instance.warnings).items()),
            example=str(instance.warnings[0]) if instance.warnings else "",
        )
    )


@cache
def environment() -> Environment:
    """The templates of this package."""
    loader = PackageLoader("simulations.report")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _tiles(metrics: Metrics) -> list[tuple[str, str, str]]:
    """(number, unit, name) of the figures at the top."""
    words = {wording.name: wording for wording in WORDINGS}
    found = [(f"{metrics.delivered:,}", f" of {metrics.orders:,}", "orders delivered")]
    for name in TILES:
        value = getattr(metrics, name)
        number = words[name].number(value) if value is not None else words[name].text(None)
        found.append((number, words[name].unit if value is not None else "", words[name].label))
    return found


def _date(instance: Instance) -> str:
    """The day of the instance; empty where times are counted from nothing."""
    if instance.starts_at < YEAR_S:
        return ""
    day = datetime.fromtimestamp(instance.starts_at, ZoneInfo(instance.timezone))
    return f"{day:%A}, {day.day} {day:%B %Y}"


def _lost(orders: pl.DataFrame, timezone: str) -> list[tuple[str, ...]]:
    """Order, merchant, when placed, what became of it, why, and what the plan last said."""
    zone = ZoneInfo(timezone)

    def clock(at: Instant) -> str:
        return datetime.fromtimestamp(at, zone).strftime("%H:%M")

    lost = orders.filter(pl.col("status") != DELIVERED).head(MOST_ROWS)
    columns = ("order_id", "merchant_id", "placed_at", "status", "reason", "verdict")
    return [
        (order, merchant, clock(placed_at), status, _words(reason), _words(verdict))
        for order, merchant, placed_at, status, reason, verdict in lost.select(columns).rows()
    ]


def _words(code: str) -> str:
    return code.replace("_", " ")

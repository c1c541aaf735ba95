"""One run in a handful of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from dispatch.units import HOUR_S, MINUTE_S
from simulations.metrics.orders import CANCELLED, DELIVERED, UNDELIVERED, order_table
from simulations.metrics.riders import HANDLING, RIDING, SHIFT, WAITING, rider_spans
from simulations.runner import Outcome

PENALTY_MIN: Final = 90.0
"""What an order that was not delivered counts in the penalised mean, minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Figures of one run; ``_min`` are minutes, shares are 0..1, None is where there is nothing to divide by.

    click_to_door, ready_to_pickup, ready_to_door: over delivered orders. penalised_mean_min: mean click_to_door where
    an order that was not delivered counts 90 minutes. late_share: of delivered orders, those after the promise;
    lateness_mean_min: mean time after the promise, kept promises counting 0. utilisation: share of all shifts' time
    spent riding or handling; waiting_share: spent at stops waiting for food or a customer's window. orders_per_bundle:
    orders collected in a pickup stop. inequality: Gini coefficient of the orders delivered an hour of shift over riders
    who worked, 0 where all have the same. reassignments: how often an order passed to another rider before pickup.
    """

    orders: int
    delivered: int
    cancelled: int
    undelivered: int
    click_to_door_mean_min: float | None
    click_to_door_median_min: float | None
    click_to_door_p90_min: float | None
    penalised_mean_min: float | None
    ready_to_pickup_mean_min: float | None
    ready_to_door_mean_min: float | None
    late_share: float | None
    lateness_mean_min: float | None
    riders: int
    utilisation: float | None
    waiting_share: float | None
    delivered_per_rider_hour: float | None
    orders_per_bundle: float | None
    inequality: float | None
    offers: int
    reassignments: int
    ticks: int
    tick_cpu_p50_ms: float | None
    tick_cpu_p99_ms: float | None
    tick_cpu_max_ms: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of a run, and the tables that they come from: ``order_table`` and ``rider_spans``."""

    metrics: Metrics
    orders: pl.DataFrame
    spans: pl.DataFrame


def measure(outcome: Outcome) -> Metrics:
    """The figures of a run."""
    return measured(outcome).metrics


def measured(outcome: Outcome) -> Measured:
    """The figures of a run with their tables."""
    orders, spans = order_table(outcome.events), rider_spans(outcome.events)
    return Measured(metrics_of(orders, spans, outcome.tick_cpu_s), orders, spans)


def metrics_of(orders: pl.DataFrame, spans: pl.DataFrame, tick_cpu_s: Sequence[float]) -> Metrics:
    """Figures from the tables of a run and the CPU seconds of its ticks."""
    done = orders.filter(pl.col("status") == DELIVERED)
    statuses = dict(orders["status"].value_counts().iter_rows())
    count = {status: int(statuses.get(status, 0)) for status in (DELIVERED, CANCELLED, UNDELIVERED)}
    seconds = dict(
        spans.group_by("kind").agg((pl.col("ends_at") - pl.col("starts_at")).sum().alias("seconds")).iter_rows()
    )
    shifts_s = seconds.get(SHIFT, 0)
    click_to_door = done["click_to_door_s"].to_numpy()
    lost_min = PENALTY_MIN * (len(orders) - len(done))
    picked_up = orders.filter(pl.col("bundle").is_not_null())
    stops = picked_up.select("rider_id", "picked_up_at", "merchant_id").unique()
    ticks_ms = 1000 * np.array(tick_cpu_s, np.float64)
    return Metrics(
        orders=len(orders),
        delivered=count[DELIVERED],
        cancelled=count[CANCELLED],
        undelivered=count[UNDELIVERED],
        click_to_door_mean_min=_minutes(click_to_door),
        click_to_door_median_min=_quantile(click_to_door / MINUTE_S, 50),
        click_to_door_p90_min=_quantile(click_to_door / MINUTE_S, 90),
        penalised_mean_min=_ratio(float(click_to_door.sum()) / MINUTE_S + lost_min, len(orders)),
        ready_to_pickup_mean_min=_minutes(done["ready_to_pickup_s"].to_numpy()),
        ready_to_door_mean_min=_minutes(done["ready_to_door_s"].to_numpy()),
        late_share=_ratio(int((done["lateness_s"] > 0).sum()), len(done)),
        lateness_mean_min=_minutes(done["lateness_s"].clip(lower_bound=0).to_numpy()),
        riders=spans["rider_id"].n_unique(),
        utilisation=_ratio(seconds.get(RIDING, 0) + seconds.get(HANDLING, 0), shifts_s),
        waiting_share=_ratio(seconds.get(WAITING, 0), shifts_s),
        delivered_per_rider_hour=_ratio(len(done) * HOUR_S, shifts_s),
        orders_per_bundle=_ratio(len(picked_up), len(stops)),
        inequality=_inequality(done, spans),
        offers=int(orders["offers"].sum()),
        reassignments=int(orders["reassignments"].sum()),
        ticks=len(ticks_ms),
        tick_cpu_p50_ms=_quantile(ticks_ms, 50),
        tick_cpu_p99_ms=_quantile(ticks_ms, 99),
        tick_cpu_max_ms=_quantile(ticks_ms, 100),
    )


def gini(values: np.ndarray) -> float | None:
    """Gini coefficient of non-negative values: 0 where all are equal, towards 1 where one has everything."""
    total = float(values.sum())
    if not len(values) or total == 0:
        return None
    ranks = 2 * np.arange(1, len(values) + 1) - len(values) - 1
    return float((ranks * np.sort(values)).sum()) / (len(values) * total)


def _inequality(done: pl.DataFrame, spans: pl.DataFrame) -> float | None:
    """Gini coefficient of orders delivered an hour of shift."""
    worked = (
        spans.filter(pl.col("kind") == SHIFT).group_by("rider_id").agg((pl.col("ends_at") - pl.col("starts_at")).sum())
    )
    delivered = done.group_by("rider_id").len("orders")
    table = worked.join(delivered, on="rider_id", how="left").filter(pl.col("ends_at") > 0).sort("rider_id")
    return gini((table["orders"].fill_null(0) / table["ends_at"]).to_numpy())


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _minutes(seconds: np.ndarray) -> float | None:
    return float(seconds.mean()) / MINUTE_S if len(seconds) else None


def _quantile(values: np.ndarray, percent: float) -> float | None:
    return float(np.percentile(values, percent)) if len(values) else None

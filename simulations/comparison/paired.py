"""How far one policy is from another, and how sure that is.

Both policies met the same orders and the same chances, so they are compared pair by pair: what days have in common
falls out, and far fewer runs tell a difference than two separate means would need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from dispatch.units import MINUTE_S
from simulations.metrics.figures import PENALTY_MIN
from simulations.metrics.orders import CANCELLED, DELIVERED, UNDELIVERED

Floats = NDArray[np.float64]

CONFIDENCE: Final = 0.95
RESAMPLES: Final = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean difference to the first policy, with its 95 % interval where there is one."""

    mean: float
    low: float | None = None
    high: float | None = None

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


class Orders(NamedTuple):
    """One run's orders, float64 (n,) each: minutes, NaN where not delivered, and status as 0 or 1."""

    click_to_door: Floats
    ready_to_pickup: Floats
    ready_to_door: Floats
    lateness: Floats
    cancelled: Floats
    undelivered: Floats

    def at(self, rows: NDArray[np.int64]) -> Orders:
        """These rows, as often as they are named."""
        return Orders(*(column[rows] for column in self))


def arrays_of(orders: pl.DataFrame) -> Orders:
    """The columns of a run's orders as arrays."""
    done = (orders["status"] == DELIVERED).to_numpy()
    names = ("click_to_door_s", "ready_to_pickup_s", "ready_to_door_s", "lateness_s")
    minutes = [np.where(done, orders[name].cast(pl.Float64).to_numpy() / MINUTE_S, np.nan) for name in names]
    status = [(orders["status"] == code).cast(pl.Float64).to_numpy() for code in (CANCELLED, UNDELIVERED)]
    return Orders(*minutes, *status)


STATISTICS: Final[Mapping[str, Callable[[Orders], float]]] = MappingProxyType(
    {
        "delivered": lambda orders: float(np.isfinite(orders.click_to_door).sum()),
        "cancelled": lambda orders: float(orders.cancelled.sum()),
        "undelivered": lambda orders: float(orders.undelivered.sum()),
        "click_to_door_mean_min": lambda orders: _mean(orders.click_to_door),
        "click_to_door_median_min": lambda orders: _quantile(orders.click_to_door, 50),
        "click_to_door_p90_min": lambda orders: _quantile(orders.click_to_door, 90),
        "penalised_mean_min": lambda orders: _mean(np.nan_to_num(orders.click_to_door, nan=PENALTY_MIN)),
        "ready_to_pickup_mean_min": lambda orders: _mean(orders.ready_to_pickup),
        "ready_to_door_mean_min": lambda orders: _mean(orders.ready_to_door),
        "late_share": lambda orders: _mean(np.where(np.isfinite(orders.lateness), orders.lateness > 0, np.nan)),
        "lateness_mean_min": lambda orders: _mean(np.maximum(orders.lateness, 0)),
    }
)
"""The figures that are made of orders alone, so that an interval can come from one run."""


def over_runs(first: Sequence[float | None], other: Sequence[float | None]) -> Difference | None:
    """Mean of the differences run by run, with Student's t interval for paired samples where there are two or more."""
    pairs = [(a, b) for a, b in zip(first, other, strict=True) if a is not None and b is not None]
    if not pairs:
        return None
    gaps = np.array([b - a for a, b in pairs])
    mean = float(gaps.mean())
    if len(gaps) < 2:
        return Difference(mean)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(gaps) - 1) * gaps.std(ddof=1) / np.sqrt(len(gaps)))
    return Difference(mean, mean - reach, mean + reach)


def over_orders(name: str, first: Orders, other: Orders, seed: int = 0) -> Difference | None:
    """Difference of a statistic between two runs of one day, with an interval from drawing its orders anew.

    The percentile bootstrap (Efron 1979): both runs are given the same draws of orders, with replacement.
    """
    statistic = STATISTICS[name]
    mean = statistic(other) - statistic(first)
    if not np.isfinite(mean):
        return None
    random = np.random.default_rng(seed)
    count = len(first.cancelled)
    gaps = np.empty(RESAMPLES)
    for draw in range(RESAMPLES):
        rows = random.integers(0, count, count)
        gaps[draw] = statistic(other.at(rows)) - statistic(first.at(rows))
    edge = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(gaps[np.isfinite(gaps)], [edge, 100 - edge])
    return Difference(mean, float(low), float(high))


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _quantile(values: Floats, percent: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.percentile(known, percent)) if len(known) else float("nan")

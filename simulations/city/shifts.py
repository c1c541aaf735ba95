"""When the riders of a synthetic city work: shifts of usual lengths, laid where demand is not covered yet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dispatch.units import DAY_S, HOUR_S, Seconds
from simulations.city.params import HOURS, RiderParams


def shift_times(
    params: RiderParams, hours: Sequence[float], lag_s: Seconds, rng: Generator
) -> list[tuple[Seconds, Seconds]]:
    """Start and end of ``params.count`` shifts, in seconds after the midnight that begins the day; sorted.

    Lengths are drawn; then, the longest first, each shift starts where it covers most of the demand still uncovered.
    The demand is ``hours``, ``lag_s`` later because food must be prepared first, scaled so that all shifts together
    cover it. Shifts may run past midnight.
    """
    lengths = _lengths(params, rng)
    step_s = params.start_step_s
    wanted = _wanted(hours, lag_s, step_s)
    missing = wanted * (lengths.sum() / step_s)
    shifts = []
    for length_s in lengths.tolist():
        slots = max(1, round(length_s / step_s))
        covered = np.convolve(missing, np.ones(slots), mode="full")[slots - 1 :]
        first = int(np.argmax(covered[: DAY_S // step_s]))
        missing[first : first + slots] -= 1.0
        shifts.append((first * step_s, first * step_s + length_s))
    return sorted(shifts)


def _lengths(params: RiderParams, rng: Generator) -> NDArray[np.int64]:
    """The lengths of all shifts, the longest first."""
    shares = np.array([length.share for length in params.lengths])
    usual = np.array([length.length_s for length in params.lengths], np.int64)
    drawn = usual[rng.choice(len(usual), params.count, p=shares / shares.sum())]
    ordered: NDArray[np.int64] = np.sort(drawn)[::-1].copy()
    return ordered


def _wanted(hours: Sequence[float], lag_s: Seconds, step_s: Seconds) -> NDArray[np.float64]:
    """The share of the day's demand in each slot of ``step_s``; two days long, so that shifts can run past midnight."""
    placed_h = ((np.arange(2 * DAY_S // step_s) + 0.5) * step_s - lag_s) / HOUR_S
    weights = np.array([hours[int(hour)] if 0 <= hour < HOURS else 0.0 for hour in placed_h])
    share: NDArray[np.float64] = weights / weights.sum()
    return share

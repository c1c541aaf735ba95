"""Shifts of a synthetic city lie where demand is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.model.order import Vehicle
from simulations.city.params import RiderParams, ShiftLength
from simulations.city.shifts import shift_times

HOUR = 3600


def riders(count: int, *hours: int, step_s: int = 1800) -> RiderParams:
    lengths = tuple(ShiftLength(length_s=hour * HOUR, share=1.0) for hour in hours)
    return RiderParams(count=count, start_step_s=step_s, spread_m=0, lengths=lengths, vehicles={Vehicle.CAR: 1.0})


def one_hour(hour: int) -> list[float]:
    return [float(i == hour) for i in range(24)]


@given(
    count=st.integers(0, 60),
    lengths=st.lists(st.integers(1, 10), min_size=1, max_size=3, unique=True),
    hours=st.lists(st.floats(0, 10), min_size=24, max_size=24).filter(lambda hours: sum(hours) > 0.1),
    step_s=st.sampled_from([600, 900, 1800, 3600]),
    lag_s=st.integers(0, 5400),
)
def test_shifts_are_of_usual_lengths_on_the_grid(
    count: int, lengths: list[int], hours: list[float], step_s: int, lag_s: int
) -> None:
    times = shift_times(riders(count, *lengths, step_s=step_s), hours, lag_s, np.random.default_rng(0))
    assert len(times) == count
    assert times == sorted(times)
    assert {end - start for start, end in times} <= {length * HOUR for length in lengths}
    assert all(0 <= start < 24 * HOUR and start % step_s == 0 for start, _ in times)


@pytest.mark.parametrize("hour", [0, 12, 23])
def test_shifts_cover_the_only_hour_of_demand(hour: int) -> None:
    times = shift_times(riders(20, 1), one_hour(hour), 0, np.random.default_rng(0))
    assert times == [(hour * HOUR, hour * HOUR + HOUR)] * 20


def test_shifts_come_later_by_the_time_of_preparation() -> None:
    times = shift_times(riders(20, 1), one_hour(12), 1800, np.random.default_rng(0))
    assert times == [(12 * HOUR + 1800, 13 * HOUR + 1800)] * 20


def test_late_demand_is_covered_past_midnight() -> None:
    times = shift_times(riders(5, 2), one_hour(23), HOUR // 2, np.random.default_rng(0))
    assert all(end > 24 * HOUR for _, end in times)


def test_riders_on_shift_follow_demand() -> None:
    hours = [0.0] * 10 + [1, 2, 6, 4, 2, 2, 2, 3, 6, 5, 2, 1] + [0.0] * 2
    times = shift_times(riders(120, 2, 3, 5), hours, 0, np.random.default_rng(0))
    on = [sum(start <= hour * HOUR + 1 < end for start, end in times) for hour in range(24)]
    total = sum(end - start for start, end in times) / HOUR
    wanted = [hour / sum(hours) * total for hour in hours]
    assert on[:8] == [0] * 8
    assert max(abs(a - b) for a, b in zip(on[10:22], wanted[10:22], strict=True)) < 0.2 * max(wanted)

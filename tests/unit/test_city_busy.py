"""The built-in day is worth dispatching: at the peaks riders are busy, but not swamped."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from dispatch.model.place import Place
from dispatch.model.rider import RiderId
from simulations.instance import Instance
from simulations.readers import load_instance
from tests.support.shared_data import REPOSITORY

Busy = list[tuple[int, int]]
"""Times from setting out for a merchant until the drop-off, waiting for food not counted."""


@pytest.fixture(scope="module")
def day() -> Instance:
    return load_instance(REPOSITORY / "data" / "synthetic")


def index_of(day: Instance) -> dict[Place, int]:
    places = [place for order in day.orders for place in (order.pickup, order.dropoff) if place]
    return {place: i for i, place in enumerate(dict.fromkeys([*places, *(shift.start for shift in day.shifts)]))}


def first_come(day: Instance) -> tuple[Busy, int]:
    """Each order alone to the rider who can pick it up first; when riders are busy, and how many orders are left."""
    place = index_of(day)
    points = np.array([(spot.latitude, spot.longitude) for spot in place])
    vehicles = {rider.id: rider.vehicle.value for rider in day.riders}
    seconds = {name: day.travel.matrix(points, points, name) for name in set(vehicles.values())}
    here = {shift.rider_id: (place[shift.start], shift.starts_at) for shift in day.shifts}
    off_at = {shift.rider_id: shift.ends_at for shift in day.shifts}
    busy: Busy = []
    for order in sorted(day.orders, key=lambda order: order.ready_at):
        pickup, dropoff = place[order.pickup], place[order.dropoff or order.pickup]
        choices: list[tuple[int, int, RiderId]] = []
        for rider_id, (spot, free_at) in here.items():
            way_s = int(seconds[vehicles[rider_id]][spot, pickup])
            pickup_at = max(max(free_at, order.placed_at) + way_s, order.ready_at)
            if pickup_at <= off_at[rider_id]:
                choices.append((pickup_at, way_s, rider_id))
        if not choices:
            continue
        pickup_at, way_s, rider_id = min(choices)
        there_at = pickup_at + order.pickup_handling.after_s + int(seconds[vehicles[rider_id]][pickup, dropoff])
        here[rider_id] = dropoff, there_at + order.dropoff_handling.before_s
        busy.append((pickup_at - way_s, here[rider_id][1]))
    return busy, len(day.orders) - len(busy)


def overlap(times: list[tuple[int, int]], start: int, end: int) -> int:
    array: NDArray[np.int64] = np.array(times).clip(start, end)
    return int((array[:, 1] - array[:, 0]).sum())


def test_riders_are_busy_for_two_thirds_of_both_peaks(day: Instance) -> None:
    busy, left = first_come(day)
    shifts = [(shift.starts_at, shift.ends_at) for shift in day.shifts]
    assert left <= 2
    for first, last in ((12, 14), (18, 20)):
        start, end = (
            int(datetime(2026, 3, 6, hour, tzinfo=ZoneInfo(day.timezone)).timestamp()) for hour in (first, last)
        )
        assert 0.6 < overlap(busy, start, end) / overlap(shifts, start, end) < 0.75


def test_there_are_riders_for_every_hour_with_orders(day: Instance) -> None:
    for order in day.orders:
        within = [
            shift
            for shift in day.shifts
            if shift.starts_at <= order.ready_at + 1800 and shift.ends_at >= order.ready_at
        ]
        assert within, order.id

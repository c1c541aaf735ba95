"""The Colombian city-days: local times of one day, vehicles, and what is odd in the public files."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.geo.travel import StraightLine
from dispatch.model.order import Handling, Vehicle
from simulations.instance import Instance, WorldRules
from simulations.readers import load_instance
from simulations.readers.colombia import handling, read_colombia
from tests.support.instance_files import EXAMPLES, edit, example, refused, spots, warned

FOLDER = EXAMPLES / "colombia"
MIDNIGHT = int(datetime(2019, 8, 1, 5, tzinfo=UTC).timestamp())
"""Midnight in Bogota, which is five hours behind UTC all year."""
MOST_S = 3.0
"""CPU seconds that reading the largest day may take."""


def local(at: int) -> str:
    return str(timedelta(seconds=at - MIDNIGHT))


def test_times_are_local_instants() -> None:
    order = load_instance(FOLDER).orders[0]
    assert (local(order.placed_at), local(order.ready_at), local(order.promised_at)) == (
        "11:40:10",
        "11:55:00",
        "12:15:10",
    )


def test_another_day_moves_everything_by_whole_days() -> None:
    usual, later = load_instance(FOLDER), read_colombia(FOLDER, day=date(2019, 8, 3))
    assert [order.placed_at + 2 * 86_400 for order in usual.orders] == [order.placed_at for order in later.orders]
    assert [shift.ends_at + 2 * 86_400 for shift in usual.shifts] == [shift.ends_at for shift in later.shifts]


def test_times_after_midnight_belong_to_the_next_day() -> None:
    instance = load_instance(FOLDER)
    order = instance.orders[-1]
    assert (local(order.ready_at), local(order.promised_at)) == ("1 day, 0:06:00", "1 day, 0:25:00")
    assert [issue.field for issue in instance.warnings if issue.code == "past_midnight"] == [
        "ready_time",
        "expected_drop_off_time",
    ]
    shift = instance.shifts[-1]
    assert (local(shift.starts_at), local(shift.ends_at)) == ("22:30:00", "1 day, 1:30:00")


def test_merchants_are_the_places_of_pickup() -> None:
    instance = load_instance(FOLDER)
    assert {order.id: order.merchant_id for order in instance.orders} == {
        "1": "m1", "2": "m1", "6": "m1", "3": "m2", "5": "m2", "4": "m3",
    }  # fmt: skip
    places = {merchant.id: merchant.place for merchant in instance.merchants}
    assert all(order.pickup == places[order.merchant_id] for order in instance.orders)


def test_vehicles_capacities_and_speeds() -> None:
    instance = load_instance(FOLDER)
    assert {rider.id: (rider.vehicle, rider.capacity) for rider in instance.riders} == {
        "1": (Vehicle.MOTORCYCLE, 3),
        "2": (Vehicle.BICYCLE, 2),
        "3": (Vehicle.WALK, 2),
        "8": (Vehicle.CAR, 4),
    }
    assert instance.travel == StraightLine({"walk": 5.0, "bicycle": 15.0, "motorcycle": 23.0, "car": 25.0})


def test_rows_of_one_rider_are_shifts() -> None:
    shifts = [shift for shift in load_instance(FOLDER).shifts if shift.rider_id == "1"]
    assert [(shift.id, local(shift.starts_at)) for shift in shifts] == [("1-1", "11:00:00"), ("1-2", "18:30:00")]


def test_the_world_is_that_of_the_simulator() -> None:
    assert load_instance(FOLDER).rules == WorldRules(
        tick_s=60, accept_s=20, cancel_after_s=2700, cancel_probability=0.75, give_up_after_s=3600, policy="colombia"
    )


@pytest.mark.parametrize("order_id", ["1", "31199"])
def test_handling_is_drawn_by_the_order_id(order_id: str) -> None:
    draw = random.Random(f"8795-{order_id}")
    pickup_s, dropoff_s = draw.randint(120, 600), draw.randint(120, 300)
    assert handling(order_id) == (Handling(0, pickup_s), Handling(dropoff_s, 0))


@pytest.mark.parametrize(
    ("old", "new", "spot"),
    [
        ("12:10:00", "12:60:00", ("not_a_time", "orders.csv", 5, "placement_time")),
        ("12:10:00", "24:00:00", ("not_a_time", "orders.csv", 5, "placement_time")),
        ("12:10:00", "noon", ("not_a_time", "orders.csv", 5, "placement_time")),
        ("12:10:00", "-1:10:00", ("not_a_time", "orders.csv", 5, "placement_time")),
        ("12:10:00", "", ("missing_value", "orders.csv", 5, "placement_time")),
        ("12:24:00", "12:09:00", ("ready_before_placed", "orders.csv", 5, "ready_time")),
        ("12:45:00", "12:09:00", ("promise_before_placed", "orders.csv", 5, "expected_drop_off_time")),
        ("\n4,", "\n3,", ("duplicate_id", "orders.csv", 5, "order_id")),
    ],
)
def test_a_bad_order_is_refused(tmp_path: Path, old: str, new: str, spot: tuple[str, str, int, str]) -> None:
    folder = example("colombia", tmp_path)
    edit(folder / "orders.csv", old, new)
    assert spot in spots(refused(folder))


@pytest.mark.parametrize(
    ("old", "new", "spot"),
    [
        ("2,bicycle", "2,scooter", ("unknown_value", "couriers.csv", 4, "vehicle")),
        ("2,bicycle", "2,", ("missing_value", "couriers.csv", 4, "vehicle")),
        ("2,bicycle", ",bicycle", ("missing_value", "couriers.csv", 4, "courier_id")),
        ("18:30:00", "14:59:59", ("overlapping_shifts", "couriers.csv", 3, "on_time")),
        ("2,bicycle", "1,bicycle", ("conflicting_rows", "couriers.csv", 4, "vehicle")),
    ],
)
def test_a_bad_rider_is_refused(tmp_path: Path, old: str, new: str, spot: tuple[str, str, int, str]) -> None:
    folder = example("colombia", tmp_path)
    edit(folder / "couriers.csv", old, new)
    assert spot in spots(refused(folder))


def test_a_shift_inside_a_longer_one_overlaps(tmp_path: Path) -> None:
    folder = example("colombia", tmp_path)
    edit(folder / "couriers.csv", "18:30:00,22:00:00", "11:10:00,11:20:00\n1,motorcycle,5.5,-73.3,14:00:00,16:00:00")
    found = [(issue.code, issue.line) for issue in refused(folder)]
    assert found == [("overlapping_shifts", 3), ("overlapping_shifts", 4)]


def test_the_same_row_twice_overlaps(tmp_path: Path) -> None:
    folder = example("colombia", tmp_path)
    row = "3,walking,5.5410,-73.3585,11:30:00,13:30:00\n"
    edit(folder / "couriers.csv", row, row + row)
    assert [(issue.code, issue.line) for issue in refused(folder)] == [("overlapping_shifts", 6)]


def test_an_empty_shift_leaves_the_rider_without(tmp_path: Path) -> None:
    folder = example("colombia", tmp_path)
    edit(folder / "couriers.csv", "11:30:00,13:30:00", "11:30:00,11:30:00")
    instance = load_instance(folder)
    assert ("empty_shift", "couriers.csv", 5, "off_time") in warned(folder)
    assert "3" in {rider.id for rider in instance.riders}
    assert "3" not in {shift.rider_id for shift in instance.shifts}


def test_odd_preparation_is_let_in(tmp_path: Path) -> None:
    folder = example("colombia", tmp_path)
    edit(folder / "orders.csv", "12:11:00", "12:30:00")
    edit(folder / "orders.csv", "11:42:00", "11:40:00")
    found = {
        (issue.line, issue.field)
        for issue in load_instance(folder).warnings
        if issue.code == "preparation_out_of_order"
    }
    assert found == {(5, "ready_time"), (2, "preparation_time")}


PUBLIC = {
    # day: orders, riders, shifts, merchants; promises before ready, times after midnight, empty shifts, remote riders
    3: (2959, 1185, 1181, 306, 939, 7, 4, 0),
    4: (844, 415, 414, 181, 255, 0, 1, 0),
    10: (735, 455, 451, 188, 186, 0, 4, 0),
    12: (31199, 13152, 12546, 3682, 5866, 64, 606, 6),
    13: (4516, 1876, 1831, 742, 852, 10, 45, 0),
    15: (1462, 941, 937, 284, 348, 3, 4, 0),
    19: (4389, 1908, 1861, 760, 786, 25, 47, 0),
    21: (1376, 959, 951, 280, 328, 4, 8, 0),
}


def counts(instance: Instance) -> tuple[int, ...]:
    odd = Counter(issue.code for issue in instance.warnings)
    kinds = ("promise_before_ready", "past_midnight", "empty_shift", "remote_place")
    assert not odd.keys() - {*kinds}
    entities = (instance.orders, instance.riders, instance.shifts, instance.merchants)
    return (*map(len, entities), *(odd[kind] for kind in kinds))


def timed(path: Path) -> tuple[float, Instance]:
    """CPU seconds that reading a day takes, and the day."""
    before = time.process_time()
    instance = load_instance(path)
    return time.process_time() - before, instance


@pytest.mark.parametrize("day", PUBLIC)
def test_public_days_load(rappi_dir: Path, day: int) -> None:
    took_s, instance = timed(rappi_dir / str(day))
    if took_s >= MOST_S:  # once more: beside other work a processor is slower, and never quicker
        took_s, instance = timed(rappi_dir / str(day))
    assert took_s < MOST_S
    assert counts(instance) == PUBLIC[day]


def test_a_thinned_public_day(rappi_dir: Path) -> None:
    instance = load_instance(rappi_dir / "4", thin=8)
    assert len(instance.orders) == 844
    assert len(instance.riders) == 51
    assert all(int(rider.id) % 8 == 0 for rider in instance.riders)

"""The Grubhub format: minutes, metres, service times; and all public instances where they are at hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from dispatch.geo.travel import PlanarTravel
from dispatch.model.order import Handling
from dispatch.model.place import Place
from simulations.instance import Instance, WorldRules
from simulations.readers import load_instance
from tests.support.instance_files import EXAMPLES, edit, example, refused, spots


def travel_minutes(instance: Instance, origin: Place, destination: Place) -> float:
    a, b = (np.array([[place.latitude, place.longitude]]) for place in (origin, destination))
    return int(instance.travel.pairs(a, b, "motorcycle")[0]) / 60


def test_minutes_become_seconds() -> None:
    instance = load_instance(EXAMPLES / "grubhub")
    order = instance.orders[1]
    assert (order.id, order.merchant_id) == ("o2", "r1")
    assert (order.placed_at, order.ready_at, order.promised_at) == (7 * 60, 20 * 60, 47 * 60)
    assert [(shift.rider_id, shift.starts_at, shift.ends_at) for shift in instance.shifts] == [
        ("c1", 0, 3600),
        ("c2", 600, 5400),
    ]


def test_half_of_each_service_lies_before_and_half_after() -> None:
    order = load_instance(EXAMPLES / "grubhub").orders[0]
    assert order.pickup_handling == order.dropoff_handling == Handling(120, 120)


def test_a_service_of_odd_seconds_loses_none(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "instance_parameters.txt", "300\t4\t4", "300\t0.15\t0")
    order = load_instance(folder).orders[0]
    assert order.pickup_handling == Handling(5, 4)
    assert order.dropoff_handling == Handling(0, 0)


def test_the_world_is_that_of_the_problem() -> None:
    instance = load_instance(EXAMPLES / "grubhub")
    assert instance.rules == WorldRules(tick_s=60, accept_s=0, policy="grubhub")
    assert instance.travel == PlanarTravel((0.0, 0.0), 300.0, step_s=60)
    assert instance.starts_at == 0


def test_travel_is_the_ceiling_of_plane_minutes() -> None:
    instance = load_instance(EXAMPLES / "grubhub")
    order = instance.orders[0]
    assert order.id == "o1"
    assert order.dropoff is not None
    # It lies 900 m east and 300 m north of its restaurant.
    assert travel_minutes(instance, order.pickup, order.dropoff) == math.ceil(math.hypot(900, 300) / 300)


@pytest.mark.parametrize(
    ("row", "count"), [("", 0), ("\n300\t4\t4\t40\t90\t10\t15\n300\t4\t4\t40\t90\t10\t15", 2)], ids=["none", "two"]
)
def test_one_row_of_parameters_is_wanted(tmp_path: Path, row: str, count: int) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "instance_parameters.txt", "\n300\t4\t4\t40\t90\t10\t15", row)
    (issue,) = refused(folder)
    assert (issue.code, issue.source) == ("wrong_row_count", "instance_parameters.txt")
    assert f"{count} rows" in issue.cause


def test_a_shift_without_length_is_refused(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "couriers.txt", "10\t90", "90\t90")
    assert spots(refused(folder)) == [("shift_ends_before_start", "couriers.txt", 3, "off_time")]


def test_places_keep_their_metres(tmp_path: Path) -> None:
    folder = example("grubhub", tmp_path)
    edit(folder / "orders.txt", "o1\t2400\t1500", "o1\t-46711.25\t0")
    instance = load_instance(folder)
    dropoff = instance.orders[0].dropoff
    assert dropoff is not None
    assert isinstance(instance.travel, PlanarTravel)
    assert instance.travel.to_plane(dropoff.latitude, dropoff.longitude) == (-46711.25, 0.0)


def test_all_public_instances_load(grubhub_dir: Path) -> None:
    folders = sorted(path for path in grubhub_dir.iterdir() if path.is_dir())
    assert len(folders) == 168
    for folder in folders:
        instance = load_instance(folder)
        lines = {name: len((folder / name).read_text().splitlines()) - 1 for name in ("orders.txt", "couriers.txt")}
        assert len(instance.orders) == lines["orders.txt"] > 0
        assert len(instance.riders) == len(instance.shifts) == lines["couriers.txt"] > 0
        assert instance.warnings == ()
        assert instance.name == folder.name


def test_public_travel_times_equal_the_published_formula(grubhub_dir: Path) -> None:
    folder = grubhub_dir / "0o100t100s1p100"
    instance = load_instance(folder)
    tables = [(folder / f"{name}.txt").read_text().splitlines()[1:] for name in ("orders", "restaurants")]
    spot = {row.split("\t")[0]: tuple(map(float, row.split("\t")[1:3])) for rows in tables for row in rows}
    pickups = np.array([(order.pickup.latitude, order.pickup.longitude) for order in instance.orders])
    ends = [order.dropoff or order.pickup for order in instance.orders]
    dropoffs = np.array([(place.latitude, place.longitude) for place in ends])
    wanted = [math.ceil(math.dist(spot[order.merchant_id], spot[order.id]) / 320) * 60 for order in instance.orders]
    assert instance.travel.pairs(pickups, dropoffs, "motorcycle").tolist() == wanted

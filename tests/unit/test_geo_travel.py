"""Straight-line and planar travel times."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dispatch.geo.kernel import travel_s
from dispatch.geo.travel import SPEEDS_KMH, PlanarTravel, StraightLine, TravelTimes
from dispatch.units import UNREACHABLE_S
from tests.support.places import BOGOTA, MEDELLIN, city_arrays, places, point_arrays

VEHICLES = ("walk", "bicycle", "motorcycle", "car", "van")


def test_one_kilometre_at_every_speed() -> None:
    kilometre = math.degrees(1000 / 6_371_008.8)
    a, b = places((0.0, 0.0)), places((kilometre, 0.0))
    line = StraightLine()
    seconds = {name: int(line.pairs(a, b, name)[0]) for name in line.profiles}
    assert seconds == {"walk": 720, "bicycle": 240, "motorcycle": 157, "car": 144, "van": 144}
    assert line.distance_pairs_m(a, b).tolist() == [1000]


def test_road_factor_and_step() -> None:
    kilometre = math.degrees(1000 / 6_371_008.8)
    a, b = places((0.0, 0.0)), places((0.0, kilometre))
    assert StraightLine({"van": 36.0}, road_factor=1.25).pairs(a, b, "van").tolist() == [125]
    assert StraightLine({"van": 36.0}, road_factor=1.25, step_s=60).pairs(a, b, "van").tolist() == [180]
    assert StraightLine(road_factor=1.25).distance_pairs_m(a, b).tolist() == [1250]


def test_profiles_keep_their_order() -> None:
    assert StraightLine().profiles == VEHICLES == tuple(SPEEDS_KMH)
    assert StraightLine({"van": 1.0, "walk": 2.0}).profiles == ("van", "walk")
    assert PlanarTravel((0.0, 0.0), 320.0).profiles == VEHICLES
    assert PlanarTravel((0.0, 0.0), 320.0, profiles=("scooter",)).profiles == ("scooter",)


@pytest.mark.parametrize("travel", [StraightLine(), StraightLine(road_factor=1.4, step_s=7), PlanarTravel(BOGOTA, 320)])
@given(points=city_arrays(max_size=8), profile=st.sampled_from(VEHICLES))
def test_every_answer_is_the_kernels(travel: TravelTimes, points: NDArray[np.float64], profile: str) -> None:
    table, index = travel.table(points), travel.profiles.index(profile)
    n = len(points)
    kernel = np.array([[travel_s(table, index, i, j) for j in range(n)] for i in range(n)], np.int64)
    assert np.array_equal(travel.matrix(points, points, profile), kernel)
    turned = np.roll(points, 1, axis=0)
    assert np.array_equal(travel.pairs(points, turned, profile), kernel[np.arange(n), np.arange(n) - 1])


@given(points=point_arrays(max_size=6), step_s=st.integers(1, 600))
def test_times_are_steps_and_never_too_short(points: NDArray[np.float64], step_s: int) -> None:
    fine, coarse = StraightLine(), StraightLine(step_s=step_s)
    exact, stepped = fine.matrix(points, points, "car"), coarse.matrix(points, points, "car")
    assert not (stepped % step_s).any()
    assert ((stepped >= exact - 1) & (stepped < exact + step_s)).all()


def test_an_hour_of_a_snail_is_unreachable() -> None:
    a, b = places(BOGOTA), places(MEDELLIN)
    assert StraightLine({"snail": 1e-6}).pairs(a, b, "snail").tolist() == [UNREACHABLE_S]


def test_no_points_no_times() -> None:
    none = np.empty((0, 2))
    line = StraightLine()
    assert line.pairs(none, none, "car").shape == (0,)
    assert line.matrix(none, places(BOGOTA), "car").shape == (0, 1)
    assert line.table(none).points.shape == (0, 3)


def test_refuses_unknown_profiles_by_name() -> None:
    message = "unknown travel profile 'jet'; known are walk, bicycle, motorcycle, car, van"
    for travel in (StraightLine(), PlanarTravel((0.0, 0.0), 320.0)):
        with pytest.raises(ValueError, match=message):
            travel.pairs(places(BOGOTA), places(BOGOTA), "jet")
        with pytest.raises(ValueError, match=message):
            travel.matrix(places(BOGOTA), places(BOGOTA), "jet")


def test_refuses_points_that_are_no_place() -> None:
    bad = np.array([BOGOTA, (math.nan, 1.0), (math.nan, 1.0)])
    for travel in (StraightLine(), PlanarTravel(BOGOTA, 320.0)):
        with pytest.raises(ValueError, match=r"points\[1\] is no place"):
            travel.table(bad)
        with pytest.raises(ValueError, match=r"destinations\[1\] is no place"):
            travel.pairs(np.array([BOGOTA] * 3), bad, "car")
        with pytest.raises(ValueError, match=r"origins\[1\] is no place"):
            travel.distance_pairs_m(bad, bad)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: StraightLine({}), "at least one speed"),
        (lambda: StraightLine({"car": 0.0}), "the speed of 'car' must be a positive number, not 0.0"),
        (lambda: StraightLine({"car": math.nan}), "the speed of 'car'"),
        (lambda: StraightLine(road_factor=-1.0), "road_factor must be a positive number"),
        (lambda: StraightLine(step_s=0), "step_s must be at least 1 second, not 0"),
        (lambda: PlanarTravel((0.0, 0.0), math.inf), "metres_per_minute must be a positive number"),
        (lambda: PlanarTravel((0.0, 0.0), 1.0, step_s=-1), "step_s must be at least 1 second"),
        (lambda: PlanarTravel((89.5, 0.0), 1.0), "the origin of a plane must lie within"),
        (lambda: PlanarTravel((0.0, math.nan), 1.0), "the origin of a plane must lie within"),
        (lambda: PlanarTravel((0.0, 0.0), 1.0, profiles=()), "at least one profile"),
    ],
)
def test_refuses_parameters_without_sense(build: type[StraightLine], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_providers_travel_between_processes() -> None:
    for travel in (StraightLine(road_factor=1.3), PlanarTravel(BOGOTA, 320.0)):
        assert pickle.loads(pickle.dumps(travel)) == travel


def test_planar_minutes() -> None:
    plane = PlanarTravel((0.0, 0.0), 320.0)
    at = [plane.to_place(x, 0.0) for x in (0.0, 1.0, 320.0, 320.000002, 640.0)]
    points = places(*at)
    assert plane.matrix(points[:1], points, "van")[0].tolist() == [0, 60, 60, 120, 120]
    assert plane.distance_pairs_m(points[:1], points[4:]).tolist() == [640]


@given(
    x=st.integers(-(10**11), 10**11),
    y=st.integers(-(10**11), 10**11),
    origin=st.tuples(st.floats(-60, 60), st.floats(-170, 170)),
)
def test_the_plane_comes_back_exactly(x: int, y: int, origin: tuple[float, float]) -> None:
    plane = PlanarTravel(origin, 320.0)
    assert plane.to_plane(*plane.to_place(x / 1e6, y / 1e6)) == (x / 1e6, y / 1e6)


def rows(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()][1:]


@pytest.mark.parametrize("name", ["0o100t100s1p100", "0o100t75s1p100", "5r50t75s2p125", "9o50t100s2p100"])
def test_grubhub_travel_is_exact_for_all_pairs(grubhub_dir: Path, name: str) -> None:
    folder = grubhub_dir / name
    pace = float(rows(folder / "instance_parameters.txt")[0][0])
    plane = PlanarTravel((0.0, 0.0), pace)
    xy = np.array(
        [
            (float(row[1]), float(row[2]))
            for file in ("restaurants.txt", "orders.txt", "couriers.txt")
            for row in rows(folder / file)
        ]
    )
    points = np.column_stack(plane.to_place(xy[:, 0], xy[:, 1]))
    minutes = plane.matrix(points, points, "motorcycle")
    expected = [
        [60 * math.ceil(math.hypot(ax - bx, ay - by) / pace) for bx, by in xy.tolist()] for ax, ay in xy.tolist()
    ]
    assert minutes.tolist() == expected

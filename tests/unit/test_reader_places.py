"""Places that cannot be: out of range, exchanged, in another country."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulations.readers import load_instance
from simulations.readers.geography import Places, check_places
from simulations.readers.validation import Report, Where
from tests.support.instance_files import edit, example, refused, warned


def judge(points: list[tuple[float, float]]) -> list[tuple[str, int | None]]:
    latitude, longitude = np.array(points, float).reshape(-1, 2).T
    report = Report()
    check_places(report, [Places(latitude, longitude, lambda i: Where("file", i))])
    return [(issue.code, issue.line) for issue in (*report.errors, *report.warnings)]


BOGOTA = [(4.60, -74.08), (4.65, -74.05), (4.71, -74.07), (4.62, -74.15)]
DATE_LINE = [(-17.8, 179.99), (-17.8, -179.99), (-17.9, 179.95), (-17.7, -179.9)]


@pytest.mark.parametrize("city", [BOGOTA, DATE_LINE, [], BOGOTA[:1]])
def test_a_city_is_fine(city: list[tuple[float, float]]) -> None:
    assert judge(city) == []


@pytest.mark.parametrize(
    ("point", "code"),
    [
        ((-74.08, 4.60), "swapped_coordinates"),  # in range, but in Antarctica
        ((-74.08, 204.60), "not_a_place"),
        ((174.08, 4.60), "swapped_coordinates"),  # out of range, within it when exchanged
        ((95.0, 95.0), "not_a_place"),
        ((0.0, 0.0), "far_from_rest"),
        ((6.25, -75.57), "remote_place"),  # Medellin
        ((40.4, -3.7), "far_from_rest"),
    ],
)
def test_a_place_that_does_not_belong(point: tuple[float, float], code: str) -> None:
    assert judge([*BOGOTA, point]) == [(code, 4)]
    assert judge([point, *BOGOTA]) == [(code, 0)]


def test_what_was_reported_elsewhere_is_left_alone() -> None:
    assert judge([*BOGOTA, (float("nan"), -74.0), (4.6, float("inf"))]) == []


def test_exchanged_near_the_diagonal_cannot_be_told() -> None:
    # In a city whose latitude is near its longitude both readings are near; nothing is claimed.
    assert judge([(45.1, 45.2), (45.15, 45.1), (45.0, 45.05), (45.2, 45.1)]) == []


def test_the_cause_says_what_happened(tmp_path: Path) -> None:
    folder = example("colombia", tmp_path)
    edit(folder / "orders.csv", "5.5466,-73.3652", "-73.3652,5.5466")
    edit(folder / "couriers.csv", "5.5410,-73.3585", "-173.3585,5.5410")
    orders, riders = sorted(refused(folder), key=lambda issue: issue.source, reverse=True)
    assert (orders.code, orders.line, orders.field) == ("swapped_coordinates", 4, "drop_off_lat")
    assert "exchanged it would lie among them" in orders.cause
    assert (riders.code, riders.line, riders.field) == ("swapped_coordinates", 5, "on_lat")
    assert "outside -90..90; latitude and longitude look exchanged" in riders.cause


def test_a_remote_rider_is_let_in(tmp_path: Path) -> None:
    folder = example("colombia", tmp_path)
    edit(folder / "couriers.csv", "5.5410,-73.3585", "7.5410,-73.3585")
    assert ("remote_place", "couriers.csv", 5, "on_lat") in warned(folder)
    assert len(load_instance(folder).riders) == 4

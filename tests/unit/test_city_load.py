"""Parameters of a city as TOML: strict, complete in what they complain of, and the same after writing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.errors import InvalidInputError, Issue
from simulations.city.load import load_city
from simulations.city.params import DemandParams
from simulations.city.toml import to_toml
from tests.support.instance_files import edit
from tests.support.shared_data import REPOSITORY

CITIES = sorted((REPOSITORY / "data" / "cities").glob("*.toml"))
SMALL = REPOSITORY / "data" / "cities" / "small.toml"


def refused(path: Path) -> list[Issue]:
    with pytest.raises(InvalidInputError) as caught:
        load_city(path)
    return list(caught.value.issues)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "city.toml"
    path.write_bytes(SMALL.read_bytes())
    return path


@pytest.mark.parametrize("path", CITIES, ids=lambda path: path.stem)
def test_shipped_cities_read_and_write_the_same(tmp_path: Path, path: Path) -> None:
    city = load_city(path)
    assert city.name == path.stem
    (tmp_path / "copy.toml").write_text(to_toml(city), encoding="utf-8")
    assert load_city(tmp_path / "copy.toml") == city


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        ("version = 1", "version = 2", "unknown_version", "version"),
        ("version = 1", "", "missing_value", "version"),
        ('name = "small"', 'nome = "small"', "unknown_key", "nome"),
        ('name = "small"', "name = 3", "wrong_type", "name"),
        ("Sao_Paulo", "Springfield", "unknown_timezone", "timezone"),
        ("day = 2026-03-06", "day = 2026-03-06T00:00:00", "wrong_type", "day"),
        ("day = 2026-03-06", 'day = "friday"', "wrong_type", "day"),
        ("latitude = -30.03", "latitude = 95", "out_of_range", "latitude"),
        ("road_factor = 1.3", "road_factor = 0.9", "out_of_range", "road_factor"),
        ("road_factor = 1.3", "road_factor = inf", "not_finite", "road_factor"),
        ("background = 0.1", "background = 1.1", "out_of_range", "merchants.background"),
        ("share = 0.6\neast", "share = -0.6\neast", "out_of_range", "merchants.centres[0].share"),
        ("share = 0.6\neast", "shares = 0.6\neast", "unknown_key", "merchants.centres[0].shares"),
        ("hours = [0.0, ", "hours = [", "wrong_type", "demand.hours"),
        ("hours = [0.0, ", "hours = [-0.1, ", "out_of_range", "demand.hours[0]"),
        ("hours = [0.0, ", 'hours = ["many", ', "wrong_type", "demand.hours[0]"),
        ("median = 1600", "median = 0", "out_of_range", "demand.distance_m.median"),
        ("maximum = 5780", "maximum = 100", "out_of_range", "demand.distance_m.maximum"),
        ("pickup_max_s = 600", "pickup_max_s = 60", "out_of_range", "handling.pickup_max_s"),
        ("step_s = 300", "step_s = 0", "out_of_range", "promise.step_s"),
        ("bicycle = 0.25", "rocket = 0.25", "unknown_key", "riders.vehicles.rocket"),
        ("count = 110", "count = 110.5", "wrong_type", "riders.count"),
        ("length_s = 7200", "length_s = 0", "out_of_range", "riders.lengths[0].length_s"),
        ("tick_s = 60", "tock_s = 60", "unknown_key", "rules.tock_s"),
    ],
)
def test_a_bad_value_is_refused(copy: Path, old: str, new: str, code: str, field: str) -> None:
    edit(copy, old, new)
    assert (code, field) in [(issue.code, issue.field) for issue in refused(copy)]


def test_everything_wrong_is_said_at_once(copy: Path) -> None:
    for old, new in (("version = 1", "version = 9"), ("count = 60", "count = 0"), ("accept_s = 20", "accept_s = -1")):
        edit(copy, old, new)
    assert {issue.field for issue in refused(copy)} == {"version", "merchants.count", "rules.accept_s"}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("bicycle = 0.25\nmotorcycle = 0.65\ncar = 0.1", "", "riders.vehicles."),
        ("share = 0.3\n\n[rules]", "share = 0\n\n[rules]", "riders.lengths"),
    ],
)
def test_weights_must_not_all_be_zero(copy: Path, old: str, new: str, field: str) -> None:
    edit(copy, old, new)
    text = copy.read_text(encoding="utf-8").replace("length_s = 10800\nshare = 0.4", "length_s = 10800\nshare = 0")
    copy.write_text(text.replace("length_s = 7200\nshare = 0.3", "length_s = 7200\nshare = 0"), encoding="utf-8")
    assert field in {issue.field for issue in refused(copy)}


def test_no_toml_is_said(copy: Path) -> None:
    edit(copy, "[demand]", "[demand")
    (issue,) = refused(copy)
    assert issue.code == "unreadable_file"
    assert "line 40" in issue.cause


def test_no_file_is_said(tmp_path: Path) -> None:
    assert [issue.code for issue in refused(tmp_path / "none.toml")] == ["missing_file"]


def test_parameters_made_by_hand_are_checked() -> None:
    city = load_city(SMALL)
    with pytest.raises(ValueError, match="hours must be 24 weights"):
        replace(city.demand, hours=(1.0,))
    with pytest.raises(ValueError, match="hours must be 24 weights"):
        DemandParams(
            orders=1, hours=(0.0,) * 24, distance_m=city.demand.distance_m, preparation_s=city.demand.preparation_s
        )
    with pytest.raises(ValueError, match="latitude"):
        replace(city, latitude=float("nan"))

"""Days drawn from a synthetic city: deterministic, as asked for, and worth dispatching."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from click.testing import CliRunner

from dispatch.geo.distance import haversine_pairs_m
from dispatch.model.order import Vehicle
from simulations.city.draw import main
from simulations.city.load import load_city
from simulations.city.make import make_city, promise_s
from simulations.city.params import CityParams, PromiseParams
from simulations.instance import Instance
from simulations.readers import load_instance
from simulations.readers.own import write_instance
from tests.support.shared_data import REPOSITORY

CITIES = REPOSITORY / "data" / "cities"
SYNTHETIC = REPOSITORY / "data" / "synthetic"


@pytest.fixture(scope="module")
def params() -> CityParams:
    return load_city(CITIES / "small.toml")


@pytest.fixture(scope="module")
def day(params: CityParams) -> Instance:
    return make_city(params, np.random.default_rng(1))


def local_hours(day: Instance) -> list[int]:
    zone = ZoneInfo(day.timezone)
    return [datetime.fromtimestamp(order.placed_at, zone).hour for order in day.orders]


def leg_distances_m(day: Instance) -> list[float]:
    ends = [(order.pickup, order.dropoff) for order in day.orders if order.dropoff]
    pickups, dropoffs = (np.array([(pair[i].latitude, pair[i].longitude) for pair in ends]) for i in (0, 1))
    metres: list[float] = haversine_pairs_m(pickups, dropoffs).tolist()
    return metres


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, params: CityParams) -> None:
    for folder in ("a", "b"):
        write_instance(tmp_path / folder, make_city(params, np.random.default_rng(7)))
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_another_seed_gives_another_day(params: CityParams, day: Instance) -> None:
    other = make_city(params, np.random.default_rng(2))
    assert other.orders != day.orders
    assert other.merchants != day.merchants
    assert [len(part) for part in (other.orders, other.riders)] == [len(part) for part in (day.orders, day.riders)]


def test_the_built_in_day_is_drawn_from_the_small_city(day: Instance) -> None:
    assert load_instance(SYNTHETIC) == day


def test_the_built_in_day_has_nothing_odd() -> None:
    built_in = load_instance(SYNTHETIC)
    assert (len(built_in.orders), len(built_in.riders), len(built_in.merchants)) == (700, 110, 60)
    assert built_in.warnings == ()


def test_counts_ids_and_order(params: CityParams, day: Instance) -> None:
    assert len(day.orders) == params.demand.orders
    assert len(day.riders) == len(day.shifts) == params.riders.count
    assert [order.id for order in day.orders] == sorted(order.id for order in day.orders)
    assert [order.placed_at for order in day.orders] == sorted(order.placed_at for order in day.orders)
    assert [shift.rider_id for shift in day.shifts] == [rider.id for rider in day.riders]
    assert {rider.vehicle for rider in day.riders} == {Vehicle.BICYCLE, Vehicle.MOTORCYCLE, Vehicle.CAR}


def test_demand_has_two_peaks(day: Instance) -> None:
    by_hour = np.bincount(local_hours(day), minlength=24)
    assert by_hour[12:14].sum() > 1.4 * by_hour[15:17].sum()
    assert by_hour[18:20].sum() > 1.4 * by_hour[15:17].sum()
    assert by_hour[:8].sum() == 0


def test_distances_and_preparation_are_as_asked(params: CityParams) -> None:
    many = make_city(replace(params, demand=replace(params.demand, orders=4000)), np.random.default_rng(3))
    ways = leg_distances_m(many)
    asked = params.demand.distance_m
    assert float(np.median(ways)) == pytest.approx(asked.median, rel=0.06)
    assert asked.minimum - 1 <= min(ways) <= max(ways) <= asked.maximum * 1.01
    cooked = [order.ready_at - order.placed_at for order in many.orders]
    assert float(np.median(cooked)) == pytest.approx(params.demand.preparation_s.median, rel=0.06)
    assert params.demand.preparation_s.minimum <= min(cooked) <= max(cooked) <= params.demand.preparation_s.maximum


def test_popular_merchants_get_more(params: CityParams) -> None:
    def share_of_top_ten_percent(popularity: float) -> float:
        merchants = replace(params.merchants, popularity=popularity)
        made = make_city(replace(params, merchants=merchants), np.random.default_rng(4))
        counts = sorted(np.unique([order.merchant_id for order in made.orders], return_counts=True)[1])
        return float(sum(counts[-6:]) / len(made.orders))

    assert share_of_top_ten_percent(0.0) < 0.17
    assert share_of_top_ten_percent(0.9) > 0.25


def test_promises_can_be_kept(day: Instance) -> None:
    assert all(order.promised_at > order.ready_at for order in day.orders)
    assert {(order.promised_at - order.placed_at) % 300 for order in day.orders} == {0}


def test_the_promise_is_rounded_up_and_has_a_minimum() -> None:
    rule = PromiseParams(minimum_s=1800, slack_s=600, per_km_s=120, step_s=300)
    preparation, distance = np.array([0, 1200, 1200, 1201]), np.array([0.0, 0.0, 2500.0, 2500.0])
    assert promise_s(rule, preparation, distance).tolist() == [1800, 1800, 2100, 2400]


def test_a_city_on_the_date_line_stays_on_the_earth(params: CityParams) -> None:
    made = make_city(
        replace(params, latitude=-17.8, longitude=180.0, timezone="Pacific/Fiji"), np.random.default_rng(5)
    )
    east = [merchant.place.longitude > 0 for merchant in made.merchants]
    assert any(east)
    assert not all(east)


@pytest.mark.parametrize(("orders", "riders"), [(0, 0), (1, 0), (0, 1)])
def test_empty_cities(params: CityParams, tmp_path: Path, orders: int, riders: int) -> None:
    empty = replace(params, demand=replace(params.demand, orders=orders), riders=replace(params.riders, count=riders))
    made = make_city(empty, np.random.default_rng(1))
    assert (len(made.orders), len(made.riders), len(made.shifts)) == (orders, riders, riders)
    write_instance(tmp_path / "day", made)
    assert replace(load_instance(tmp_path / "day"), warnings=()) == made


@pytest.mark.parametrize("form", ["parquet", "geojson"])
def test_the_command_writes_a_day(tmp_path: Path, day: Instance, form: str) -> None:
    arguments = [str(CITIES / "small.toml"), str(tmp_path / "day"), "--seed", "1", "--format", form]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.output) == (0, "700 orders, 110 riders, 60 merchants.\n")
    assert load_instance(tmp_path / "day") == day


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(tmp_path / "none.toml"), str(tmp_path / "day")])
    assert result.exit_code == 1
    assert "there is no file none.toml" in result.output

"""Fitting gives back the parameters a day was drawn from, and the shipped ones from the public days."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from dispatch.model.order import Vehicle
from simulations.city.fit import fit_city, main
from simulations.city.load import load_city
from simulations.city.make import make_city
from simulations.city.mixture import fit_mixture
from simulations.city.params import CityParams
from simulations.readers import load_instance
from tests.support.shared_data import REPOSITORY

CITIES = REPOSITORY / "data" / "cities"


@pytest.fixture(scope="module")
def truth() -> CityParams:
    small = load_city(CITIES / "small.toml")
    return replace(
        small,
        road_factor=1.0,
        merchants=replace(small.merchants, count=600),
        demand=replace(small.demand, orders=6000),
        riders=replace(small.riders, count=800),
    )


@pytest.fixture(scope="module")
def fitted(truth: CityParams) -> CityParams:
    days = [make_city(truth, np.random.default_rng(seed)) for seed in (1, 2)]
    return fit_city(days, "again", clusters=3)


def test_what_was_drawn_is_found_again(truth: CityParams, fitted: CityParams) -> None:
    assert (fitted.timezone, fitted.day) == (truth.timezone, truth.day)
    assert fitted.merchants.count == 600
    assert fitted.demand.orders == 6000
    assert fitted.riders.count == 800
    assert fitted.demand.hours == pytest.approx(np.array(truth.demand.hours) / sum(truth.demand.hours), abs=0.01)
    assert fitted.merchants.popularity == pytest.approx(truth.merchants.popularity, abs=0.15)
    for found, drawn in (
        (fitted.demand.distance_m, truth.demand.distance_m),
        (fitted.demand.preparation_s, truth.demand.preparation_s),
    ):
        assert found.median == pytest.approx(drawn.median, rel=0.05)
        assert found.sigma == pytest.approx(drawn.sigma, rel=0.1)
    assert fitted.handling == truth.handling
    assert fitted.riders.vehicles[Vehicle.MOTORCYCLE] == pytest.approx(0.65, abs=0.05)
    assert {length.length_s for length in fitted.riders.lengths} <= {7200, 10800, 18000}


def test_the_centres_are_found_again(truth: CityParams, fitted: CityParams) -> None:
    # A wide cluster and the background share what lies between them.
    assert fitted.merchants.background == pytest.approx(truth.merchants.background, abs=0.1)
    # Middles are told from the median place, which is not the middle the city was drawn around.
    found, drawn = fitted.merchants.centres, truth.merchants.centres
    for a, b in zip(found, drawn, strict=True):
        assert a.share == pytest.approx(b.share, abs=0.08)
        assert a.spread_m == pytest.approx(b.spread_m, rel=0.3)
        assert a.east_m - found[0].east_m == pytest.approx(b.east_m - drawn[0].east_m, abs=250)
        assert a.north_m - found[0].north_m == pytest.approx(b.north_m - drawn[0].north_m, abs=250)


def test_clusters_over_a_background_are_told_apart() -> None:
    rng = np.random.default_rng(5)
    near, far = rng.standard_normal((700, 2)) * 200, rng.standard_normal((250, 2)) * 400 + (5000, -3000)
    even = rng.uniform(-7000, 7000, (50, 2))
    mixture = fit_mixture(np.concatenate((near, far, even)), 2, 9000, np.random.default_rng(0))
    order = np.argsort(-mixture.shares)
    assert mixture.shares[order].tolist() == pytest.approx([0.7, 0.25], abs=0.02)
    assert mixture.middles[order].ravel().tolist() == pytest.approx([0, 0, 5000, -3000], abs=80)
    assert mixture.spreads[order].tolist() == pytest.approx([200, 400], rel=0.1)
    assert mixture.background == pytest.approx(0.05, abs=0.02)


def test_fewer_points_than_clusters_cannot_be_fitted() -> None:
    with pytest.raises(ValueError, match="6 clusters cannot be fitted to 5 points"):
        fit_mixture(np.zeros((5, 2)), 6, 100, np.random.default_rng(0))


def test_days_without_orders_cannot_be_fitted(truth: CityParams) -> None:
    empty = make_city(replace(truth, demand=replace(truth.demand, orders=0)), np.random.default_rng(0))
    with pytest.raises(ValueError, match="every day needs orders"):
        fit_city([empty], "empty", 3)


def test_the_command_prints_a_city(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(REPOSITORY / "data" / "synthetic"), "--name", "town", "--clusters", "3"])
    assert result.exit_code == 0
    (tmp_path / "town.toml").write_text(result.output, encoding="utf-8")
    city = load_city(tmp_path / "town.toml")
    assert (city.name, city.demand.orders, len(city.merchants.centres)) == ("town", 700, 3)
    assert len(make_city(city, np.random.default_rng(0)).orders) == 700


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(tmp_path)])
    assert result.exit_code == 1
    assert "no instance was recognised" in result.output


@pytest.mark.parametrize(("name", "days"), [("small", (4, 10)), ("medium", (13, 19))])
def test_shipped_cities_are_those_of_the_public_days(rappi_dir: Path, name: str, days: tuple[int, ...]) -> None:
    shipped = load_city(CITIES / f"{name}.toml")
    again = fit_city([load_instance(rappi_dir / str(day)) for day in days], name, 6)
    assert shipped.demand.distance_m == again.demand.distance_m
    assert shipped.demand.preparation_s == again.demand.preparation_s
    assert shipped.merchants.popularity == again.merchants.popularity
    assert shipped.handling == again.handling
    assert shipped.demand.hours[8:23] == again.demand.hours[8:23]
    assert shipped.promise.minimum_s == again.promise.minimum_s

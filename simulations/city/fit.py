"""Fits the parameters of a synthetic city to real days and prints them as TOML.

    python -m simulations.city.fit FOLDER [FOLDER ...] [--name NAME] [--clusters K]

Only distributions are kept: counts, shares, medians, spreads. No row of the days is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import NormalDist
from typing import Final
from zoneinfo import ZoneInfo

import click
import numpy as np
from numpy.typing import NDArray

from dispatch.errors import DispatchError
from dispatch.geo.distance import haversine_pairs_m
from dispatch.geo.points import Points
from dispatch.model.order import Vehicle
from dispatch.model.place import Place
from dispatch.units import MINUTE_S
from simulations.city.mixture import fit_mixture
from simulations.city.params import (
    HOURS,
    Centre,
    CityParams,
    DemandParams,
    HandlingParams,
    LogNormal,
    MerchantParams,
    PromiseParams,
    RiderParams,
    ShiftLength,
)
from simulations.city.shapes import METRES_PER_DEGREE
from simulations.city.toml import to_toml
from simulations.instance import Instance, WorldRules
from simulations.readers import load_instance

SHORTEST_S: Final = 30 * MINUTE_S
"""Shorter shifts are people who looked in, not people who worked."""
QUARTERS: Final = 4
TOP: Final = 0.1
"""The popularity is that at which this share of the merchants gets the share of orders it gets in the days."""

Floats = NDArray[np.float64]


def fit_city(days: Sequence[Instance], name: str, clusters: int) -> CityParams:
    """Parameters of a city like ``days``, which are days of one city. Raises ValueError where they hold too little."""
    if not days or not all(day.orders and day.shifts for day in days):
        raise ValueError("every day needs orders and shifts")
    merchants = [merchant.place for day in days for merchant in day.merchants]
    middle = np.median(_degrees(merchants), axis=0).round(4)
    return CityParams(
        name=name,
        timezone=days[0].timezone,
        day=_local(days[0], days[0].starts_at).date(),
        latitude=float(middle[0]),
        longitude=float(middle[1]),
        road_factor=1.0,
        merchants=_fit_merchants(days, middle, clusters),
        demand=_fit_demand(days),
        promise=_fit_promise(days),
        handling=_fit_handling(days),
        riders=_fit_riders(days),
        rules=WorldRules(tick_s=60, accept_s=days[0].rules.accept_s),
    )


def _degrees(places: Sequence[Place]) -> Points:
    return np.array([(place.latitude, place.longitude) for place in places], np.float64).reshape(-1, 2)


def _local(day: Instance, at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(day.timezone))


def _mean(counts: Sequence[int]) -> int:
    return round(sum(counts) / len(counts))


def _fit_merchants(days: Sequence[Instance], middle: Floats, clusters: int) -> MerchantParams:
    degrees = _degrees([merchant.place for day in days for merchant in day.merchants]) - middle
    east = METRES_PER_DEGREE * math.cos(math.radians(middle[0]))
    points = np.column_stack((degrees[:, 1] * east, degrees[:, 0] * METRES_PER_DEGREE))
    radius_m = float(np.quantile(np.hypot(*points.T), 0.98))
    mixture = fit_mixture(points, clusters, radius_m, np.random.default_rng(0))
    shares = mixture.shares / mixture.shares.sum()
    by_share = np.argsort(-shares)
    return MerchantParams(
        count=_mean([len(day.merchants) for day in days]),
        radius_m=_tens(radius_m),
        background=round(mixture.background, 3),
        popularity=round(float(np.mean([_popularity(day) for day in days])), 2),
        centres=tuple(
            Centre(
                share=round(float(shares[i]), 3),
                east_m=_tens(mixture.middles[i, 0]),
                north_m=_tens(mixture.middles[i, 1]),
                spread_m=_tens(mixture.spreads[i]),
            )
            for i in by_share
        ),
    )


def _tens(metres: float) -> int:
    return round(metres / 10) * 10


def _popularity(day: Instance) -> float:
    """Sigma of the log-normal shares under which the busiest merchants get as much of the orders as they do.

    Of a log-normal the top share p holds Phi(sigma - z(1 - p)) of the total, where Phi(z(q)) = q.
    """
    counts = sorted(Counter(order.merchant_id for order in day.orders).values(), reverse=True)
    share = sum(counts[: max(1, round(TOP * len(counts)))]) / len(day.orders)
    normal = NormalDist()
    return max(0.0, normal.inv_cdf(min(share, 0.99)) + normal.inv_cdf(1 - TOP))


def _fit_demand(days: Sequence[Instance]) -> DemandParams:
    hours = np.zeros(HOURS)
    for day in days:
        hours += np.bincount([_local(day, order.placed_at).hour for order in day.orders], minlength=HOURS)
    distance = np.concatenate([_distances_m(day) for day in days])
    preparation = np.array([order.ready_at - order.placed_at for day in days for order in day.orders], np.float64)
    return DemandParams(
        orders=_mean([len(day.orders) for day in days]),
        hours=tuple((hours / hours.sum()).round(4).tolist()),
        distance_m=_fit_log_normal(distance, 10),
        preparation_s=_fit_log_normal(preparation, MINUTE_S),
    )


def _distances_m(day: Instance) -> Floats:
    ends = [(order.pickup, order.dropoff) for order in day.orders if order.dropoff]
    return haversine_pairs_m(_degrees([a for a, _ in ends]), _degrees([b for _, b in ends]))


def _fit_log_normal(values: Floats, step: int) -> LogNormal:
    """Median and spread of the middle nine tenths, bounds at one hundredth from either end; all in whole ``step``."""
    low, first, middle, last, high = np.quantile(values, (0.01, 0.05, 0.5, 0.95, 0.99)).tolist()
    wide = NormalDist().inv_cdf(0.95) - NormalDist().inv_cdf(0.05)
    sigma = (math.log(last) - math.log(max(first, 1.0))) / wide
    minimum, median, maximum = (round(value / step) * step for value in (low, middle, high))
    return LogNormal(median=median, sigma=round(sigma, 3), minimum=minimum, maximum=maximum)


def _fit_promise(days: Sequence[Instance]) -> PromiseParams:
    """The usual promise as its minimum; how it grows beyond that the days do not show, so that is a plain rule."""
    promised = Counter((order.promised_at - order.placed_at) // MINUTE_S for day in days for order in day.orders)
    ((usual, _),) = promised.most_common(1)
    return PromiseParams(minimum_s=usual * MINUTE_S, slack_s=600, per_km_s=180, step_s=300)


def _fit_handling(days: Sequence[Instance]) -> HandlingParams:
    pickup = [order.pickup_handling.before_s + order.pickup_handling.after_s for day in days for order in day.orders]
    dropoff = [order.dropoff_handling.before_s + order.dropoff_handling.after_s for day in days for order in day.orders]
    return HandlingParams(
        pickup_min_s=min(pickup), pickup_max_s=max(pickup), dropoff_min_s=min(dropoff), dropoff_max_s=max(dropoff)
    )


def _fit_riders(days: Sequence[Instance]) -> RiderParams:
    lengths = np.array([shift.ends_at - shift.starts_at for day in days for shift in day.shifts], np.float64)
    edges = np.quantile(lengths[lengths >= SHORTEST_S], (0.125, 0.375, 0.625, 0.875)).tolist()
    vehicles = Counter(rider.vehicle for day in days for rider in day.riders)
    total = sum(vehicles.values())
    return RiderParams(
        count=_mean([len({shift.rider_id for shift in day.shifts}) for day in days]),
        start_step_s=SHORTEST_S,
        spread_m=500,
        lengths=tuple(
            ShiftLength(length_s=round(edge / SHORTEST_S) * SHORTEST_S, share=1 / QUARTERS) for edge in edges
        ),
        vehicles={vehicle: round(vehicles[vehicle] / total, 3) for vehicle in Vehicle if vehicles[vehicle]},
    )


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", default="fitted", show_default=True, help="Name of the city.")
@click.option("--clusters", default=6, show_default=True, help="Clusters of merchants.")
def main(folders: tuple[Path, ...], name: str, clusters: int) -> None:
    """Print the parameters of a synthetic city fitted to the days of one city in FOLDERS."""
    try:
        days = [load_instance(folder) for folder in folders]
    except DispatchError as error:
        raise click.ClickException(str(error)) from error
    click.echo(to_toml(fit_city(days, name, clusters)), nl=False)


if __name__ == "__main__":
    main()

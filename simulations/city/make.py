"""Draws one day of a synthetic city."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dispatch.geo.travel import SPEEDS_KMH, StraightLine
from dispatch.model.order import Handling, MarketId, Merchant, MerchantId, Order, OrderId, Vehicle
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId
from dispatch.units import HOUR_S, Instant
from simulations.city.params import CAPACITY, HOURS, CityParams, PromiseParams
from simulations.city.shapes import customer_spots, draw_log_normal, merchant_spots, popularity, to_places
from simulations.city.shifts import shift_times
from simulations.instance import Instance

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def make_city(params: CityParams, rng: Generator) -> Instance:
    """Draw a day of the city. The same parameters and generator state give the same instance, bit for bit.

    Ids are numbered with leading zeros, orders by the time they are placed, so that they sort as they read.
    """
    market_id = MarketId(params.name)
    zone = ZoneInfo(params.timezone)
    midnight = int(datetime(params.day.year, params.day.month, params.day.day, tzinfo=zone).timestamp())
    spots = merchant_spots(params.merchants, rng)
    shares = popularity(params.merchants.count, params.merchants.popularity, rng)
    merchants = [
        Merchant(id=MerchantId(f"m{number:04d}"), market_id=market_id, place=place, name=f"Merchant {number}")
        for number, place in enumerate(to_places(params, spots), start=1)
    ]
    orders = _orders(params, spots, shares, merchants, midnight, rng)
    shifts = _shifts(params, spots, shares, midnight, rng)
    vehicles = _vehicles(params, len(shifts), rng)
    return Instance(
        name=params.name,
        market_id=market_id,
        timezone=params.timezone,
        orders=tuple(orders),
        riders=tuple(
            Rider(id=shift.rider_id, market_id=market_id, vehicle=vehicle, capacity=CAPACITY[vehicle])
            for shift, vehicle in zip(shifts, vehicles, strict=True)
        ),
        shifts=tuple(shifts),
        merchants=tuple(merchants),
        travel=StraightLine(dict(SPEEDS_KMH), params.road_factor),
        rules=params.rules,
    )


def _orders(
    params: CityParams, spots: Floats, shares: Floats, merchants: list[Merchant], midnight: Instant, rng: Generator
) -> list[Order]:
    count = params.demand.orders
    placed = _placed_s(params, rng)
    which = rng.choice(len(merchants), count, p=shares)
    ends = customer_spots(spots[which], params.demand.distance_m, rng)
    prepared = np.rint(draw_log_normal(params.demand.preparation_s, count, rng)).astype(np.int64)
    promised = promise_s(params.promise, prepared, np.hypot(*(ends - spots[which]).T))
    handling = params.handling
    pickup = rng.integers(handling.pickup_min_s, handling.pickup_max_s, count, endpoint=True)
    dropoff = rng.integers(handling.dropoff_min_s, handling.dropoff_max_s, count, endpoint=True)
    return [
        Order(
            id=OrderId(f"o{number + 1:05d}"),
            market_id=MarketId(params.name),
            merchant_id=merchants[which[number]].id,
            pickup=merchants[which[number]].place,
            dropoff=place,
            placed_at=midnight + int(placed[number]),
            ready_at=midnight + int(placed[number] + prepared[number]),
            promised_at=midnight + int(placed[number] + promised[number]),
            pickup_handling=Handling(after_s=int(pickup[number])),
            dropoff_handling=Handling(before_s=int(dropoff[number])),
        )
        for number, place in enumerate(to_places(params, ends))
    ]


def _placed_s(params: CityParams, rng: Generator) -> Ints:
    """Seconds after midnight at which orders are placed: the hour by its weight, evenly within it; sorted."""
    weights = np.array(params.demand.hours)
    hours = rng.choice(HOURS, params.demand.orders, p=weights / weights.sum())
    placed: Ints = np.sort(hours * HOUR_S + rng.integers(0, HOUR_S, params.demand.orders))
    return placed


def promise_s(params: PromiseParams, preparation_s: Ints, distance_m: Floats) -> Ints:
    """Seconds from placing an order until its promise, for each order."""
    needed = preparation_s + params.slack_s + distance_m * params.per_km_s / 1000
    stepped: Ints = (np.ceil(needed / params.step_s) * params.step_s).astype(np.int64)
    return np.maximum(stepped, params.minimum_s)


def _shifts(params: CityParams, spots: Floats, shares: Floats, midnight: Instant, rng: Generator) -> list[Shift]:
    """One shift a rider, starting around a merchant drawn by popularity."""
    times = shift_times(params.riders, params.demand.hours, params.demand.preparation_s.median, rng)
    middles = spots[rng.choice(len(spots), len(times), p=shares)]
    starts = to_places(params, middles + rng.standard_normal(middles.shape) * params.riders.spread_m)
    return [
        Shift(
            id=ShiftId(f"s{number:04d}"),
            rider_id=RiderId(f"r{number:04d}"),
            starts_at=midnight + start_s,
            ends_at=midnight + end_s,
            start=place,
        )
        for number, ((start_s, end_s), place) in enumerate(zip(times, starts, strict=True), start=1)
    ]


def _vehicles(params: CityParams, count: int, rng: Generator) -> list[Vehicle]:
    known = list(params.riders.vehicles)
    weights = np.array([params.riders.vehicles[vehicle] for vehicle in known])
    return [known[index] for index in rng.choice(len(known), count, p=weights / weights.sum()).tolist()]

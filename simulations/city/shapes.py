"""Where merchants and customers of a synthetic city are, in metres east and north of its middle."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dispatch.model.place import Place
from simulations.city.params import CityParams, LogNormal, MerchantParams

Floats = NDArray[np.float64]
"""Float64 (n, 2): metres east, metres north."""

METRES_PER_DEGREE = 111_195.0


def merchant_spots(params: MerchantParams, rng: Generator) -> Floats:
    """A spot for each merchant: around a centre drawn by share, or anywhere in the disc."""
    spots = disc_spots(params.count, params.radius_m, rng)
    if not params.centres:
        return spots
    shares = np.array([centre.share for centre in params.centres])
    middles = np.array([(centre.east_m, centre.north_m) for centre in params.centres], float)
    spreads = np.array([centre.spread_m for centre in params.centres], float)
    clustered = rng.random(params.count) >= params.background
    which = rng.choice(len(shares), params.count, p=shares / shares.sum())
    around = middles[which] + rng.standard_normal((params.count, 2)) * spreads[which, None]
    return np.where(clustered[:, None], around, spots)


def disc_spots(count: int, radius_m: float, rng: Generator) -> Floats:
    """Spots spread evenly over a disc."""
    return _polar(radius_m * np.sqrt(rng.random(count)), rng)


def customer_spots(merchants: Floats, distance_m: LogNormal, rng: Generator) -> Floats:
    """A spot for each row of ``merchants``, any direction away at a distance drawn from ``distance_m``."""
    return merchants + _polar(draw_log_normal(distance_m, len(merchants), rng), rng)


def popularity(count: int, sigma: float, rng: Generator) -> NDArray[np.float64]:
    """The share of the orders that each merchant gets; they sum to 1."""
    weights: NDArray[np.float64] = np.exp(sigma * rng.standard_normal(count))
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def draw_log_normal(params: LogNormal, count: int, rng: Generator) -> NDArray[np.float64]:
    """``count`` values; those outside the bounds are set to the nearer bound."""
    values: NDArray[np.float64] = params.median * np.exp(params.sigma * rng.standard_normal(count))
    return values.clip(params.minimum, params.maximum)


def to_places(city: CityParams, spots: Floats) -> list[Place]:
    """The spots on the earth, to the seventh decimal (a centimetre), as maps give them."""
    east = METRES_PER_DEGREE * math.cos(math.radians(city.latitude))
    latitude = np.round(city.latitude + spots[:, 1] / METRES_PER_DEGREE, 7)
    longitude = np.round((city.longitude + spots[:, 0] / east + 180.0) % 360.0 - 180.0, 7)
    return [Place(*spot) for spot in zip(latitude.tolist(), longitude.tolist(), strict=True)]


def _polar(distance: NDArray[np.float64], rng: Generator) -> Floats:
    angle = rng.random(len(distance)) * 2 * math.pi
    return np.column_stack((distance * np.cos(angle), distance * np.sin(angle)))

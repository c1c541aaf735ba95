"""What a synthetic city is drawn from. Every number has one place here, and one key in data/cities/*.toml."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from dispatch.model.order import Vehicle
from dispatch.units import Metres, Seconds
from simulations.instance import WorldRules

CITY_VERSION: Final = 1
"""Of the parameters and of how a city is drawn from them: raised when the same file and seed would give another day."""

CAPACITY: Final[Mapping[Vehicle, int]] = MappingProxyType(
    {Vehicle.WALK: 2, Vehicle.BICYCLE: 2, Vehicle.MOTORCYCLE: 3, Vehicle.CAR: 4, Vehicle.VAN: 8}
)
"""Orders on board by vehicle."""

HOURS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """A cluster of merchants: its share of those that lie in clusters, its middle from that of the city, its spread.

    ``spread_m`` is the standard deviation of a round normal distribution in either direction.
    """

    share: float
    east_m: Metres
    north_m: Metres
    spread_m: Metres


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantParams:
    """Merchants: ``background`` of them lie evenly in a disc of ``radius_m``, the others around the centres.

    ``popularity``: standard deviation of the logarithm of a merchant's share of the orders; 0: all alike.
    """

    count: int
    radius_m: Metres
    background: float
    popularity: float
    centres: tuple[Centre, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogNormal:
    """A log-normal distribution cut to ``minimum``..``maximum``; ``sigma``: standard deviation of the logarithm."""

    median: int
    sigma: float
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandParams:
    """Orders: how many a day, the weight of each hour of the day, metres to the customer, seconds until ready."""

    orders: int
    hours: tuple[float, ...]
    distance_m: LogNormal
    preparation_s: LogNormal

    def __post_init__(self) -> None:
        if len(self.hours) != HOURS or min(self.hours) < 0 or sum(self.hours) <= 0:
            raise ValueError(f"hours must be {HOURS} weights that are not all zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseParams:
    """The promise, from placing the order: preparation + ``slack_s`` + ``per_km_s`` for each straight kilometre.

    It is rounded up to a multiple of ``step_s`` and never less than ``minimum_s``.
    """

    minimum_s: Seconds
    slack_s: Seconds
    per_km_s: Seconds
    step_s: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlingParams:
    """Handling, evenly between two bounds: at the pickup from ready until leaving, at the drop-off until delivered."""

    pickup_min_s: Seconds
    pickup_max_s: Seconds
    dropoff_min_s: Seconds
    dropoff_max_s: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftLength:
    """A usual length of a shift, and its share of all shifts."""

    length_s: Seconds
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RiderParams:
    """Riders with a shift each: starts on a grid of ``start_step_s``, placed where demand wants them.

    A shift begins ``spread_m`` (standard deviation) around a merchant. ``vehicles``: weight of each.
    """

    count: int
    start_step_s: Seconds
    spread_m: Metres
    lengths: tuple[ShiftLength, ...]
    vehicles: Mapping[Vehicle, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CityParams:
    """A city and one of its days.

    latitude, longitude: its middle. day: the local date that begins the day. road_factor: how much longer a way is than
    the straight line.
    """

    name: str
    timezone: str
    day: date
    latitude: float
    longitude: float
    road_factor: float
    merchants: MerchantParams
    demand: DemandParams
    promise: PromiseParams
    handling: HandlingParams
    riders: RiderParams
    rules: WorldRules

    def __post_init__(self) -> None:
        if not (abs(self.latitude) <= 80 and math.isfinite(self.longitude)):
            raise ValueError(f"a city must lie within -80..80 degrees of latitude, not at {self.latitude}")

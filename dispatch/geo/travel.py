"""Travel times: what every provider answers, and the two that need nothing but coordinates."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.kernel import TravelTable, distance_pairs, travel_matrix, travel_pairs
from dispatch.geo.points import Points, check_pairs, check_points, no_matrix, sphere_table

__all__ = ["SPEEDS_KMH", "FormulaTravel", "PlanarTravel", "Points", "StraightLine", "TravelTimes", "profile_index"]

SPEEDS_KMH: Final[Mapping[str, float]] = MappingProxyType(
    {"walk": 5.0, "bicycle": 15.0, "motorcycle": 23.0, "car": 25.0, "van": 25.0}
)
"""Usual speed in a city by vehicle, km/h, along the straight line."""

METRES_PER_DEGREE: Final = 111_195.0
"""Length of a degree of latitude; a fixed number, because plane metres must come back exactly."""

Floats = TypeVar("Floats", float, NDArray[np.float64])


class TravelTimes(Protocol):
    """Where seconds between places come from.

    ``profiles`` are the names of the ways to travel (vehicle kinds); their order is the profile index of ``table``.
    Times are whole seconds, UNREACHABLE_S where there is no way. Every method raises ValueError on an unknown profile
    and on coordinates that are no place; providers that ask another system raise TravelError.
    """

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles this provider knows."""
        ...

    def pairs(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        """Seconds from origins[i] to destinations[i], int64 (n,)."""
        ...

    def matrix(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        """Seconds from each of n origins to each of m destinations, int64 (n, m)."""
        ...

    def table(self, points: Points) -> TravelTable:
        """All travel between ``points`` for every profile, for compiled loops."""
        ...

    def distance_pairs_m(self, origins: Points, destinations: Points) -> NDArray[np.int64]:
        """Metres from origins[i] to destinations[i] as travelled, int64 (n,)."""
        ...


def profile_index(profiles: tuple[str, ...], profile: str) -> int:
    """Position of ``profile``; ValueError naming the known ones where it is not among them."""
    if profile not in profiles:
        raise ValueError(f"unknown travel profile {profile!r}; known are {', '.join(profiles)}")
    return profiles.index(profile)


class FormulaTravel(ABC):
    """TravelTimes for providers whose ``table`` is a formula: all other answers are read from that table."""

    road_factor: float = 1.0
    """Metres travelled for a metre in a straight line."""

    @property
    @abstractmethod
    def profiles(self) -> tuple[str, ...]:
        """The profiles this provider knows."""

    @abstractmethod
    def table(self, points: Points) -> TravelTable:
        """All travel between ``points`` for every profile, for compiled loops."""

    def pairs(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        """Seconds from origins[i] to destinations[i], int64 (n,)."""
        index = profile_index(self.profiles, profile)
        a, b = check_pairs(origins, destinations)
        here = np.arange(len(a))
        return travel_pairs(self.table(np.concatenate((a, b))), np.full(len(a), index), here, here + len(a))

    def matrix(self, origins: Points, destinations: Points, profile: str) -> NDArray[np.int64]:
        """Seconds from each of n origins to each of m destinations, int64 (n, m)."""
        index = profile_index(self.profiles, profile)
        a, b = check_points(origins, "origins"), check_points(destinations, "destinations")
        n, m = len(a), len(b)
        return travel_matrix(self.table(np.concatenate((a, b))), index, np.arange(n), np.arange(n, n + m))

    def distance_pairs_m(self, origins: Points, destinations: Points) -> NDArray[np.int64]:
        """Straight line x road factor, nearest whole metre, int64 (n,)."""
        a, b = check_pairs(origins, destinations)
        here = np.arange(len(a))
        straight = distance_pairs(self.table(np.concatenate((a, b))), here, here + len(a))
        metres: NDArray[np.int64] = np.rint(straight * self.road_factor).astype(np.int64)
        return metres


@dataclass(frozen=True)
class StraightLine(FormulaTravel):
    """Great circle distance x ``road_factor`` at a speed per profile, rounded up to a multiple of ``step_s``.

    Raises ValueError where a speed, the factor or the step is not positive.
    """

    speeds_kmh: Mapping[str, float] = field(default_factory=lambda: dict(SPEEDS_KMH))
    road_factor: float = 1.0
    step_s: int = 1

    def __post_init__(self) -> None:
        if not self.speeds_kmh:
            raise ValueError("at least one speed is needed")
        for name, speed in self.speeds_kmh.items():
            _check_positive(f"the speed of {name!r}", speed)
        _check_positive("road_factor", self.road_factor)
        _check_step(self.step_s)
        object.__setattr__(self, "speeds_kmh", dict(self.speeds_kmh))

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names in ``speeds_kmh``, in their order."""
        return tuple(self.speeds_kmh)

    def table(self, points: Points) -> TravelTable:
        """All travel between ``points`` for every profile, for compiled loops."""
        pace = np.array([3.6 * self.road_factor / speed for speed in self.speeds_kmh.values()])
        return sphere_table(points, pace, self.step_s)


@dataclass(frozen=True)
class PlanarTravel(FormulaTravel):
    """Euclidean travel for instances given in plane metres, whole steps of ``step_s``.

    Places are latitude and longitude everywhere, so the plane is laid on the earth around ``origin`` (latitude,
    longitude of x = y = 0): ``to_place`` and ``to_plane`` are inverse to each other to 1e-6 m, and distances are those
    of the plane.
    Raises ValueError on a pace or step that is not positive and on an origin within a degree of a pole.
    """

    origin: tuple[float, float]
    metres_per_minute: float
    step_s: int = 60
    profiles: tuple[str, ...] = tuple(SPEEDS_KMH)

    def __post_init__(self) -> None:
        _check_positive("metres_per_minute", self.metres_per_minute)
        _check_step(self.step_s)
        if not self.profiles:
            raise ValueError("at least one profile is needed")
        if not (abs(self.origin[0]) <= 89.0 and abs(self.origin[1]) <= 180.0):
            raise ValueError(f"the origin of a plane must lie within -89..89 x -180..180 degrees, not at {self.origin}")

    def to_place(self, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
        """Latitude and longitude of the plane's point(s) x (east), y (north)."""
        return self.origin[0] + y_m / METRES_PER_DEGREE, self.origin[1] + x_m / self._metres_per_degree_east

    def to_plane(self, latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
        """The plane's x and y in metres, rounded to 1e-6 m: what ``to_place`` was given."""
        x_m = (longitude - self.origin[1]) * self._metres_per_degree_east
        y_m = (latitude - self.origin[0]) * METRES_PER_DEGREE
        return _micrometres(x_m), _micrometres(y_m)

    def table(self, points: Points) -> TravelTable:
        """All travel between ``points`` for every profile (the pace is the same), for compiled loops."""
        array = check_points(points)
        plane = np.zeros((len(array), 3))
        plane[:, 0], plane[:, 1] = self.to_plane(array[:, 0], array[:, 1])
        pace = np.full(len(self.profiles), 60.0 / self.metres_per_minute)
        return TravelTable(points=plane, radius_m=0.0, pace=pace, step_s=self.step_s, matrix=no_matrix())

    @property
    def _metres_per_degree_east(self) -> float:
        return METRES_PER_DEGREE * math.cos(math.radians(self.origin[0]))


def _micrometres(value: Floats) -> Floats:
    return value.round(6) if isinstance(value, np.ndarray) else round(value, 6)


def _check_positive(what: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{what} must be a positive number, not {value}")


def _check_step(step_s: int) -> None:
    if step_s < 1:
        raise ValueError(f"step_s must be at least 1 second, not {step_s}")

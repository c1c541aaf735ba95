"""Where things are."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dispatch.units import Instant, Metres, Seconds


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the earth in degrees (WGS 84). Raises ValueError outside [-90, 90] x [-180, 180] or on NaN."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.latitude) and -90 <= self.latitude <= 90):
            raise ValueError(f"latitude must be within -90..90 degrees, not {self.latitude}")
        if not (math.isfinite(self.longitude) and -180 <= self.longitude <= 180):
            raise ValueError(f"longitude must be within -180..180 degrees, not {self.longitude}")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a rider was seen: ``occurred_at`` by the device, speed in km/h, heading in degrees clockwise from north."""

    place: Place
    occurred_at: Instant
    accuracy_m: Metres | None = None
    speed_kmh: float | None = None
    heading_deg: float | None = None
    source: str = "device"

    def age_s(self, now: Instant) -> Seconds:
        """Seconds since the rider was seen there; never negative, whatever the device's clock says."""
        return max(0, now - self.occurred_at)

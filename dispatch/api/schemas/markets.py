"""Markets on the wire."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, model_validator

from dispatch.api.schemas.base import Line, Schema, when
from dispatch.service.loop import Pace
from dispatch.service.markets import Market, MarketSettings
from dispatch.service.service import Services


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is no time zone, such as America/Bogota")
    return name


TimeZone = Annotated[str, Field(max_length=100), AfterValidator(_zone)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class PaceIn(Schema):
    """When plans are made: every `tick_s` seconds; earlier for so many new orders, but at least `least_s` apart."""

    tick_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    least_s: Annotated[float, Field(gt=0, le=600)] = 1.0
    pressure_orders: Annotated[int, Field(ge=1, le=10_000)] = 20

    @model_validator(mode="after")
    def _fits(self) -> PaceIn:
        if self.least_s > self.tick_s:
            raise ValueError("least_s must not be above tick_s")
        return self

    def to_model(self) -> Pace:
        """The value of the service."""
        return Pace(tick_s=self.tick_s, least_s=self.least_s, pressure_orders=self.pressure_orders)


class ChangeMarket(Schema):
    """What is to be another way; what is left out stays. `road_factor`: ways over straight lines."""

    name: Line | None = None
    time_zone: TimeZone | None = None
    currency: Currency | None = None
    pace: PaceIn | None = None
    road_factor: Annotated[float, Field(ge=1, le=3)] | None = None

    def to_settings(self, settings: MarketSettings) -> MarketSettings:
        """The settings with what is given."""
        given = {field: getattr(self, field) for field in ("name", "time_zone", "currency", "road_factor")}
        changed = {field: value for field, value in given.items() if value is not None}
        pace = settings.pace if self.pace is None else self.pace.to_model()
        return replace(settings, pace=pace, **changed)


class NewMarket(ChangeMarket):
    """A market to be set up."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]


class MarketOut(Schema):
    """A market, and its clock: `now` goes `speed` times as fast as that of the wall. `seq` is its last event."""

    id: str
    name: str
    time_zone: str
    currency: str
    policy: str
    now: datetime
    speed: float
    seq: int
    held: bool

    @classmethod
    def of(cls, market: Market, api: Services) -> MarketOut:
        """For the wire."""
        settings = market.settings
        return cls(
            id=settings.id,
            name=settings.name or settings.id,
            time_zone=settings.time_zone,
            currency=settings.currency,
            policy=settings.policy,
            now=when(api.clock.now()),
            speed=api.speed,
            seq=market.feed.seq,
            held=market.host is not None,
        )

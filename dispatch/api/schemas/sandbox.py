"""The clock of a sandbox and its robots on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, model_validator

from dispatch.api.schemas.base import Place, Schema, When, instant, when
from dispatch.model.order import Vehicle
from dispatch.service.sandbox import Moved
from dispatch.units import DAY_S, HOUR_S, Instant

_FAR = 36_525 * DAY_S


class ClockMove(Schema):
    """How far the clock goes on: `advance_s` seconds, or to `now`; one of the two."""

    advance_s: Annotated[int, Field(ge=-_FAR, le=_FAR)] | None = None
    now: When | None = None

    @model_validator(mode="after")
    def _one(self) -> ClockMove:
        if (self.advance_s is None) == (self.now is None):
            raise ValueError("give advance_s or now, one of the two")
        return self

    def to(self, now: Instant) -> Instant:
        """Where the clock is to be, if it is at ``now``."""
        return instant(self.now) if self.now is not None else now + (self.advance_s or 0)


class ClockOut(Schema):
    """What time it is; how many ticks and timers there were while the clock was moved there."""

    now: datetime
    ticks: int
    timers: int

    @classmethod
    def of(cls, moved: Moved) -> ClockOut:
        """For the wire."""
        return cls(now=when(moved.now), ticks=moved.ticks, timers=moved.timers)


class RobotsIn(Schema):
    """So many robot riders begin to work now, within a kilometre of a place; `shift_s` is how long they stay."""

    count: Annotated[int, Field(ge=1, le=200)]
    near: Place
    vehicle: Vehicle = Vehicle.MOTORCYCLE
    shift_s: Annotated[int, Field(ge=1, le=7 * DAY_S)] = 8 * HOUR_S


class RobotsOut(Schema):
    """The robots that have begun; they are riders like all others."""

    rider_ids: list[str]

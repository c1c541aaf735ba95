"""Shifts, offers, assignments and positions on the wire."""

from __future__ import annotations

from datetime import datetime

from dispatch.api.schemas.base import Name, Place, Schema, When, instant, maybe_when, when
from dispatch.model import rider as model
from dispatch.model.lifecycle import OfferStatus
from dispatch.model.rider import RiderId, ShiftId
from dispatch.model.state import OfferState
from dispatch.store.live.ports import Seen
from dispatch.store.queries import Assignment
from dispatch.units import Instant, Seconds


class NewShift(Schema):
    """A shift to be planned; the rider starts it at ``start``."""

    id: Name | None = None
    rider_id: Name
    starts_at: When
    ends_at: When
    start: Place

    def to_model(self, shift_id: ShiftId) -> model.Shift:
        """The value of the model. Raises ValueError where it ends before it starts."""
        return model.Shift(
            id=shift_id,
            rider_id=RiderId(self.rider_id),
            starts_at=instant(self.starts_at),
            ends_at=instant(self.ends_at),
            start=self.start.to_model(),
        )


class ShiftOut(Schema):
    """A shift that was planned, or is or was worked."""

    id: str
    rider_id: str
    starts_at: datetime
    ends_at: datetime
    start: Place

    @classmethod
    def of(cls, shift: model.Shift) -> ShiftOut:
        """For the wire."""
        return cls.model_construct(
            id=shift.id,
            rider_id=shift.rider_id,
            starts_at=when(shift.starts_at),
            ends_at=when(shift.ends_at),
            start=Place.of(shift.start),
        )


class OfferListed(Schema):
    """An offer, and what became of it."""

    id: str
    rider_id: str
    order_ids: list[str]
    made_at: datetime
    expires_at: datetime
    status: OfferStatus

    @classmethod
    def of(cls, offer: OfferState) -> OfferListed:
        """For the wire."""
        return cls.model_construct(
            id=offer.offer_id,
            rider_id=offer.rider_id,
            order_ids=list(offer.order_ids),
            made_at=when(offer.made_at),
            expires_at=when(offer.expires_at),
            status=offer.status,
        )


class AssignmentOut(Schema):
    """A rider's time with an order; `how` it began and how it ended are types of events, `end` "" while it lasts."""

    order_id: str
    rider_id: str
    how: str
    assigned_at: datetime
    end: str
    ended_at: datetime | None

    @classmethod
    def of(cls, found: Assignment) -> AssignmentOut:
        """For the wire."""
        return cls.model_construct(
            order_id=found.order_id,
            rider_id=found.rider_id,
            how=found.how,
            assigned_at=when(found.assigned_at),
            end=found.end,
            ended_at=maybe_when(found.ended_at),
        )


class PositionOut(Schema):
    """Where a rider was seen last; `stale` where that is too long ago to go by."""

    rider_id: str
    place: Place
    occurred_at: datetime
    received_at: datetime
    age_s: int
    stale: bool
    accuracy_m: int | None
    speed_kmh: float | None
    heading_deg: float | None
    source: str

    @classmethod
    def of(cls, rider_id: RiderId, seen: Seen, now: Instant, stale_s: Seconds) -> PositionOut:
        """For the wire."""
        position = seen.position
        return cls.model_construct(
            rider_id=rider_id,
            place=Place.of(position.place),
            occurred_at=when(position.occurred_at),
            received_at=when(seen.received_at),
            age_s=position.age_s(now),
            stale=seen.is_stale(now, stale_s),
            accuracy_m=position.accuracy_m,
            speed_kmh=position.speed_kmh,
            heading_deg=position.heading_deg,
            source=position.source,
        )

"""Riders' records, and times of force majeure, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from dispatch.api.schemas.base import Money, Name, Schema, Text, When, instant, when
from dispatch.model.commands import DeclareClosure, GivePenalty
from dispatch.model.events import CaseId, PenaltyKind
from dispatch.model.lifecycle import PenaltyStatus
from dispatch.model.order import OrderId, ZoneId
from dispatch.model.reasons import ClosureKind
from dispatch.model.rider import RiderId
from dispatch.model.state import ClosureState, PenaltyState
from dispatch.units import Instant, Seconds

Why = Annotated[Text, Field(min_length=1)]


class NewPenalty(Schema):
    """A warning, or money off the pay, and why. A deduction for an order without an amount is the policy's."""

    rider_id: Name
    kind: PenaltyKind
    text: Why
    amount: Money | None = None
    order_id: Name | None = None
    case_id: Name | None = None

    def to_command(self) -> GivePenalty:
        """The value of the model."""
        return GivePenalty(
            rider_id=RiderId(self.rider_id),
            kind=self.kind,
            text=self.text,
            amount=None if self.amount is None else self.amount.to_model(),
            order_id=None if self.order_id is None else OrderId(self.order_id),
            case_id=None if self.case_id is None else CaseId(self.case_id),
        )


class Appeal(Schema):
    """Why the rider does not agree."""

    text: Why


class Verdict(Schema):
    """What came of looking at it again, and why."""

    lifted: bool
    text: Why


class PenaltyOut(Schema):
    """A mark on a rider's record, the rider's appeal and the answer to it."""

    id: str
    rider_id: str
    kind: PenaltyKind
    status: PenaltyStatus
    text: str
    amount: Money | None
    order_id: str | None
    case_id: str | None
    given_at: datetime
    appeal_until: datetime
    appeal: str
    answer: str
    version: int

    @classmethod
    def of(cls, found: PenaltyState, appeal_s: Seconds) -> PenaltyOut:
        """For the wire."""
        return cls.model_construct(
            id=found.penalty_id,
            rider_id=found.rider_id,
            kind=found.kind,
            status=found.status,
            text=found.text,
            amount=None if found.amount is None else Money.of(found.amount),
            order_id=found.order_id,
            case_id=found.case_id,
            given_at=when(found.given_at),
            appeal_until=when(found.given_at + appeal_s),
            appeal=found.appeal,
            answer=found.answer,
            version=found.version,
        )


class NewClosure(Schema):
    """Force majeure, for some zones or (none named) for the whole market; it starts now if nothing else is said."""

    kind: ClosureKind
    starts_at: When | None = None
    ends_at: When
    zones: frozenset[Name] = frozenset()
    text: Text = ""

    def to_command(self, now: Instant) -> DeclareClosure:
        """The value of the model."""
        return DeclareClosure(
            kind=self.kind,
            starts_at=now if self.starts_at is None else instant(self.starts_at),
            ends_at=instant(self.ends_at),
            zones=frozenset(ZoneId(zone) for zone in self.zones),
            text=self.text,
        )


class ClosureOut(Schema):
    """A time of force majeure: nobody is blamed for what is late in it."""

    id: str
    kind: ClosureKind
    starts_at: datetime
    ends_at: datetime
    zones: list[str]
    text: str
    going_on: bool

    @classmethod
    def of(cls, found: ClosureState, now: Instant) -> ClosureOut:
        """For the wire."""
        return cls.model_construct(
            id=found.closure_id,
            kind=found.kind,
            starts_at=when(found.starts_at),
            ends_at=when(found.ends_at),
            zones=sorted(found.zones),
            text=found.text,
            going_on=found.starts_at <= now < found.ends_at,
        )

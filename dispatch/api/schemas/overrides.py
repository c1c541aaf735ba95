"""Decisions of people on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from dispatch.api.schemas.base import Name, Schema, Text, When, instant, maybe_when, when
from dispatch.api.schemas.orders import OrderOut
from dispatch.api.schemas.riders import RiderOut
from dispatch.model.commands import MakeOverride
from dispatch.model.order import MerchantId, OrderId
from dispatch.model.override import Override, OverrideKind, OverrideReason
from dispatch.model.rider import RiderId


class NewOverride(Schema):
    """What a person decides, and why: a code and a text, both."""

    kind: OverrideKind
    reason: OverrideReason
    text: Annotated[Text, Field(min_length=1)]
    order_id: Name | None = None
    rider_id: Name | None = None
    merchant_id: Name | None = None
    priority: Annotated[int, Field(ge=-100, le=100)] | None = None
    until: When | None = None

    def to_command(self, by: str) -> MakeOverride:
        """The value of the model."""
        return MakeOverride(
            kind=self.kind,
            reason=self.reason,
            text=self.text,
            by=by,
            order_id=None if self.order_id is None else OrderId(self.order_id),
            rider_id=None if self.rider_id is None else RiderId(self.rider_id),
            merchant_id=None if self.merchant_id is None else MerchantId(self.merchant_id),
            priority=self.priority,
            until=None if self.until is None else instant(self.until),
        )


class OverrideOut(Schema):
    """One decision, as it is kept for good."""

    id: str
    kind: OverrideKind
    reason: OverrideReason
    text: str
    by: str
    made_at: datetime
    order_id: str | None
    rider_id: str | None
    merchant_id: str | None
    priority: int | None
    until: datetime | None
    before: str
    after: str
    preferred_rider_id: str | None
    cost_difference: int | None

    @classmethod
    def of(cls, override: Override) -> OverrideOut:
        """For the wire."""
        return cls.model_construct(
            id=override.id,
            kind=override.kind,
            reason=override.reason,
            text=override.text,
            by=override.by,
            made_at=when(override.made_at),
            order_id=override.order_id,
            rider_id=override.rider_id,
            merchant_id=override.merchant_id,
            priority=override.priority,
            until=maybe_when(override.until),
            before=override.before,
            after=override.after,
            preferred_rider_id=override.preferred_rider_id,
            cost_difference=override.cost_difference,
        )


class OverrideResult(Schema):
    """What an override did, or would do: the record, what it is about before and after, and the events."""

    dry_run: bool
    override: OverrideOut
    order_before: OrderOut | None
    order: OrderOut | None
    rider: RiderOut | None
    events: list[dict[str, Any]]

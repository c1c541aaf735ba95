"""Decisions of people on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from dispatch.api.schemas.base import Name, Schema, Text, When, instant, maybe_when, when
from dispatch.api.schemas.orders import OrderOut
from dispatch.api.schemas.riders import RiderOut
from dispatch.engine.foresee import Foreseen
from dispatch.model.commands import MakeOverride
from dispatch.model.order import MerchantId, OrderId
from dispatch.model.override import Override, OverrideId, OverrideKind, OverrideReason
from dispatch.model.rider import RiderId
from dispatch.service.asks import Ref


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
    undoes: Name | None = None

    @field_validator("reason")
    @classmethod
    def _of_a_person(cls, reason: OverrideReason) -> OverrideReason:
        if reason is OverrideReason.EXPIRED:
            raise ValueError("is for what the service does by itself; choose another one")
        return reason

    @property
    def about(self) -> Ref | None:
        """What it is about."""
        if self.order_id is not None:
            return Ref("orders", self.order_id)
        return None if self.rider_id is None else Ref("riders", self.rider_id)

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
            undoes=None if self.undoes is None else OverrideId(self.undoes),
        )


class OneOfMany(NewOverride):
    """One decision of many; `version` is that of the order (or rider) as it was last seen."""

    version: Annotated[int, Field(ge=0, le=2**53)] | None = None


class ManyOverrides(Schema):
    """Decisions to be made one after the other; one that is refused stops none of the others."""

    items: Annotated[list[OneOfMany], Field(min_length=1, max_length=200)]


class Undo(Schema):
    """Why a decision is taken back."""

    reason: OverrideReason = OverrideReason.MISTAKE
    text: Annotated[Text, Field(min_length=1)]


class IssueOut(Schema):
    """One thing that is wrong with an input."""

    code: str
    cause: str
    action: str
    field: str


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
    undoes: str | None

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
            undoes=override.undoes,
        )


class EtaChangeOut(Schema):
    """An order whose rider or time of delivery the decision changes; nothing where nobody is planned for it."""

    order_id: str
    rider_before: str | None
    rider_after: str | None
    delivery_before: datetime | None
    delivery_after: datetime | None


class ForeseenOut(Schema):
    """The plan with the decision, held against the plan without it; costs are in points of the market's policy."""

    preferred_rider_id: str | None
    cost: int
    cost_with: int
    cost_difference: int
    changes: list[EtaChangeOut]

    @classmethod
    def of(cls, found: Foreseen) -> ForeseenOut:
        """For the wire."""
        return cls(
            preferred_rider_id=found.preferred_rider_id,
            cost=found.cost,
            cost_with=found.cost_with,
            cost_difference=found.cost_difference,
            changes=[
                EtaChangeOut(
                    order_id=one.order_id,
                    rider_before=one.rider_before,
                    rider_after=one.rider_after,
                    delivery_before=maybe_when(one.delivery_before),
                    delivery_after=maybe_when(one.delivery_after),
                )
                for one in found.changes
            ],
        )


class OverrideResult(Schema):
    """What an override did, or would do: the record, what it is about before and after, and the events.

    foreseen: what it changes in the plan; missing where the market is not being planned, or for a repeated request.
    """

    dry_run: bool
    override: OverrideOut
    order_before: OrderOut | None
    order: OrderOut | None
    rider: RiderOut | None
    events: list[dict[str, Any]]
    foreseen: ForeseenOut | None


class OverrideItem(Schema):
    """What became of one of many; ``code``, ``cause`` and ``action`` where it was refused."""

    index: int
    status: Literal["done", "would", "refused"]
    result: OverrideResult | None = None
    code: str = ""
    cause: str = ""
    action: str = ""
    issues: list[IssueOut] = Field(default_factory=list)


class ManyResults(Schema):
    """One result for each decision, in the same order."""

    items: list[OverrideItem]
    done: int
    refused: int

"""Webhooks and their deliveries on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from dispatch.api.schemas.base import Line, Schema, When, maybe_when, when
from dispatch.service.webhooks import WebhookChange
from dispatch.store.webhooks import Delivery, Webhook
from dispatch.units import DAY_S

Url = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[\x21-\x7e]+$")]
Kinds = Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=100)]


class NewWebhook(Schema):
    """Where to tell of events, and of which kinds; none means every kind."""

    url: Url
    kinds: Annotated[Kinds, Field(default_factory=list)]
    description: Line = ""


class ChangeWebhook(Schema):
    """What is to be another way; what is missing stays as it is."""

    url: Url | None = None
    kinds: Kinds | None = None
    description: Line | None = None
    enabled: bool | None = None

    def to_change(self) -> WebhookChange:
        """The value of the service."""
        kinds = None if self.kinds is None else tuple(self.kinds)
        return WebhookChange(url=self.url, kinds=kinds, description=self.description, enabled=self.enabled)


class Rotate(Schema):
    """For how long messages are signed with the old secret, too."""

    overlap_s: Annotated[int, Field(ge=0, le=7 * DAY_S)] = DAY_S


class Replay(Schema):
    """Which time: events recorded from `since` on, and before `before`."""

    since: When
    before: When
    dead_only: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.before <= self.since:
            raise ValueError("before must be later than since")
        return self


class Replayed(Schema):
    """How many events are sent again."""

    events: int


class WebhookOut(Schema):
    """A webhook; `secret` is there where it was just made, and never shown again."""

    id: str
    market_id: str
    url: str
    kinds: list[str]
    description: str
    enabled: bool
    disabled_why: str
    old_secret_until: datetime | None
    version: int
    created_at: datetime
    created_by: str
    secret: str | None = None

    @classmethod
    def of(cls, webhook: Webhook, secret: str | None = None) -> WebhookOut:
        """For the wire."""
        return cls(
            id=webhook.id,
            market_id=webhook.market_id,
            url=webhook.url,
            kinds=list(webhook.kinds),
            description=webhook.description,
            enabled=webhook.disabled_at is None,
            disabled_why=webhook.disabled_why,
            old_secret_until=maybe_when(webhook.old_secret_until),
            version=webhook.version,
            created_at=when(webhook.created_at),
            created_by=webhook.created_by,
            secret=secret,
        )


class AttemptOut(Schema):
    """One attempt: what the other side answered, or why there was no answer."""

    at: datetime
    took_ms: int
    status: int | None
    answer: str
    error: str


class DeliveryOut(Schema):
    """One event for one webhook; `id` is its `webhook-id`. state: waiting, delivered or dead."""

    id: str
    seq: int
    type: str
    state: str
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    attempts: list[AttemptOut]

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOut:
        """For the wire."""
        return cls(
            id=delivery.id,
            seq=delivery.seq,
            type=delivery.type,
            state=delivery.state,
            created_at=when(delivery.created_at),
            next_at=maybe_when(delivery.next_at),
            ended_at=maybe_when(delivery.ended_at),
            attempts=[
                AttemptOut.model_validate({**result, "at": when(_at(result["at"]))}) for result in delivery.results
            ],
        )


def _at(value: object) -> int:
    return value if isinstance(value, int) else 0

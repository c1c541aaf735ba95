"""What merchants say about their orders, on the wire."""

from __future__ import annotations

from dispatch.api.schemas.base import Schema, Text, When
from dispatch.model.reasons import RejectReason


class Acceptance(Schema):
    """When the food is going to be ready; without, as soon as is usual for such an order (see `prep-estimates`)."""

    ready_at: When | None = None


class NewReadyTime(Schema):
    """Another time at which the food is ready, and why."""

    ready_at: When
    reason: Text = ""


class Rejection(Schema):
    """Why the merchant cannot do it."""

    reason: RejectReason

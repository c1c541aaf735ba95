"""When orders are expected, on the wire."""

from __future__ import annotations

from datetime import datetime

from dispatch.api.schemas.base import Schema, maybe_when, when
from dispatch.engine.eta_accuracy import Accuracy
from dispatch.model.eta import EtaState


class EtaOut(Schema):
    """An order is as likely there before `dropoff_at` as after; before `early_at`, or after `late_at`, with 10 %."""

    order_id: str
    pickup_at: datetime | None
    dropoff_at: datetime
    early_at: datetime
    late_at: datetime
    late_percent: int
    made_at: datetime
    open: bool

    @classmethod
    def of(cls, eta: EtaState) -> EtaOut:
        """For the wire."""
        return cls.model_construct(
            order_id=eta.order_id,
            pickup_at=maybe_when(eta.pickup_at),
            dropoff_at=when(eta.dropoff_at),
            early_at=when(eta.early_at),
            late_at=when(eta.late_at),
            late_percent=eta.late_percent,
            made_at=when(eta.made_at),
            open=eta.open,
        )


class AccuracyOut(Schema):
    """How good words were that were given less than `ahead_s` ahead (null: farther than all others).

    `inside` is the share of orders that came between the early and the late time; it should be 0.8. `late_said` is how
    likely lateness was said to be on average, `late` how often it was true.
    """

    ahead_s: int | None
    count: int
    mean_error_s: float | None
    bias_s: float | None
    inside: float | None
    late_said: float | None
    late: float | None

    @classmethod
    def of(cls, row: Accuracy) -> AccuracyOut:
        """For the wire."""
        if not row.count:
            nothing = {"mean_error_s": None, "bias_s": None, "inside": None, "late_said": None, "late": None}
            return cls.model_construct(ahead_s=row.ahead_s, count=0, **nothing)
        return cls.model_construct(
            ahead_s=row.ahead_s,
            count=row.count,
            mean_error_s=round(row.error_s / row.count, 1),
            bias_s=round(row.bias_s / row.count, 1),
            inside=round(row.inside / row.count, 3),
            late_said=round(row.late_said / row.count / 100, 3),
            late=round(row.late / row.count, 3),
        )

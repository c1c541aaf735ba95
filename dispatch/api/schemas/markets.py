"""Markets on the wire."""

from __future__ import annotations

from datetime import datetime

from dispatch.api.schemas.base import Schema, when
from dispatch.service.markets import Market
from dispatch.service.service import Services


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

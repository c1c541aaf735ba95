"""How long merchants take, on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dispatch.api.schemas.base import Schema
from dispatch.model.order import MerchantId
from dispatch.model.prep import NOTHING, PrepTimes, SizeClass, estimate, hour_of, of_all
from dispatch.units import HOUR_S, Instant

HOURS = range(24)


class PrepCalibration(Schema):
    """How good estimates were: of the orders that had one, the shares that took no longer than `p50_s` and `p90_s`.

    They should be 0.5 and 0.9; null before there was any. orders: how many have taught something.
    """

    orders: int
    estimated: int
    within_p50: float | None
    within_p90: float | None

    @classmethod
    def of(cls, times: PrepTimes) -> PrepCalibration:
        """For the wire."""
        shares = [round(part / times.told, 3) if times.told else None for part in (times.in_p50, times.in_p90)]
        return cls(orders=times.orders, estimated=times.told, within_p50=shares[0], within_p90=shares[1])


class PrepEstimateOut(Schema):
    """Half of such orders are ready so many seconds after they were accepted, and nine in ten.

    hour: of the day, on the clocks of the market. orders: how many there were of just this hour and size.
    """

    hour: int
    size: SizeClass
    p50_s: int
    p90_s: int
    orders: int


class PrepEstimatesOut(Schema):
    """How long a merchant takes, for every hour and size; no estimates before the market has had a few orders.

    now: what counts for an order that is accepted now without a time. Small orders have up to two items, large ones six
    or more.
    """

    merchant_id: str
    merchant: PrepCalibration
    market: PrepCalibration
    now: list[PrepEstimateOut]
    estimates: list[PrepEstimateOut]

    @classmethod
    def of(
        cls, preps: Mapping[str, PrepTimes], merchant_id: MerchantId, now: Instant, time_zone: str
    ) -> PrepEstimatesOut:
        """For the wire."""
        rows = {hour: _estimates(preps, merchant_id, hour, now, time_zone) for hour in HOURS}
        everything = sorted((row for some in rows.values() for row in some), key=lambda row: row.hour)
        return cls(
            merchant_id=merchant_id,
            merchant=PrepCalibration.of(preps.get(of_all(merchant_id), NOTHING)),
            market=PrepCalibration.of(preps.get(of_all(None), NOTHING)),
            now=rows[hour_of(now)],
            estimates=everything,
        )


def _estimates(
    preps: Mapping[str, PrepTimes], merchant_id: MerchantId, hour: int, now: Instant, time_zone: str
) -> list[PrepEstimateOut]:
    found = {size: estimate(preps, merchant_id, hour, size) for size in SizeClass}
    shown = _local(hour, now, time_zone)
    return [
        PrepEstimateOut(hour=shown, size=size, p50_s=one.p50_s, p90_s=one.p90_s, orders=one.orders)
        for size, one in found.items()
        if one is not None
    ]


def _local(hour: int, now: Instant, time_zone: str) -> int:
    """What the clocks of a market show at an hour of UTC today."""
    away = timedelta(seconds=(hour - hour_of(now)) * HOUR_S)
    return (datetime.fromtimestamp(now, UTC) + away).astimezone(ZoneInfo(time_zone)).hour

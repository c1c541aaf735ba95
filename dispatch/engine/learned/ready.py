"""When food is really ready: each merchant's factor on the promised time, drawn towards the market's.

The logarithm of (time taken / time promised) is taken for normal, with a mean for each merchant. Means of few orders
are drawn towards the market's mean (James-Stein shrinkage with a fixed prior weight; Efron, Morris 1975).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Final, NamedTuple

from dispatch.model.order import MerchantId
from dispatch.units import Instant, Seconds

_SPREAD: Final = 0.3
"""Spread of the logarithm before anything is known."""
_MOST: Final = 3.0
"""Times taken count as at most so many times the promise, or one such part of it: a stopped clock is no kitchen."""


class Moments(NamedTuple):
    """Number, sum and sum of squares of logarithms."""

    orders: int = 0
    total: float = 0.0
    squares: float = 0.0

    def plus(self, value: float) -> Moments:
        """With one more value."""
        return Moments(self.orders + 1, self.total + value, self.squares + value * value)


@dataclass(slots=True)
class ReadyTimes:
    """What kitchens promised and took. ``prior``: orders that the market's mean weighs."""

    prior: int = 8
    market: Moments = field(default_factory=Moments)
    merchants: dict[MerchantId, Moments] = field(default_factory=dict)

    def see(self, merchant_id: MerchantId, promised_s: Seconds, taken_s: Seconds) -> None:
        """Take in one order; one promised at once, or ready as it was placed, says nothing of a factor."""
        if promised_s <= 0 or taken_s <= 0:
            return
        value = math.log(min(max(taken_s / promised_s, 1 / _MOST), _MOST))
        self.market = self.market.plus(value)
        self.merchants[merchant_id] = self.merchants.get(merchant_id, Moments()).plus(value)

    def mean(self, merchant_id: MerchantId) -> float:
        """The merchant's mean logarithm of time taken over time promised."""
        usual = self.market.total / (self.market.orders + self.prior)  # a new market: as promised
        own = self.merchants.get(merchant_id, Moments())
        return (own.total + usual * self.prior) / (own.orders + self.prior)

    @property
    def spread(self) -> float:
        """Standard deviation of the logarithm over all orders of the market."""
        count, total, squares = self.market
        mean = total / (count + self.prior)
        known = squares - 2 * mean * total + count * mean * mean
        return math.sqrt(max(0.0, known + self.prior * _SPREAD**2) / (count + self.prior))

    def expected_at(
        self, merchant_id: MerchantId, placed_at: Instant, promised_at: Instant, quantile: float = 0.5
    ) -> Instant:
        """When food promised for then is ready with this probability; as promised where that was at once."""
        if promised_at <= placed_at:
            return promised_at
        logarithm = self.mean(merchant_id)
        if quantile != 0.5:
            logarithm += NormalDist().inv_cdf(quantile) * self.spread
        return placed_at + round((promised_at - placed_at) * math.exp(logarithm))

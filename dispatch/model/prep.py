"""How long kitchens take, learned from their own orders: by merchant, hour of the day and size of the order.

The logarithm of a preparation time is taken for normal. Means of few orders are drawn towards wider ones: a merchant's
towards the market's, and that of one hour and size towards the merchant's, moved by how that hour and size differ in
the market (James-Stein shrinkage with a fixed prior weight; Efron, Morris 1975). Everything is counted in whole
numbers, so that the same log gives the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from statistics import NormalDist
from typing import Final, NamedTuple

from dispatch.model.order import MerchantId, Order
from dispatch.units import HOUR_S, Instant, Seconds

PRIOR: Final = 8
"""Orders that a wider mean weighs beside a narrower one; before a market has had so many, there is no estimate."""
KEPT: Final = 400
"""Older orders fade: no mean is of more."""
LONGEST_S: Final[Seconds] = 3 * HOUR_S
"""What took longer than this was not cooked all the time."""
SCHEDULED_S: Final[Seconds] = HOUR_S
"""An order that is wanted later than this after it was placed is cooked for then, not as soon as possible."""

_SCALE: Final = 1000
_MEDIUM, _LARGE = 3, 6


class SizeClass(StrEnum):
    """How much there is to cook, by the number of items; where none are named, by the size for riders."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class PrepTimes(NamedTuple):
    """What some orders took: number, sum and sum of squares of 1000 times the logarithm of their seconds.

    told: orders that had an estimate before they were ready; in_p50, in_p90: how many of them took no longer than that.
    """

    orders: int = 0
    total: int = 0
    squares: int = 0
    told: int = 0
    in_p50: int = 0
    in_p90: int = 0

    def plus(self, value: int) -> PrepTimes:
        """With one more order."""
        orders, total, squares = self.orders, self.total, self.squares
        if orders >= KEPT:
            orders, total, squares = orders - 1, total - total // orders, squares - squares // orders
        return self._replace(orders=orders + 1, total=total + value, squares=squares + value * value)

    def judged(self, took_s: Seconds, estimate: PrepEstimate) -> PrepTimes:
        """With one more order that had an estimate."""
        return self._replace(
            told=self.told + 1,
            in_p50=self.in_p50 + (took_s <= estimate.p50_s),
            in_p90=self.in_p90 + (took_s <= estimate.p90_s),
        )

    def drawn_to(self, mean: float) -> float:
        """The mean, drawn towards a wider one."""
        return (self.total + PRIOR * mean) / (self.orders + PRIOR)

    @property
    def deviations(self) -> float:
        """The sum of squared differences from the mean."""
        return max(0.0, self.squares - self.total * self.total / self.orders) if self.orders else 0.0


class PrepEstimate(NamedTuple):
    """A kitchen takes no longer than this for half of such orders, and for nine in ten. orders: of just that kind."""

    p50_s: Seconds
    p90_s: Seconds
    orders: int


NOTHING: Final = PrepTimes()
_P90: Final = NormalDist().inv_cdf(0.9)


def size_class(order: Order) -> SizeClass:
    """How much there is to cook."""
    count = sum(item.quantity for item in order.items) or 2 * order.size - 1
    if count < _MEDIUM:
        return SizeClass.SMALL
    return SizeClass.MEDIUM if count < _LARGE else SizeClass.LARGE


def is_scheduled(order: Order) -> bool:
    """Whether an order is cooked for a later time, so that it says nothing of how long that takes."""
    return order.not_before_at is not None or order.ready_at - order.placed_at > SCHEDULED_S


def hour_of(at: Instant) -> int:
    """The hour of the day, by UTC: the log does not know where a market is."""
    return at // HOUR_S % 24


def of_all(merchant_id: MerchantId | None) -> str:
    """Under what ``MarketState.preps`` has all orders of a merchant, or of the market."""
    return "all" if merchant_id is None else f"all/{merchant_id}"


def of_kind(merchant_id: MerchantId | None, hour: int, size: SizeClass) -> str:
    """Under what it has those of one hour and size."""
    kind = f"{hour}/{size.value}"
    return kind if merchant_id is None else f"{kind}/{merchant_id}"


def names_of(merchant_id: MerchantId, hour: int, size: SizeClass) -> tuple[str, str, str, str]:
    """Everything that one order teaches, or that its estimate needs."""
    return (of_all(None), of_all(merchant_id), of_kind(None, hour, size), of_kind(merchant_id, hour, size))


def value_of(took_s: Seconds) -> int:
    """What is counted of an order."""
    return round(_SCALE * math.log(took_s))


def estimate(
    preps: Mapping[str, PrepTimes], merchant_id: MerchantId, hour: int, size: SizeClass
) -> PrepEstimate | None:
    """How long the merchant takes for such an order; None before the market has had enough of any kind."""
    market, merchant, usual, own = (preps.get(name, NOTHING) for name in names_of(merchant_id, hour, size))
    if market.orders < PRIOR:
        return None
    mean = market.total / market.orders
    expected = merchant.drawn_to(mean) + usual.drawn_to(mean) - mean
    centre = own.drawn_to(expected)
    variance = (merchant.deviations + PRIOR * market.deviations / market.orders) / (merchant.orders + PRIOR)
    return PrepEstimate(_seconds(centre), _seconds(centre + _P90 * math.sqrt(variance)), own.orders)


def _seconds(value: float) -> Seconds:
    return round(math.exp(value / _SCALE))

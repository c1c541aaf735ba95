"""A shower at the busiest time: everybody is slower, and more people order."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from dispatch.model.order import Order, OrderId
from dispatch.units import HOUR_S, MINUTE_S, Instant, Seconds
from simulations.instance import Instance
from simulations.worlds.draws import draw

SPEED: Final = 0.7
"""How fast riders are in the rain, of what they are else."""
DEMAND: Final = 0.6
"""Orders that come on top, of those that come anyway."""
_LONGEST_H: Final = 24


class Shower(NamedTuple):
    """Rain from ``starts_at`` until before ``ends_at``."""

    starts_at: Instant
    ends_at: Instant

    def ride_s(self, leaves_at: Instant, dry_s: Seconds) -> Seconds:
        """How long a ride takes that takes ``dry_s`` when it is dry."""
        before_s = min(dry_s, max(0, self.starts_at - leaves_at))
        left_s, wet_from = dry_s - before_s, leaves_at + before_s
        if left_s == 0 or wet_from >= self.ends_at:
            return dry_s
        wet_s = self.ends_at - wet_from
        if left_s <= wet_s * SPEED:
            return before_s + round(left_s / SPEED)
        return before_s + wet_s + round(left_s - wet_s * SPEED)


@dataclass(frozen=True, slots=True)
class Rain:
    """It rains for ``hours`` when most orders are placed: 30 % less speed, 60 % more orders. The engine is not told.

    Raises ValueError outside 0..24.
    """

    hours: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.hours <= _LONGEST_H:
            raise ValueError(f"rain must last 0..{_LONGEST_H} hours, not {self.hours:g}")

    def shower(self, instance: Instance) -> Shower | None:
        """When it rains on that day: the span, on a full minute, in which most orders are placed."""
        length_s = round(self.hours * HOUR_S)
        if not length_s or not instance.orders:
            return None
        placed = [order.placed_at for order in instance.orders]
        starts = {at // MINUTE_S * MINUTE_S for at in placed}
        best = max(starts, key=lambda at: (bisect_left(placed, at + length_s) - bisect_left(placed, at), -at))
        return Shower(best, best + length_s)

    def day(self, instance: Instance, seed: int) -> Instance:
        """The day with the orders that come because it rains: those of the same merchants, to doors they know."""
        shower = self.shower(instance)
        if shower is None:
            return instance
        usual = [order for order in instance.orders if shower.starts_at <= order.placed_at < shower.ends_at]
        more = [_another(number, usual, shower, seed) for number in range(round(DEMAND * len(usual)))]
        orders = sorted((*instance.orders, *more), key=lambda order: (order.placed_at, order.id))
        return replace(instance, orders=tuple(orders))

    def words(self) -> str:
        """In words, empty where it is dry."""
        return f"{self.hours:g} h of rain: 30 % less speed, 60 % more orders" if self.hours else ""


def _another(number: int, usual: list[Order], shower: Shower, seed: int) -> Order:
    chance = draw("rain", seed, number)
    like = usual[chance.randrange(len(usual))]
    doors = [order.dropoff for order in usual if order.merchant_id == like.merchant_id]
    later_s = shower.starts_at + chance.randrange(shower.ends_at - shower.starts_at) - like.placed_at
    return replace(
        like,
        id=OrderId(f"rain-{number}"),
        external_id="",
        dropoff=doors[chance.randrange(len(doors))],
        placed_at=like.placed_at + later_s,
        ready_at=like.ready_at + later_s,
        promised_at=like.promised_at + later_s,
        not_before_at=None if like.not_before_at is None else like.not_before_at + later_s,
    )

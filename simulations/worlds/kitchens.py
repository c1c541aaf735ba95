"""Kitchens that take longer, or less long, than they said."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dispatch.model.order import Order
from dispatch.units import Instant
from simulations.worlds.draws import draw


@dataclass(frozen=True, slots=True)
class Kitchens:
    """The time of preparation is the promised one times log-normal factors.

    error: spread of the logarithm from order to order: with 0.3, two orders in three take between 0.74 and 1.35 times
    as long as promised. habit: spread from merchant to merchant, which stays all day.
    Raises ValueError outside 0..2.
    """

    error: float = 0.0
    habit: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("error", self.error), ("habit", self.habit)):
            if not 0 <= value <= 2:
                raise ValueError(f"the {name} of kitchens must be within 0..2, not {value:g}")

    def ready_at(self, order: Order, seed: int) -> Instant:
        """When the food of the order really is ready; half of all kitchens are late, half early."""
        logarithm = 0.0
        if self.error:
            logarithm += self.error * draw("kitchen", seed, order.id).gauss()
        if self.habit:
            logarithm += self.habit * draw("merchant", seed, order.merchant_id).gauss()
        if not logarithm:
            return order.ready_at
        return order.placed_at + round((order.ready_at - order.placed_at) * math.exp(logarithm))

    def words(self) -> str:
        """In words, empty where kitchens are ready when they said."""
        parts = [f"{self.error:g} from order to order"] if self.error else []
        parts += [f"{self.habit:g} from merchant to merchant"] if self.habit else []
        return f"kitchens err by {' and '.join(parts)} (logarithm)" if parts else ""

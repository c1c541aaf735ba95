"""What people do by chance, beyond what an instance says of them: kitchens that err, riders who decline.

Every draw comes from the seed and from what it is about, never from what was drawn before. So two policies that are
played with one seed meet the same kitchens and the same moods, however differently they decide.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

from dispatch.model.events import OfferMade
from dispatch.model.order import Order
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """By default nothing is left to chance.

    kitchen_error: spread of the time of preparation around what was promised, the standard deviation of its logarithm:
    with 0.3, two kitchens in three take between 0.74 and 1.35 times as long. decline_probability: that a rider declines
    an offer.
    Raises ValueError outside 0..2 and 0..1.
    """

    kitchen_error: float = 0.0
    decline_probability: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.kitchen_error <= 2 or not 0 <= self.decline_probability <= 1:
            raise ValueError("kitchen_error must be within 0..2 and decline_probability within 0..1")

    def ready_at(self, order: Order, seed: int) -> Instant:
        """When the food of the order really is ready; half of all kitchens are late, half early."""
        if self.kitchen_error == 0:
            return order.ready_at
        factor = math.exp(self.kitchen_error * random.Random(f"kitchen-{seed}-{order.id}").gauss())
        return order.placed_at + round((order.ready_at - order.placed_at) * factor)

    def declines(self, offer: OfferMade, seed: int) -> bool:
        """Whether the rider declines; asked about the same orders again, the answer is the same."""
        about = f"offer-{seed}-{offer.rider_id}-{','.join(sorted(offer.order_ids))}"
        return self.decline_probability > 0 and random.Random(about).random() < self.decline_probability


AS_TOLD: Final = Chances()
"""Kitchens are ready when they said, and no rider declines."""

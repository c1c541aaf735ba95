"""Riders who decline offers."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.model.events import OfferMade
from dispatch.model.rider import RiderId
from simulations.worlds.draws import check_share, draw


@dataclass(frozen=True, slots=True)
class Declines:
    """Each rider has an own habit, evenly between ``low`` and ``high``: the probability to decline an offer.

    Raises ValueError for what is no range of probabilities.
    """

    low: float = 0.0
    high: float = 0.0

    def __post_init__(self) -> None:
        check_share("low", self.low)
        check_share("high", self.high)
        if self.low > self.high:
            raise ValueError(f"the range {self.low:g}-{self.high:g} of declines is the wrong way round")

    def __bool__(self) -> bool:
        return self.high > 0

    def habit(self, rider_id: RiderId, seed: int) -> float:
        """How often the rider declines, 0..1."""
        return draw("habit", seed, rider_id).uniform(self.low, self.high)

    def declines(self, offer: OfferMade, seed: int) -> bool:
        """Whether the rider declines; asked about the same orders again, the answer is the same."""
        if not self:
            return False
        mood = draw("offer", seed, offer.rider_id, ",".join(sorted(offer.order_ids)))
        return mood.random() < self.habit(offer.rider_id, seed)

    def words(self) -> str:
        """In words, empty where nobody declines."""
        if not self:
            return ""
        if self.low == self.high:
            return f"riders decline {100 * self.high:g} % of offers"
        return f"riders decline {100 * self.low:g} to {100 * self.high:g} % of offers, each by an own habit"

"""How likely riders are to accept: counts of their answers, drawn towards the market's.

A Beta-binomial model by empirical Bayes: the market's share of offers accepted is the mean of the prior, which weighs
as much as ``prior`` offers (Casella 1985, An introduction to empirical Bayes data analysis). A rider of whom
nothing is known is expected to be like the market, and a market of which nothing is known accepts nearly all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from dispatch.model.rider import RiderId

_BEFORE: Final = 0.95
"""The share of a market without any answer yet; it weighs as much as one rider's prior."""


class Answers(NamedTuple):
    """Offers answered, and accepted among them; one that ran out was not accepted."""

    asked: int = 0
    accepted: int = 0

    def plus(self, accepted: bool) -> Answers:
        """With one more answer."""
        return Answers(self.asked + 1, self.accepted + int(accepted))


@dataclass(slots=True)
class Acceptance:
    """Answers of all riders. ``prior``: offers that the market's share weighs."""

    prior: int = 10
    market: Answers = field(default_factory=Answers)
    riders: dict[RiderId, Answers] = field(default_factory=dict)

    def see(self, rider_id: RiderId, accepted: bool) -> None:
        """Take in one answer."""
        self.market = self.market.plus(accepted)
        self.riders[rider_id] = self.riders.get(rider_id, Answers()).plus(accepted)

    @property
    def share(self) -> float:
        """The market's share of offers accepted, 0..1."""
        return (self.market.accepted + _BEFORE * self.prior) / (self.market.asked + self.prior)

    def of(self, rider_id: RiderId) -> float:
        """How likely the rider is to accept the next offer, above 0 and below 1."""
        own = self.riders.get(rider_id, Answers())
        return (own.accepted + self.share * self.prior) / (own.asked + self.prior)

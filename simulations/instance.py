"""One day to be dispatched: what a reader loads and the runner plays."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.errors import Issue
from dispatch.geo.travel import TravelTimes
from dispatch.model.order import MarketId, Merchant, Order
from dispatch.model.rider import Rider, Shift
from dispatch.units import Instant, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldRules:
    """How the people of an instance behave; what the product does not decide.

    tick_s: seconds between two ticks. accept_s: a rider's time to accept an offer.
    cancel_after_s: a customer whose order has no rider this long after placing it cancels with ``cancel_probability``;
    give_up_after_s: the operator cancels an order that still has no rider then (None: never).
    policy: name of the shipped policy file whose hard rules and weights fit this world.
    """

    tick_s: Seconds = 60
    accept_s: Seconds = 0
    cancel_after_s: Seconds | None = None
    cancel_probability: float = 0.0
    give_up_after_s: Seconds | None = None
    policy: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """Orders sorted by (placed_at, id), riders by id, shifts by (starts_at, id), merchants by id.

    ``warnings`` are oddities that were let in and are worth a person's look (a promise before the food is ready, ...).
    ``local_names`` maps our ids to the ids of the source format where they differ, for writers of that format.
    """

    name: str
    market_id: MarketId
    timezone: str
    orders: tuple[Order, ...]
    riders: tuple[Rider, ...]
    shifts: tuple[Shift, ...]
    merchants: tuple[Merchant, ...]
    travel: TravelTimes
    rules: WorldRules
    warnings: tuple[Issue, ...] = ()

    @property
    def starts_at(self) -> Instant:
        """The first instant at which something happens (0 for an empty instance)."""
        return min((*(o.placed_at for o in self.orders[:1]), *(s.starts_at for s in self.shifts[:1])), default=0)

    @property
    def ends_at(self) -> Instant:
        """The last instant at which an order is placed or a shift ends (0 for an empty instance)."""
        return max((*(o.placed_at for o in self.orders[-1:]), *(s.ends_at for s in self.shifts)), default=0)

"""How much work each rider has had for the time at work, and who has had too much of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from dispatch.model.rider import RiderId
from dispatch.units import Instant, Seconds


@dataclass(slots=True)
class Workload:
    """Orders given to riders, and their time at work: ended shifts, and since when the present one runs."""

    orders: dict[RiderId, int] = field(default_factory=dict)
    worked_s: dict[RiderId, Seconds] = field(default_factory=dict)
    since: dict[RiderId, Instant] = field(default_factory=dict)

    def start(self, rider_id: RiderId, at: Instant) -> None:
        """A shift begins."""
        self.since[rider_id] = at

    def end(self, rider_id: RiderId, at: Instant) -> None:
        """A shift ends."""
        since = self.since.pop(rider_id, at)
        self.worked_s[rider_id] = self.worked_s.get(rider_id, 0) + at - since

    def give(self, rider_id: RiderId, orders: int) -> None:
        """So many orders come to the rider, or leave again (below 0)."""
        self.orders[rider_id] = max(0, self.orders.get(rider_id, 0) + orders)

    def seconds(self, rider_id: RiderId, now: Instant) -> Seconds:
        """The rider's time at work so far."""
        return self.worked_s.get(rider_id, 0) + now - self.since.get(rider_id, now)

    def above(self, cap: float, now: Instant) -> list[RiderId]:
        """Riders at work with more than (1 + cap) times the orders an hour of all at work; those furthest above first.

        One order more is nobody's privilege: it is left out of the count.
        """
        seconds = {rider_id: self.seconds(rider_id, now) for rider_id in self.since}
        total_s = sum(seconds.values())
        if total_s <= 0:
            return []
        rate = sum(self.orders.get(rider_id, 0) for rider_id in self.since) / total_s
        excess = {
            rider_id: self.orders.get(rider_id, 0) - 1 - (1 + cap) * rate * worked_s
            for rider_id, worked_s in seconds.items()
        }
        return sorted((key for key, over in excess.items() if over > 0), key=lambda key: (-excess[key], key))

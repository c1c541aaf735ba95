"""Riders who vanish: in the middle of a route nothing is heard of them any more."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.model.rider import Shift
from dispatch.units import Instant
from simulations.worlds.draws import check_share, draw


@dataclass(frozen=True, slots=True)
class Vanishing:
    """So many of all shifts end this way, some time between their beginning and their end.

    The rider stops in mid-route: with the next task in hand from that time on, nothing is done, said or answered any
    more until the next shift. Raises ValueError for what is no probability.
    """

    share: float = 0.0

    def __post_init__(self) -> None:
        check_share("the share of vanishing riders", self.share)

    def vanishes_at(self, shift: Shift, seed: int) -> Instant | None:
        """From when on the rider of the shift may vanish; None for one who stays."""
        chance = draw("vanish", seed, shift.id)
        if chance.random() >= self.share:
            return None
        return shift.starts_at + round(chance.random() * (shift.ends_at - shift.starts_at))

    def words(self) -> str:
        """In words, empty where nobody vanishes."""
        return f"{100 * self.share:g} % of riders vanish in mid-route" if self.share else ""

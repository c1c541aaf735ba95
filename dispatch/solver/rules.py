"""The hard rules of a market that a plan must keep whatever it costs."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What no new order may break; a route that breaks a rule already, by what was given, is not held to it.

    one_merchant_on_board: a pickup stop only with an empty bag, so that all orders on board come from one stop at one
    merchant.
    last_pickup_in_shift: a pickup happens at or before the end of the rider's shift (a drop-off may come later).
    max_stops: how many tasks a route may have. Tasks and not stops are counted, so that it bounds the solver's arrays.
    max_orders_on_board: how many orders may be carried at once, whatever their sizes; the rider's capacity holds too.
    max_food_age_s: longest time from an order's pickup to its drop-off; 0 for no limit.

    Raises ValueError where a limit leaves no room for one order, or is negative.
    """

    one_merchant_on_board: bool = False
    last_pickup_in_shift: bool = True
    max_stops: int = 24
    max_orders_on_board: int = 10
    max_food_age_s: Seconds = 0

    def __post_init__(self) -> None:
        if self.max_stops < 2:
            raise ValueError(f"max_stops must be at least 2 (a pickup and a drop-off), not {self.max_stops}")
        if self.max_orders_on_board < 1:
            raise ValueError(f"max_orders_on_board must be at least 1, not {self.max_orders_on_board}")
        if self.max_food_age_s < 0:
            raise ValueError(f"max_food_age_s must be 0 (no limit) or more, not {self.max_food_age_s}")

"""Names and order of the cost terms. Costs are integers; 100 points are one second of one customer's waiting."""

from __future__ import annotations

from typing import Final, NamedTuple

CLICK_TO_DOOR: Final = 0
LATENESS: Final = 1
FOOD_WAITING: Final = 2
RIDER_WAITING: Final = 3
TRAVEL: Final = 4
HEADING: Final = 5
LOAD: Final = 6
CHURN: Final = 7
ENDING: Final = 8

TERMS: Final = (
    "click_to_door",
    "lateness",
    "food_waiting",
    "rider_waiting",
    "travel",
    "heading",
    "load",
    "churn",
    "ending",
)


class Weights(NamedTuple):
    """Points a second, except where said. Each belongs to the term of its name.

    click_to_door: from placing to the drop-off. lateness: after the promise; lateness_scale_s: how late doubles the
    points.
    food_waiting: ready food not yet picked up. rider_waiting: a rider standing at a merchant.
    travel: riding. heading: riding against the present direction, a second of travel to the drop-off.
    load: points for the square of the orders on hand over capacity. churn: points for each order that changes its
    rider. ending: the way from the end of the route to where the next pickup is expected. ending_time: the time until
    the route ends and that way, for each order by which those that come for one rider are too many.
    """

    click_to_door: int = 100
    lateness: int = 20
    lateness_scale_s: int = 600
    food_waiting: int = 0
    rider_waiting: int = 0
    travel: int = 5
    heading: int = 5
    load: int = 0
    churn: int = 3000
    ending: int = 0
    ending_time: int = 0

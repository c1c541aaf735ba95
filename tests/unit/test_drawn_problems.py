"""The maps that tests are drawn as are understood, or refused with a sentence that helps."""

from __future__ import annotations

import re

import pytest

from dispatch.solver.problem import EVERYWHERE, FIXED, ON_BOARD, OPEN
from tests.support.plans import plan
from tests.support.problems import OrderAt, RiderAt, market

CITY = """
    a  .  1  .  A
    .  .  .  .  .
    b2 .  .  B  .
"""


def test_a_map_gives_places_riders_and_orders() -> None:
    problem = market(CITY, "1A", OrderAt("2B", ready_at=60, size=2), bars=[("2B", "a"), ("1A", "b")], cell_m=50)
    assert (problem.order_ids, problem.rider_ids) == (("1A", "2B"), ("a", "b"))
    assert problem.travel.points[:, :2].tolist() == [[0, 0], [100, 0], [200, 0], [0, 100], [150, 100]]
    assert problem.riders.place.tolist() == [0, 3]
    assert (problem.orders.pickup.tolist(), problem.orders.dropoff.tolist()) == ([1, 3], [2, 4])
    assert (problem.orders.merchant.tolist(), problem.orders.size.tolist()) == ([1, 2], [1, 2])
    assert problem.bars.tolist() == [[0, 1], [1, 0]]
    assert problem.travel.pace.tolist() == [1.2]


def test_what_is_not_said_is_harmless() -> None:
    problem = market(CITY, "1A", now=1000)
    assert problem.orders.placed_at.tolist() == problem.orders.ready_at.tolist() == [1000]
    assert problem.orders.due_at.tolist() == [4600]
    assert problem.orders.zones.tolist() == problem.orders.vehicles.tolist() == [EVERYWHERE]
    assert problem.riders.free_at.tolist() == [1000, 1000]
    assert (problem.orders.rider.tolist(), problem.orders.state.tolist()) == ([-1], [OPEN])


def test_states_follow_from_routes() -> None:
    rider = RiderAt("b", tasks="-2B +1A +1B -1A -1B +2A -2A", frozen=2)
    problem = market(
        CITY, "1A", OrderAt("1B", fixed=True), "2A", "2B", OrderAt("1A", name="x", fixed=True, rider="a"), rider
    )
    assert problem.orders.state.tolist() == [FIXED, FIXED, OPEN, ON_BOARD, FIXED]
    assert problem.orders.rider.tolist() == [1, 1, 1, 1, 0]
    assert (problem.routes.start.tolist(), problem.routes.frozen.tolist()) == ([0, 0, 7], [0, 2])


REFUSED: dict[str, tuple[str, list[str | OrderAt | RiderAt]]] = {
    "row 2 of the map has 1 cells, the first row 3": ("a 1 A\nb", []),
    "'?' in cell 2 of row 1 means nothing; write a-z for riders": ("a ? A", []),
    "'.' in cell 1 of row 1 means nothing": ("a.1.A", []),
    "'a' is on the map twice, the second time in cell 3 of row 1": ("a . a", []),
    "order 'A1' must be a merchant and a drop-off, such as '1A'": (CITY, ["A1"]),
    "order '3C' needs 3 and C on the map; it has a, 1, A, b, 2, B": (CITY, ["3C"]),
    "order 1A is there more than once; tell them apart by name=": (CITY, ["1A", "1A"]),
    "rider a is there more than once": (CITY, [RiderAt("a"), RiderAt("a")]),
    "RiderAt('c') names rider 'c', which there is not; there is a, b": (CITY, [RiderAt("c")]),
    "task '1A' must begin with + (pickup) or - (drop-off)": (CITY, ["1A", RiderAt("a", tasks="1A")]),
    "task '+1B' names order '1B', which there is not; there is 1A": (CITY, ["1A", RiderAt("a", tasks="+1B")]),
    "rider a has 3 frozen tasks of 2": (CITY, ["1A", RiderAt("a", tasks="+1A -1A", frozen=3)]),
    "order 1A must have its pickup and then its drop-off": (CITY, ["1A", RiderAt("a", tasks="-1A +1A")]),
    "or its drop-off, in one route": (CITY, ["1A", RiderAt("a", tasks="+1A"), RiderAt("b", tasks="-1A")]),
    "order 1A is in no route: give both fixed and rider": (CITY, [OrderAt("1A", fixed=True)]),
    "order 1A is in the route of rider a, not of rider b": (
        CITY,
        [OrderAt("1A", rider="b"), RiderAt("a", tasks="+1A -1A")],
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_makes_no_sense_is_refused_with_a_helpful_sentence(message: str) -> None:
    drawing, parts = REFUSED[message]
    with pytest.raises(ValueError, match=re.escape(message)):
        market(drawing, *parts)


def test_unknown_names_in_bars_and_ways_are_refused() -> None:
    with pytest.raises(ValueError, match="a bar names rider 'z'"):
        market(CITY, "1A", bars=[("1A", "z")])
    with pytest.raises(ValueError, match="no_way 'aZ' must be two names of the map"):
        market(CITY, "1A", no_way=["aZ"])


def test_a_plan_for_a_rider_who_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no rider z; there is a, b"):
        plan(market(CITY, "1A"), {"z": "+1A -1A"})

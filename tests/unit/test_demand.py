"""The forecast of demand: how far places are from the next pickup."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from dispatch.engine.demand import Demand, DemandParams
from dispatch.geo.points import Points
from dispatch.model.actor import ActorKind
from dispatch.model.commands import CancelOrder
from dispatch.model.order import OrderId
from dispatch.model.place import Place
from dispatch.model.reasons import CancelReason
from dispatch.solver.problem import Ints
from dispatch.units import HOUR_S
from tests.support.builders import DOOR, KITCHEN, NOON, an_order
from tests.support.towns import Town

EDGE = Place(KITCHEN.latitude + 0.09, KITCHEN.longitude)
"""Some 10 km north of the kitchen."""


def points_of(*places: Place) -> Points:
    """Their coordinates."""
    return np.array([[p.latitude, p.longitude] for p in places], np.float64).reshape(-1, 2)


def seen(town: Town, *places: Place, params: DemandParams | None = None) -> Ints:
    """What is foreseen for the places at noon."""
    demand = Demand(params or DemandParams())
    demand.see(town.market.state, NOON, points_of)
    return demand.onward_m(points_of(*places))


def test_the_farther_from_all_merchants_the_farther_from_the_next_pickup() -> None:
    town = Town("r1")
    town.placed("o1")
    near, door, edge = seen(town, KITCHEN, DOOR, EDGE).tolist()
    assert near < 500
    assert 2_000 < door < 5_000
    assert edge == pytest.approx(10_000, abs=500)


def test_a_market_of_which_nothing_is_known_is_near_everywhere() -> None:
    assert seen(Town("r1"), KITCHEN, EDGE, params=DemandParams(merchant_weight=0.0)).tolist() == [0, 0]


def test_the_same_place_is_as_far_at_the_next_call() -> None:
    town = Town("r1")
    town.placed("o1")
    demand = Demand(DemandParams())
    demand.see(town.market.state, NOON, points_of)
    points = points_of(EDGE, DOOR)
    first = demand.onward_m(points)
    assert demand.onward_m(points[::-1]).tolist() == first[::-1].tolist()


def test_a_forecast_holds_until_it_is_refreshed() -> None:
    town = Town("r1")
    demand = Demand(DemandParams(merchant_weight=0.0, refresh_s=900))
    start = NOON - NOON % 900
    demand.see(town.market.state, start, points_of)
    points = points_of(EDGE)
    assert demand.onward_m(points).tolist() == [0]
    town.placed("o1")
    demand.see(town.market.state, start + 899, points_of)
    assert demand.onward_m(points).tolist() == [0]
    demand.see(town.market.state, start + 900, points_of)
    assert demand.onward_m(points)[0] == pytest.approx(10_000, abs=500)
    given_up = CancelReason.WAITED_TOO_LONG
    town.do(CancelOrder(order_id=OrderId("o1"), by=ActorKind.CUSTOMER, reason=given_up, text=""))
    demand.see(town.market.state, start + 4 * HOUR_S, points_of)
    assert demand.onward_m(points).tolist() == [0]


def test_demand_near_which_riders_are_counts_less() -> None:
    town = Town("r1")
    town.placed("o1", an_order("o2", pickup=EDGE))
    points = points_of(KITCHEN, EDGE)
    demands = Demand(DemandParams(merchant_weight=0.0)), Demand(DemandParams(merchant_weight=0.0))
    for demand, ends in zip(demands, ([], [KITCHEN]), strict=True):
        demand.see(town.market.state, NOON, partial(points_of, *ends))
    nobody, somebody = (demand.onward_m(points).tolist() for demand in demands)
    assert nobody[0] == pytest.approx(nobody[1], abs=500)
    assert somebody[1] < nobody[1]
    assert somebody[0] > nobody[0]


@pytest.mark.parametrize("wrong", [{"served": 0.0}, {"reach_m": 0}, {"cell_m": 0}, {"merchant_weight": -1.0}])
def test_params_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        DemandParams(**wrong)  # type: ignore[arg-type]

"""Which riders a policy with ``offer_to`` asks beside the planned one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.engine.planner import Planner
from dispatch.engine.policy import load_policy
from dispatch.geo.travel import StraightLine
from dispatch.model.commands import AcceptOffer, ApplyPlan, DeclineOffer, RegisterRider, StartShift
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import ZoneId
from dispatch.model.override import OverrideKind
from dispatch.model.place import Place
from dispatch.model.reasons import DeclineReason
from dispatch.model.rider import RiderId
from dispatch.solver.solve import solve
from tests.support.builders import KITCHEN, NOON, a_rider, a_shift, an_order
from tests.support.towns import Town, an_override


def riders_near_to_far(*far_m: int) -> Town:
    """Riders r1, r2 and so on, so many metres north of the kitchen."""
    town = Town("elsewhere")
    town.do(an_override(OverrideKind.PAUSE_RIDER, rider_id="elsewhere"))
    for number, metres in enumerate(far_m, 1):
        town.do(RegisterRider(rider=a_rider(f"r{number}")))
        start = Place(KITCHEN.latitude + metres / 111_000, KITCHEN.longitude)
        town.do(StartShift(rider_id=RiderId(f"r{number}"), shift=a_shift(f"r{number}", start=start)))
    return town


def planned(town: Town, offer_to: int) -> ApplyPlan:
    """One tick under a policy that asks so many riders."""
    usual = load_policy("default")
    policy = replace(usual, loop=replace(usual.loop, offer_to=offer_to))
    planner = Planner(StraightLine(), policy, solve, checked=True)
    problem = planner.look(town.market.state, town.clock.now())
    assert problem is not None
    command = planner.command(town.market.state, planner.solve(problem, 1), 1)
    town.do(command)
    return command


def asked(town: Town, order_id: str = "o1") -> list[str]:
    return [town.market.state.offer(one).rider_id for one in town.order(order_id).open_offers]


@pytest.mark.parametrize("offer_to", [1, 2, 3, 10])
def test_the_planned_rider_and_the_nearest_of_the_others_are_asked(offer_to: int) -> None:
    town = riders_near_to_far(900, 300, 1200, 600)
    town.placed(an_order("o1", ready_at=NOON))
    planned(town, offer_to)
    assert asked(town) == ["r2", "r4", "r1", "r3"][:offer_to]


def test_who_could_not_carry_it_is_not_asked() -> None:
    town = riders_near_to_far(300, 400, 500, 600)
    town.do(RegisterRider(rider=a_rider("r2", zones=frozenset({ZoneId("hills")}))))
    town.placed(an_order("o1", ready_at=NOON, zones=frozenset({ZoneId("centre")})))
    town.do(an_override(OverrideKind.BAR, order_id="o1", rider_id="r3"))
    planned(town, 4)
    assert asked(town) == ["r1", "r4"]


def test_each_rider_is_asked_once_a_tick() -> None:
    town = riders_near_to_far(300, 400, 500)
    town.placed(an_order("o1", ready_at=NOON))
    far = Place(KITCHEN.latitude - 0.05, KITCHEN.longitude)
    town.placed(an_order("o2", ready_at=NOON, dropoff=far))
    command = planned(town, 10)
    everybody = [intent.rider_id for intent in (*command.offers, *command.beside)]
    assert len(everybody) == len(set(everybody)) == 3


def test_the_next_tick_leaves_the_order_to_those_who_were_asked() -> None:
    town = riders_near_to_far(300, 400, 500)
    town.placed(an_order("o1", ready_at=NOON))
    planned(town, 3)
    first, second, third = town.order().open_offers
    town.wait(10)
    assert planned(town, 3).offers == ()
    reason = DeclineReason.TOO_FAR
    town.do(DeclineOffer(rider_id=RiderId("r1"), offer_id=first, reason=reason))
    town.wait(10)
    assert planned(town, 3).offers == ()
    assert asked(town) == ["r2", "r3"]
    town.do(AcceptOffer(rider_id=RiderId("r3"), offer_id=third))
    planned(town, 3)
    assert (town.order().rider_id, town.order().dispatch) == ("r3", DispatchStatus.ASSIGNED)
    assert second not in town.rider("r2").offers

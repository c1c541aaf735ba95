"""Idle riders are sent to where the next order is expected, and only they."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dispatch.engine.demand import Demand, DemandParams
from dispatch.engine.dispatcher import Dispatcher
from dispatch.engine.policy import Policy
from dispatch.engine.sending import Sending
from dispatch.geo.points import Points
from dispatch.geo.travel import StraightLine
from dispatch.model.commands import ApplyPlan, Arrive, PauseRider, RegisterRider, StartLeg, StartShift, WaitIntent
from dispatch.model.events import RiderSentAhead
from dispatch.model.place import Place
from dispatch.model.rider import RiderId
from dispatch.solver.solve import solve
from dispatch.units import HOUR_S, MINUTE_S
from tests.support.builders import KITCHEN, NOON, a_rider, a_shift, an_order
from tests.support.towns import Town

FAR = Place(KITCHEN.latitude + 0.09, KITCHEN.longitude)
"""Some 10 km north of the kitchen."""
OUT = RiderId("out")
PARAMS = DemandParams(send_gain_m=3000)


def town_with_a_rider_far_out(shift_s: int = 4 * HOUR_S) -> Town:
    """Rider r1 at the corner, rider out far away from the only merchant, and an order to be ready much later."""
    town = Town("r1")
    town.do(RegisterRider(rider=a_rider("out")))
    town.do(StartShift(rider_id=OUT, shift=replace(a_shift("out"), start=FAR, ends_at=NOON + shift_s)))
    town.placed(an_order("o1", ready_at=NOON + 30 * MINUTE_S))
    return town


def nowhere() -> Points:
    """Where no riders are going to be."""
    return np.zeros((0, 2))


def sent(town: Town, params: DemandParams = PARAMS, busy: frozenset[RiderId] = frozenset()) -> list[WaitIntent]:
    """Whom a first look sends where."""
    demand = Demand(params)
    demand.see(town.market.state, town.clock.now(), nowhere)
    return list(Sending(params, demand).waits(town.market.state, town.clock.now(), busy))


def test_a_rider_far_from_all_demand_is_sent_to_the_merchant() -> None:
    assert sent(town_with_a_rider_far_out()) == [WaitIntent(rider_id=OUT, place=KITCHEN)]


def test_nobody_is_sent_unless_it_pays_and_the_policy_asks_for_it() -> None:
    town = town_with_a_rider_far_out()
    assert sent(town, DemandParams(send_gain_m=50_000)) == []
    assert sent(town, DemandParams(send_gain_m=0)) == []


def test_who_has_something_to_do_or_rests_or_goes_home_soon_stays() -> None:
    town = town_with_a_rider_far_out()
    assert sent(town, busy=frozenset({OUT})) == []
    town.do(PauseRider(rider_id=OUT, until=NOON + HOUR_S, reason="lunch"))
    assert sent(town) == []
    assert sent(town_with_a_rider_far_out(shift_s=29 * MINUTE_S)) == []


def test_one_spell_is_looked_at_once_until_the_forecast_is_new() -> None:
    town, demand = town_with_a_rider_far_out(), Demand(PARAMS)
    sending, state = Sending(PARAMS, demand), town.market.state
    demand.see(state, NOON, nowhere)
    assert [len(list(sending.waits(state, at, frozenset()))) for at in (NOON, NOON + 60)] == [1, 0]
    later = NOON + PARAMS.refresh_s
    demand.see(state, later, nowhere)
    assert len(list(sending.waits(state, later, frozenset()))) == 1


def test_the_rider_goes_there_and_is_not_asked_again() -> None:
    town = town_with_a_rider_far_out()
    policy = Policy(name="test", version=1, demand=PARAMS)
    dispatcher = Dispatcher(town.market, StraightLine(), policy, solve, checked=True)
    asked = [entry.event for entry in dispatcher.tick() if isinstance(entry.event, RiderSentAhead)]
    assert asked == [RiderSentAhead(rider_id=OUT, place=KITCHEN)]
    assert town.rider("out").wait_at == KITCHEN
    town.do(StartLeg(rider_id=OUT, arrives_at=NOON + HOUR_S, destination=KITCHEN))
    assert town.rider("out").wait_at is None
    town.wait(HOUR_S)
    town.do(Arrive(rider_id=OUT))
    assert town.rider("out").place == KITCHEN
    assert not any(isinstance(entry.event, RiderSentAhead) for entry in dispatcher.tick())


def test_a_rider_who_has_got_an_order_meanwhile_is_not_sent() -> None:
    town = town_with_a_rider_far_out()
    town.given("out", "o1")
    events = town.do(ApplyPlan(tick=1, waits=(WaitIntent(rider_id=OUT, place=KITCHEN),)))
    assert not any(isinstance(event, RiderSentAhead) for event in events)

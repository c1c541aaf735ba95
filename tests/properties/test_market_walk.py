"""All parties act on a small market at random: whatever they do, the market stays sound and its log tells the whole
story.
"""

from __future__ import annotations

import json

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dispatch.errors import DispatchError
from dispatch.model import commands as c
from dispatch.model.events import from_dict, to_dict
from dispatch.model.fold import apply
from dispatch.model.state import MarketState
from dispatch.units import Instant
from tests.support.builders import MARKET
from tests.support.market_rules import check_market
from tests.support.random_commands import (
    RIDER_IDS,
    case_commands,
    kitchen_commands,
    new_orders,
    next_step,
    overrides,
    plans,
    presence_commands,
    rider_commands,
)
from tests.support.towns import Town, snapshot


class MarketWalk(RuleBasedStateMachine):
    """Draws commands; each is either carried out or refused without a trace."""

    @initialize()
    def open_town(self) -> None:
        self.town = Town(*RIDER_IDS)
        self.town.placed("o1", "o2", "o3")
        self.replica = MarketState(MARKET)

    @rule(data=st.data())
    def somebody_acts(self, data: st.DataObject) -> None:
        # One rule for all: hypothesis would leave whole parties out of an example if each had a rule of its own.
        data.draw(st.sampled_from(PARTIES))(self, data)

    def an_order_comes(self, data: st.DataObject) -> None:
        self._carry_out(c.PlaceOrder(order=data.draw(new_orders(self._state, self._now))))

    def the_kitchen_speaks(self, data: st.DataObject) -> None:
        self._carry_out(data.draw(kitchen_commands(self._state, self._now)))

    def a_plan_is_made(self, data: st.DataObject) -> None:
        self._carry_out(data.draw(plans(self._state, self._now)))

    def a_rider_goes_on(self, data: st.DataObject) -> None:
        busy = [rider_id for rider_id in RIDER_IDS if self._state.riders[rider_id].tasks]
        rider_id = data.draw(st.sampled_from(busy or RIDER_IDS[:1]))
        for _ in range(data.draw(st.integers(1, 4))):
            self._carry_out(next_step(self._state, rider_id))
            self.town.wait(max(60, self._state.riders[rider_id].busy_until - self._now))

    def an_offer_is_taken(self, data: st.DataObject) -> None:
        waiting = [(rider_id, o) for rider_id, rider in self._state.riders.items() for o in sorted(rider.offers)]
        if waiting:
            rider_id, offer_id = data.draw(st.sampled_from(waiting))
            self._carry_out(c.AcceptOffer(rider_id=rider_id, offer_id=offer_id))

    def a_rider_does_anything(self, data: st.DataObject) -> None:
        self._carry_out(data.draw(rider_commands(self._state, self._now)))

    def a_rider_comes_or_goes(self, data: st.DataObject) -> None:
        self._carry_out(data.draw(presence_commands(self._now)))

    def a_dispatcher_decides(self, data: st.DataObject) -> None:
        self._carry_out(data.draw(overrides(self._state, self._now)))

    def a_case_is_handled(self, data: st.DataObject) -> None:
        self._carry_out(data.draw(case_commands(self._state)))

    def time_passes(self, data: st.DataObject) -> None:
        self.town.wait(data.draw(st.integers(1, 300)))

    @invariant()
    def the_market_is_sound(self) -> None:
        check_market(self._state)

    @invariant()
    def the_log_tells_the_whole_story(self) -> None:
        for recorded in self.town.log.read(MARKET, self.replica.seq):
            written = json.dumps(to_dict(recorded.event))
            apply(self.replica, recorded._replace(event=from_dict(json.loads(written))))
        assert snapshot(self.replica) == snapshot(self._state)

    def teardown(self) -> None:
        state = MarketState(MARKET)
        for recorded in self.town.log.read(MARKET):
            apply(state, recorded)
        assert state == self._state

    @property
    def _state(self) -> MarketState:
        return self.town.market.state

    @property
    def _now(self) -> Instant:
        return self.town.clock.now()

    def _carry_out(self, command: c.Command) -> None:
        before, last = snapshot(self._state), self._state.seq
        refusal = self._refusal_of(command)
        unchanged = snapshot(self._state) == before
        written = self.town.log.last_seq(MARKET) - last
        assert self._state.seq == self.town.log.last_seq(MARKET)
        assert unchanged == (written == 0)
        if refusal is not None:
            assert unchanged
            assert refusal.cause
            assert refusal.action

    def _refusal_of(self, command: c.Command) -> DispatchError | None:
        try:
            self.town.do(command)
        except DispatchError as refusal:
            return refusal
        return None


PARTIES = (
    *[MarketWalk.a_plan_is_made] * 5,
    *[MarketWalk.a_rider_goes_on] * 5,
    *[MarketWalk.an_order_comes] * 3,
    *[MarketWalk.an_offer_is_taken] * 2,
    *[MarketWalk.a_rider_does_anything] * 2,
    *[MarketWalk.a_dispatcher_decides] * 2,
    *[MarketWalk.the_kitchen_speaks] * 2,
    MarketWalk.a_rider_comes_or_goes,
    MarketWalk.a_case_is_handled,
    MarketWalk.time_passes,
)
"""Who acts, the busier the oftener."""

TestMarketWalk = MarketWalk.TestCase
TestMarketWalk.settings = settings(max_examples=40, stateful_step_count=60)

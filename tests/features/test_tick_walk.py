"""All parties act at random while real ticks plan the market: every plan is sound, whatever has happened before."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dispatch.engine.dispatcher import Dispatcher
from dispatch.engine.policy import load_policy
from dispatch.errors import DispatchError
from dispatch.geo.travel import StraightLine
from dispatch.model import commands as c
from dispatch.model.events import OfferMade, OrderAssigned, TickDecided
from dispatch.model.state import MarketState
from dispatch.solver.solve import solve
from dispatch.units import Instant
from tests.support.market_rules import check_market
from tests.support.random_commands import (
    RIDER_IDS,
    kitchen_commands,
    new_orders,
    next_step,
    overrides,
    presence_commands,
    rider_commands,
)
from tests.support.towns import Town


class TickWalk(RuleBasedStateMachine):
    """Draws who acts next; the dispatcher judges every plan of its own and raises where one is unsound."""

    @initialize(policy=st.sampled_from(("default", "grubhub", "colombia")), at_once=st.booleans())
    def open_town(self, policy: str, at_once: bool) -> None:
        self.town = Town(*RIDER_IDS)
        self.town.placed("o1", "o2", "o3")
        self.dispatcher = Dispatcher(
            self.town.market, StraightLine(), load_policy(policy), solve, checked=True, accepts_at_once=at_once
        )

    @rule(data=st.data())
    def somebody_acts(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(PARTIES))(self, data)

    def a_tick_comes(self, data: st.DataObject) -> None:
        self.town.wait(data.draw(st.sampled_from((0, 30, 300))))
        held_back = {order_id for order_id, order in self._state.orders.items() if order.held(self._now)}
        kept_away = {
            (order_id, rider_id)
            for order_id, order in self._state.orders.items()
            for rider_id in self._state.bars_of(order) | order.declined_by
        }
        for event in [recorded.event for recorded in self.dispatcher.tick()]:
            if isinstance(event, OfferMade):
                assert held_back.isdisjoint(event.order_ids)
                assert kept_away.isdisjoint((order_id, event.rider_id) for order_id in event.order_ids)
            if isinstance(event, OrderAssigned):
                assert event.order_id not in held_back
                assert (event.order_id, event.rider_id) not in kept_away
            if isinstance(event, TickDecided):
                assert event.planned + event.held == event.problem_orders

    def an_order_comes(self, data: st.DataObject) -> None:
        self._try(c.PlaceOrder(order=data.draw(new_orders(self._state, self._now))))

    def a_rider_goes_on(self, data: st.DataObject) -> None:
        busy = [rider_id for rider_id in RIDER_IDS if self._state.riders[rider_id].tasks]
        rider_id = data.draw(st.sampled_from(busy or RIDER_IDS[:1]))
        for _ in range(data.draw(st.integers(1, 3))):
            self._try(next_step(self._state, rider_id))
            self.town.wait(max(60, self._state.riders[rider_id].busy_until - self._now))

    def an_offer_is_answered(self, data: st.DataObject) -> None:
        waiting = [(rider_id, o) for rider_id, rider in self._state.riders.items() for o in sorted(rider.offers)]
        if waiting:
            rider_id, offer_id = data.draw(st.sampled_from(waiting))
            answer = data.draw(st.sampled_from((c.AcceptOffer, c.AcceptOffer, c.DeclineOffer)))
            self._try(answer(rider_id=rider_id, offer_id=offer_id))

    def a_rider_does_anything(self, data: st.DataObject) -> None:
        self._try(data.draw(rider_commands(self._state, self._now)))

    def a_rider_comes_or_goes(self, data: st.DataObject) -> None:
        self._try(data.draw(presence_commands(self._now)))

    def a_dispatcher_decides(self, data: st.DataObject) -> None:
        self._try(data.draw(overrides(self._state, self._now)))

    def the_kitchen_speaks(self, data: st.DataObject) -> None:
        self._try(data.draw(kitchen_commands(self._state, self._now)))

    @invariant()
    def the_market_is_sound(self) -> None:
        check_market(self._state)

    @property
    def _state(self) -> MarketState:
        return self.town.market.state

    @property
    def _now(self) -> Instant:
        return self.town.clock.now()

    def _try(self, command: c.Command) -> None:
        """Carry the command out, or have it refused: what people may do is tested elsewhere."""
        with suppress(DispatchError):
            self.town.do(command)


PARTIES = (
    *[TickWalk.a_tick_comes] * 6,
    *[TickWalk.a_rider_goes_on] * 4,
    *[TickWalk.an_order_comes] * 3,
    *[TickWalk.an_offer_is_answered] * 3,
    *[TickWalk.a_dispatcher_decides] * 3,
    *[TickWalk.the_kitchen_speaks] * 2,
    TickWalk.a_rider_does_anything,
    TickWalk.a_rider_comes_or_goes,
)
"""Who acts, the busier the oftener."""

TestTickWalk = TickWalk.TestCase
TestTickWalk.settings = settings(max_examples=40, stateful_step_count=50)

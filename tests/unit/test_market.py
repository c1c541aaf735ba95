"""A market carries out commands, keeps equal to its log, and answers repeats."""

from __future__ import annotations

import pytest

from dispatch.engine.clock import SimulatedClock, SystemClock
from dispatch.engine.decide import decide
from dispatch.engine.market import Market
from dispatch.errors import StaleError
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.commands import AcceptOrder, MarkReady, PlaceOrder
from dispatch.model.events import OrderPlaced
from dispatch.model.fold import apply
from dispatch.model.lifecycle import IllegalMove, OrderStatus
from dispatch.model.order import OrderId
from dispatch.model.state import MarketState
from dispatch.store.memory import MemoryLog
from tests.support.builders import MARKET, NOON, an_order
from tests.support.towns import Town, snapshot

ANA = Actor(ActorKind.DISPATCHER, "ana")
O1 = OrderId("o1")


def test_a_market_opens_with_what_its_log_says() -> None:
    town = Town()
    town.placed("o1", "o2")
    town.on_board("r1", "o1")
    again = Market(MARKET, town.log, town.clock)
    assert again.state == town.market.state
    assert again.state.seq == town.log.last_seq(MARKET)


def test_the_same_command_gets_the_same_answer() -> None:
    town = Town()
    first = town.market.execute(PlaceOrder(order=an_order()), ANA, "place it")
    town.do(MarkReady(order_id=O1))
    assert town.market.execute(PlaceOrder(order=an_order()), ANA, "place it") == first
    assert town.market.execute(PlaceOrder(order=an_order("o2")), ANA, "place it") == first
    assert (first[0].actor, first[0].command_id) == (ANA, "place it")


def test_a_market_that_is_behind_catches_up_and_decides_anew() -> None:
    town = Town()
    other = Market(MARKET, town.log, town.clock)
    town.placed("o1")
    (recorded,) = other.execute(PlaceOrder(order=an_order("o2")), ANA, "from elsewhere")
    assert recorded.seq == town.log.last_seq(MARKET)
    assert list(other.state.orders) == ["o1", "o2"]
    assert town.market.state.seq < other.state.seq
    town.market.catch_up()
    assert town.market.state == other.state


def test_a_command_decided_anew_can_be_refused() -> None:
    town = Town()
    town.placed("o1")
    other = Market(MARKET, town.log, town.clock)
    town.do(AcceptOrder(order_id=O1, ready_at=NOON))
    with pytest.raises(IllegalMove):
        other.execute(AcceptOrder(order_id=O1, ready_at=NOON + 60), ANA, "too late")
    assert other.state == town.market.state


class AlwaysAhead(MemoryLog):
    """A log in which somebody else writes before every append."""

    def append(self, *args: object, **kwargs: object) -> tuple[()]:
        raise StaleError("Somebody was faster.", "Try again.")


def test_a_market_gives_up_when_it_never_gets_its_turn() -> None:
    market = Market(MARKET, AlwaysAhead(), SimulatedClock(NOON))
    with pytest.raises(StaleError):
        market.execute(PlaceOrder(order=an_order()), ANA, "c1")
    assert market.state == MarketState(MARKET)


def test_deciding_changes_nothing() -> None:
    town = Town()
    town.placed("o1")
    before = snapshot(town.market.state)
    events = decide(town.market.state, PlaceOrder(order=an_order("o2")), NOON)
    assert events == [OrderPlaced(order=an_order("o2"))]
    assert snapshot(town.market.state) == before


def test_an_event_out_of_turn_is_misuse() -> None:
    town = Town()
    town.placed("o1")
    events = list(town.log.read(MARKET))
    with pytest.raises(ValueError, match="event 2 does not follow event 0"):
        apply(MarketState(MARKET), events[1])
    with pytest.raises(ValueError, match="does not follow"):
        apply(town.market.state, events[-1])


def test_a_log_that_contradicts_itself_is_noticed() -> None:
    town = Town()
    town.placed("o1")
    last = list(town.log.read(MARKET))[-1]
    before = snapshot(town.market.state)
    with pytest.raises(IllegalMove, match="exists already"):
        apply(town.market.state, last._replace(seq=last.seq + 1))
    assert snapshot(town.market.state) == before
    assert town.order().status is OrderStatus.PLACED


def test_simulated_time_only_goes_on() -> None:
    clock = SimulatedClock(NOON)
    clock.set(NOON)
    clock.set(NOON + 1)
    assert clock.now() == NOON + 1
    with pytest.raises(ValueError, match="go back"):
        clock.set(NOON)


def test_the_system_clock_counts_seconds_since_1970() -> None:
    now = SystemClock().now()
    assert isinstance(now, int)
    assert now > NOON

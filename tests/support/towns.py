"""A small market in memory that tests drive by commands.

>>> town = Town()
>>> town.placed("o1")
>>> town.given("r1", "o1")
>>> town.order("o1").dispatch.value
'assigned'
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from dispatch.engine.clock import SimulatedClock
from dispatch.engine.market import Market
from dispatch.errors import DispatchError
from dispatch.model.actor import SYSTEM_ACTOR
from dispatch.model.commands import (
    ApplyPlan,
    Arrive,
    Command,
    ConfirmDropoff,
    ConfirmPickup,
    HandOver,
    MakeOverride,
    OfferIntent,
    PlaceOrder,
    RegisterMerchant,
    RegisterRider,
    StartLeg,
    StartShift,
)
from dispatch.model.events import Event, OfferId, OfferMade
from dispatch.model.order import Order, OrderId
from dispatch.model.override import OverrideKind, OverrideReason
from dispatch.model.reasons import UnassignReason
from dispatch.model.rider import RiderId, Task
from dispatch.model.state import MarketState, OrderState, RiderState
from dispatch.model.stops import both_tasks
from dispatch.store.log import EventLog
from dispatch.store.memory import MemoryLog
from dispatch.units import Instant, Seconds
from tests.support.builders import MARKET, NOON, a_merchant, a_rider, a_shift, an_order


class Town:
    """Merchant m1 and riders on shift at noon; a command is carried out by the system under a fresh id."""

    def __init__(self, *rider_ids: str, log: EventLog | None = None) -> None:
        self.log: EventLog = MemoryLog() if log is None else log
        self.clock = SimulatedClock(NOON)
        self.market = Market(MARKET, self.log, self.clock)
        self._commands = 0
        self.do(RegisterMerchant(merchant=a_merchant()))
        for rider_id in rider_ids or ("r1",):
            self.do(RegisterRider(rider=a_rider(rider_id)))
            self.do(StartShift(rider_id=RiderId(rider_id), shift=a_shift(rider_id)))

    def do(self, command: Command, occurred_at: Instant | None = None) -> list[Event]:
        """The events that the command leads to."""
        self._commands += 1
        written = self.market.execute(command, SYSTEM_ACTOR, f"command {self._commands}", occurred_at)
        return [recorded.event for recorded in written]

    def refused(self, command: Command) -> DispatchError:
        """The refusal of a command, which must change nothing."""
        before, last = snapshot(self.market.state), self.log.last_seq(MARKET)
        with pytest.raises(DispatchError) as caught:
            self.do(command)
        assert snapshot(self.market.state) == before
        assert self.log.last_seq(MARKET) == last
        return caught.value

    def wait(self, seconds: Seconds) -> Instant:
        """Let time pass."""
        self.clock.set(self.clock.now() + seconds)
        return self.clock.now()

    def order(self, order_id: str = "o1") -> OrderState:
        """An order now."""
        return self.market.state.order(OrderId(order_id))

    def rider(self, rider_id: str = "r1") -> RiderState:
        """A rider now."""
        return self.market.state.rider(RiderId(rider_id))

    def tasks(self, rider_id: str = "r1") -> str:
        """A rider's tasks as "+o1 +o2 -o1 -o2"; a return is "~o1"."""
        return " ".join(drawn(task) for task in self.rider(rider_id).tasks)

    def placed(self, *orders: str | Order) -> None:
        """Place orders; an id stands for the usual order."""
        for order in orders:
            self.do(PlaceOrder(order=an_order(order) if isinstance(order, str) else order))

    def given(self, rider_id: str, *order_ids: str) -> None:
        """Assign orders: all pickups first, then all drop-offs, after what the rider has."""
        intent = self.intent(rider_id, *order_ids)
        self.do(ApplyPlan(tick=0, offers=(intent,), auto_accept=True))

    def offered(self, rider_id: str, *order_ids: str, offer_s: Seconds = 60) -> OfferId:
        """Offer orders, also those that another rider has; the offer's id."""
        better = tuple((OrderId(order_id), UnassignReason.BETTER_RIDER) for order_id in order_ids)
        intent = self.intent(rider_id, *order_ids)
        events = self.do(ApplyPlan(tick=0, offers=(intent,), unassign=better, offer_s=offer_s))
        (made,) = [event for event in events if isinstance(event, OfferMade)]
        return made.offer_id

    def intent(self, rider_id: str, *order_ids: str, depart_at: Instant | None = None) -> OfferIntent:
        """The intent to give orders: all pickups first, then all drop-offs, after what the rider has."""
        pairs = [both_tasks(OrderId(order_id)) for order_id in order_ids]
        new = (*(pickup for pickup, _ in pairs), *(dropoff for _, dropoff in pairs))
        ids = tuple(OrderId(order_id) for order_id in order_ids)
        tasks = (*self.rider(rider_id).tasks, *new)
        return OfferIntent(rider_id=RiderId(rider_id), order_ids=ids, tasks=tasks, depart_at=depart_at)

    def ride(self, rider_id: str = "r1", seconds: Seconds = 300) -> None:
        """Go to the first stop and arrive."""
        leaves_at = max(self.clock.now(), self.rider(rider_id).busy_until)
        self.clock.set(leaves_at)
        self.do(StartLeg(rider_id=RiderId(rider_id), arrives_at=leaves_at + seconds))
        self.wait(seconds)
        self.do(Arrive(rider_id=RiderId(rider_id)))

    def on_board(self, rider_id: str, *order_ids: str) -> None:
        """Give orders, ride to the kitchen and pick them up."""
        self.given(rider_id, *order_ids)
        self.carried(rider_id, *order_ids)

    def carried(self, rider_id: str, *order_ids: str) -> None:
        """Ride to the kitchen and pick up orders that the rider has."""
        self.ride(rider_id)
        ids = tuple(OrderId(order_id) for order_id in order_ids)
        self.do(ConfirmPickup(rider_id=RiderId(rider_id), order_ids=ids))

    def delivered(self, rider_id: str, order_id: str) -> None:
        """Ride to the door and hand the order over."""
        self.ride(rider_id)
        self.do(ConfirmDropoff(rider_id=RiderId(rider_id), order_id=OrderId(order_id)))

    def handed_over(self, order_id: str, to_rider_id: str) -> None:
        """Another rider takes the food."""
        self.do(HandOver(order_id=OrderId(order_id), to_rider_id=RiderId(to_rider_id)))


def snapshot(state: MarketState) -> tuple[object, ...]:
    """A copy of a state, to be compared later."""
    mappings = (state.orders, state.riders, state.merchants, state.merchant_bars, state.shifts, state.offers)
    others = (state.overrides, state.cases, state.active, state.accounts, state.cases_of, state.penalties, state.etas)
    return (state.seq, state.tick, state.policy, *(dict(mapping) for mapping in (*mappings, *others)))


def drawn(task: Task) -> str:
    """A task as "+o1" (pickup), "-o1" (drop-off) or "~o1" (return)."""
    return {"pickup": "+", "dropoff": "-", "return": "~"}[task.kind.value] + task.order_id


def kinds(events: Iterable[Event]) -> list[str]:
    """The names of the events."""
    return [type(event).__name__ for event in events]


def an_override(kind: OverrideKind, **named: str) -> MakeOverride:
    """A dispatcher's decision; ``order_id``, ``rider_id`` as given."""
    return MakeOverride(
        kind=kind,
        reason=OverrideReason.OTHER,
        text="as the customer asked",
        by="ana",
        order_id=OrderId(named["order_id"]) if "order_id" in named else None,
        rider_id=RiderId(named["rider_id"]) if "rider_id" in named else None,
    )

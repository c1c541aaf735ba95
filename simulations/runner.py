"""Play an instance: discrete events through the model, the engine and the solver that the live service uses."""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np

from dispatch.engine.clock import SimulatedClock
from dispatch.engine.dispatcher import Dispatcher, Keep, Solver
from dispatch.engine.market import Market
from dispatch.engine.policy import Policy
from dispatch.model.actor import Actor, ActorKind
from dispatch.model.commands import (
    AcceptOffer,
    CancelOrder,
    ChangeReadyTime,
    Command,
    DeclineOffer,
    ExpireOffer,
    MarkReady,
    PlaceOrder,
    RegisterMerchant,
    RegisterRider,
    StartShift,
)
from dispatch.model.events import OfferMade, Recorded
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import Order, OrderId
from dispatch.model.place import Place
from dispatch.model.reasons import CancelReason
from dispatch.model.rider import RiderId, Shift
from dispatch.model.state import RiderState
from dispatch.store.memory import MemoryLog
from dispatch.units import MINUTE_S, Instant, Seconds
from simulations.chances import AS_TOLD, Chances
from simulations.instance import Instance
from simulations.robots import next_step

_WORLD: Final = 0
_RIDER: Final = 1
_TICK: Final = 2
"""What comes first when several things happen in the same second: the world, then riders, then the dispatcher."""

_UNASSIGNED: Final = (DispatchStatus.OPEN, DispatchStatus.HELD, DispatchStatus.OFFERED)

Progress = Callable[[Instant, int], None]
"""Told the simulated time and the number of orders that are over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened: the whole log, and the CPU seconds that each tick took."""

    instance: Instance
    policy: str
    events: tuple[Recorded, ...]
    tick_cpu_s: tuple[float, ...]


@dataclass(slots=True)
class Simulation:
    """One run of one instance under one policy; the same arguments give the same log."""

    instance: Instance
    policy: Policy
    solver: Solver
    seed: int = 0
    chances: Chances = AS_TOLD
    checked: bool = False
    keep: Keep | None = None
    progress: Progress | None = None
    _clock: SimulatedClock = field(init=False)
    _market: Market = field(init=False)
    _log: MemoryLog = field(init=False)
    _queue: list[tuple[Instant, int, int, Callable[[], None]]] = field(init=False)
    _wakes: dict[RiderId, Instant] = field(init=False)
    _serial: int = field(init=False)
    _commands: int = field(init=False)
    _tick_cpu_s: list[float] = field(init=False)

    def run(self) -> Outcome:
        """Play the instance to its end, from the beginning each time."""
        instance = self.instance
        self._queue, self._wakes, self._serial, self._commands, self._tick_cpu_s = [], {}, 0, 0, []
        self._clock = SimulatedClock(instance.starts_at)
        self._log = MemoryLog()
        self._market = Market(instance.market_id, self._log, self._clock)
        dispatcher = Dispatcher(
            self._market,
            instance.travel,
            self.policy,
            self.solver,
            seed=self.seed,
            checked=self.checked,
            accepts_at_once=instance.rules.accept_s == 0 and self.chances.decline_probability == 0,
            keep=self.keep,
        )
        self._set_up()
        self._schedule_ticks(dispatcher)
        while self._queue:
            at, _, _, action = heapq.heappop(self._queue)
            self._clock.set(at)
            action()
        events = tuple(self._log.read(instance.market_id))
        return Outcome(instance, self.policy.name, events, tuple(self._tick_cpu_s))

    def _at(self, at: Instant, rank: int, action: Callable[[], None]) -> None:
        self._serial += 1
        heapq.heappush(self._queue, (at, rank, self._serial, action))

    def _do(self, command: Command, kind: ActorKind, actor_id: str = "") -> None:
        """Carry a command out and let the riders concerned react."""
        self._commands += 1
        self._react(self._market.execute(command, Actor(kind, actor_id), f"c{self._commands}"))

    def _react(self, recorded: tuple[Recorded, ...]) -> None:
        now = self._clock.now()
        for rider_id in _riders_of(recorded):
            self._wake(rider_id, now)
        for entry in recorded:
            if isinstance(entry.event, OfferMade):
                answers_at, expires_at = now + self.instance.rules.accept_s, entry.event.expires_at
                react = self._answer if answers_at <= expires_at else self._expire
                self._at(min(answers_at, expires_at), _RIDER, partial(react, entry.event))

    def _set_up(self) -> None:
        for merchant in self.instance.merchants:
            self._do(RegisterMerchant(merchant=merchant), ActorKind.OPERATIONS)
        for rider in self.instance.riders:
            self._do(RegisterRider(rider=rider), ActorKind.OPERATIONS)
        for shift in self.instance.shifts:
            self._at(shift.starts_at, _WORLD, partial(self._start_shift, shift))
        chance = random.Random(f"customers-{self.seed}")
        for order in self.instance.orders:
            self._at(order.placed_at, _WORLD, partial(self._place, order, chance.random()))

    def _start_shift(self, shift: Shift, again_s: Seconds = 0) -> None:
        present = self._market.state.rider(shift.rider_id).shift
        if present is not None:  # ends the shift before in this very second, or is still busy with it
            if present.ends_at < shift.ends_at:
                self._at(self._clock.now() + again_s, _RIDER, partial(self._start_shift, shift, MINUTE_S))
            return
        if self._clock.now() < shift.ends_at:
            self._do(StartShift(rider_id=shift.rider_id, shift=shift), ActorKind.RIDER, shift.rider_id)

    def _place(self, order: Order, chance: float) -> None:
        self._do(PlaceOrder(order=order), ActorKind.CUSTOMER)
        rules, placed_at = self.instance.rules, order.placed_at
        ready_at = max(self.chances.ready_at(order, self.seed), placed_at)
        if ready_at > max(order.ready_at, placed_at):
            self._at(max(order.ready_at, placed_at), _WORLD, partial(self._delay, order.id, ready_at))
        self._at(ready_at, _WORLD, partial(self._ready, order.id))
        if rules.cancel_after_s is not None and chance < rules.cancel_probability:
            self._at(placed_at + rules.cancel_after_s, _WORLD, partial(self._give_up, order.id, ActorKind.CUSTOMER))
        if rules.give_up_after_s is not None:
            self._at(placed_at + rules.give_up_after_s, _WORLD, partial(self._give_up, order.id, ActorKind.OPERATIONS))

    def _delay(self, order_id: OrderId, ready_at: Instant) -> None:
        """The kitchen says at the promised time that it will take until ``ready_at``."""
        order = self._market.state.order(order_id)
        if not order.over and order.picked_up_at is None:
            command = ChangeReadyTime(order_id=order_id, ready_at=ready_at, reason="kitchen late")
            self._do(command, ActorKind.MERCHANT, order.order.merchant_id)

    def _ready(self, order_id: OrderId) -> None:
        order = self._market.state.order(order_id)
        if not order.over and order.picked_up_at is None:
            self._do(MarkReady(order_id=order_id), ActorKind.MERCHANT, order.order.merchant_id)
            if order.rider_id is not None and order.ready_at > self._clock.now():
                self._wake(order.rider_id, self._clock.now())

    def _give_up(self, order_id: OrderId, by: ActorKind) -> None:
        if self._market.state.order(order_id).dispatch in _UNASSIGNED:
            customer = by is ActorKind.CUSTOMER
            reason = CancelReason.WAITED_TOO_LONG if customer else CancelReason.NO_RIDER_FOUND
            self._do(CancelOrder(order_id=order_id, by=by, reason=reason, text=""), by)

    def _answer(self, offer: OfferMade) -> None:
        if offer.offer_id not in self._market.state.rider(offer.rider_id).offers:
            return
        answer = DeclineOffer if self.chances.declines(offer, self.seed) else AcceptOffer
        self._do(answer(rider_id=offer.rider_id, offer_id=offer.offer_id), ActorKind.RIDER, offer.rider_id)

    def _expire(self, offer: OfferMade) -> None:
        self._do(ExpireOffer(offer_id=offer.offer_id), ActorKind.SYSTEM)

    def _wake(self, rider_id: RiderId, at: Instant) -> None:
        """Let the rider look at the route at ``at``, unless that happens before anyway."""
        if at < self._wakes.get(rider_id, at + 1):
            self._wakes[rider_id] = at
            self._at(at, _RIDER, partial(self._look, rider_id, at))

    def _look(self, rider_id: RiderId, at: Instant) -> None:
        if self._wakes.get(rider_id) != at:
            return
        del self._wakes[rider_id]
        step = next_step(self._market.state, rider_id, at, self._ride)
        if step is None:
            return
        if step.at > at:
            self._wake(rider_id, step.at)
        else:
            self._do(step.command, ActorKind.RIDER, rider_id)

    def _ride(self, origin: Place, destination: Place, rider: RiderState) -> Seconds:
        if origin == destination:
            return 0
        ends = np.array([[p.latitude, p.longitude] for p in (origin, destination)])
        return int(self.instance.travel.pairs(ends[:1], ends[1:], rider.rider.vehicle)[0])

    def _schedule_ticks(self, dispatcher: Dispatcher) -> None:
        """One tick every ``tick_s`` on the full step, from the first order until nothing can change any more."""
        if self.instance.orders:
            tick_s = self.instance.rules.tick_s
            first = -(-self.instance.orders[0].placed_at // tick_s) * tick_s
            self._at(first, _TICK, partial(self._tick, dispatcher))

    def _tick(self, dispatcher: Dispatcher) -> None:
        began = time.process_time()
        recorded = dispatcher.tick()
        self._tick_cpu_s.append(time.process_time() - began)
        self._react(recorded)
        now = self._clock.now()
        if self.progress is not None:
            self.progress(now, len(self._market.state.orders) - len(self._market.state.active))
        if now <= self.instance.ends_at or any(rider.shift for rider in self._market.state.riders.values()):
            self._at(now + self.instance.rules.tick_s, _TICK, partial(self._tick, dispatcher))


def _riders_of(recorded: tuple[Recorded, ...]) -> Iterator[RiderId]:
    """The riders who have something to react to, each once."""
    seen: dict[RiderId, None] = {}
    for entry in recorded:
        for name in ("rider_id", "from_rider_id"):
            rider_id = getattr(entry.event, name, None)
            if rider_id is not None and not isinstance(entry.event, OfferMade):
                seen[rider_id] = None
    return iter(seen)

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
from dispatch.engine.robots import Step, next_step
from dispatch.errors import ConflictError
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
    PlanShift,
    RegisterMerchant,
    RegisterRider,
    StartShift,
)
from dispatch.model.events import OfferMade, OrderPlaced, Recorded
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import Order, OrderId
from dispatch.model.place import Place
from dispatch.model.reasons import CancelReason
from dispatch.model.rider import RiderId, Shift
from dispatch.model.state import RiderState
from dispatch.store.memory import MemoryLog
from dispatch.units import HOUR_S, MINUTE_S, Instant, Seconds
from simulations.garbage import keep_out_what_stays, without_full_collections
from simulations.instance import Instance
from simulations.plans_told import PlanRow, plan_row
from simulations.worlds import AS_TOLD, Shower, World
from simulations.worlds.draws import draw

_WORLD: Final = 0
_RIDER: Final = 1
_TICK: Final = 2
"""What comes first when several things happen in the same second: the world, then riders, then the dispatcher."""

_AFTERMATH_S: Final = 2 * HOUR_S
"""How long after the end of the day ticks go on because of riders who have vanished."""

_UNASSIGNED: Final = (DispatchStatus.OPEN, DispatchStatus.HELD, DispatchStatus.OFFERED)

Progress = Callable[[Instant, int], None]
"""Told the simulated time and the number of orders that are over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened: the whole log, the CPU seconds that each tick took, and what was told of each plan."""

    instance: Instance
    policy: str
    events: tuple[Recorded, ...]
    tick_cpu_s: tuple[float, ...]
    plans: tuple[PlanRow, ...] = ()


@dataclass(slots=True)
class Simulation:
    """One run of one instance under one policy; the same arguments give the same log."""

    instance: Instance
    policy: Policy
    solver: Solver
    seed: int = 0
    world: World = AS_TOLD
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
    _day: Instance = field(init=False)
    _shower: Shower | None = field(init=False)
    _patience: dict[OrderId, float] = field(init=False)
    _vanishing: dict[RiderId, Instant | None] = field(init=False)
    _vanished: set[RiderId] = field(init=False)
    _told_at: dict[RiderId, Instant] = field(init=False)
    _reporting: set[RiderId] = field(init=False)
    _tick_cpu_s: list[float] = field(init=False)
    _plans: list[PlanRow] = field(init=False)

    def run(self) -> Outcome:
        """Play the instance to its end, from the beginning each time."""
        instance = self._day = self.world.rain.day(self.instance, self.seed)
        self._shower = self.world.rain.shower(self.instance)
        self._patience, self._vanishing, self._vanished, self._told_at, self._reporting = {}, {}, set(), {}, set()
        self._queue, self._wakes, self._serial, self._commands, self._tick_cpu_s, self._plans = [], {}, 0, 0, [], []
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
            accepts_at_once=instance.rules.accept_s == 0 and not self.world.declines,
            keep=self.keep,
        )
        self._set_up()
        self._schedule_ticks(dispatcher)
        with without_full_collections():
            while self._queue:
                at, _, _, action = heapq.heappop(self._queue)
                self._clock.set(at)
                action()
        events = tuple(self._log.read(instance.market_id))
        return Outcome(instance, self.policy.name, events, tuple(self._tick_cpu_s), tuple(self._plans))

    def _at(self, at: Instant, rank: int, action: Callable[[], None]) -> None:
        self._serial += 1
        heapq.heappush(self._queue, (at, rank, self._serial, action))

    def _do(self, command: Command, kind: ActorKind, actor_id: str = "", at: Instant | None = None) -> None:
        """Carry out a command about now, or about ``at``, and let the riders concerned react."""
        self._commands += 1
        self._react(self._market.execute(command, Actor(kind, actor_id), f"c{self._commands}", at))

    def _react(self, recorded: tuple[Recorded, ...]) -> None:
        now = self._clock.now()
        for rider_id in _riders_of(recorded):
            self._told_at[rider_id] = now
            self._wake(rider_id, now)
        for entry in recorded:
            match entry.event:
                case OfferMade():
                    answers_at, expires_at = now + self._day.rules.accept_s, entry.event.expires_at
                    react = self._answer if answers_at <= expires_at else self._expire
                    self._at(min(answers_at, expires_at), _RIDER, partial(react, entry.event))
                case OrderPlaced(order=order):
                    self._cook(order)
                    self._wait_for(order)

    def _set_up(self) -> None:
        for merchant in self._day.merchants:
            self._do(RegisterMerchant(merchant=merchant), ActorKind.OPERATIONS)
        for rider in self._day.riders:
            self._do(RegisterRider(rider=rider), ActorKind.OPERATIONS)
        for shift in self._day.shifts:
            self._do(PlanShift(shift=shift), ActorKind.OPERATIONS)
            self._at(shift.starts_at, _WORLD, partial(self._start_shift, shift))
        chance = random.Random(f"customers-{self.seed}")
        for order in self._day.orders:
            self._patience[order.id] = chance.random()
            self._at(order.placed_at, _WORLD, partial(self._do, PlaceOrder(order=order), ActorKind.CUSTOMER))

    def _start_shift(self, shift: Shift, again_s: Seconds = 0) -> None:
        present = self._market.state.rider(shift.rider_id).shift
        if present is not None:  # ends the shift before in this very second, or is still busy with it
            if present.ends_at < shift.ends_at:
                self._at(self._clock.now() + again_s, _RIDER, partial(self._start_shift, shift, MINUTE_S))
            return
        if self._clock.now() < shift.ends_at:
            self._vanished.discard(shift.rider_id)
            self._vanishing[shift.rider_id] = self.world.vanishing.vanishes_at(shift, self.seed)
            self._do(StartShift(rider_id=shift.rider_id, shift=shift), ActorKind.RIDER, shift.rider_id)

    def _cook(self, order: Order) -> None:
        """The kitchen's part in an order that has just been placed."""
        placed_at = order.placed_at
        ready_at = max(self.world.kitchens.ready_at(order, self.seed), placed_at)
        if ready_at > max(order.ready_at, placed_at):
            self._at(max(order.ready_at, placed_at), _WORLD, partial(self._delay, order.id, ready_at))
        self._at(ready_at, _WORLD, partial(self._ready, order.id))

    def _wait_for(self, order: Order) -> None:
        """The customer's and the operator's patience with an order that has just been placed."""
        rules, placed_at = self._day.rules, order.placed_at
        chance = self._patience.get(order.id)
        if chance is None:  # made once more for a customer whose food was lost
            chance = draw("customer", self.seed, order.linked_to).random()
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
        if offer.rider_id in self._vanished:
            self._at(offer.expires_at, _RIDER, partial(self._expire, offer))
            return
        answer = DeclineOffer if self.world.declines.declines(offer, self.seed) else AcceptOffer
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
        if rider_id in self._reporting or self._is_gone(rider_id, at):
            return
        late_s = self.world.reports.late_s
        # Who is heard late has gone on since the last word from the dispatcher, or from what happened last.
        since = min(at, self._told_at.get(rider_id, at)) if late_s else at
        step = next_step(self._market.state, rider_id, since, self._ride)
        if step is None:
            return
        if step.at > at:
            self._wake(rider_id, step.at)
        elif late_s:
            self._reporting.add(rider_id)
            self._at(max(at, step.at + late_s), _RIDER, partial(self._report, rider_id, step))
        else:
            self._do(step.command, ActorKind.RIDER, rider_id)

    def _report(self, rider_id: RiderId, step: Step) -> None:
        """What the rider did a while ago becomes known; refused where the plan has taken it away meanwhile."""
        self._reporting.discard(rider_id)
        told_at = self._told_at.get(rider_id, step.at)
        try:
            self._do(step.command, ActorKind.RIDER, rider_id, step.at)
        except ConflictError:
            self._told_at[rider_id] = self._clock.now()
            self._wake(rider_id, self._clock.now())
        else:
            self._told_at[rider_id] = told_at  # one's own report is no news

    def _is_gone(self, rider_id: RiderId, at: Instant) -> bool:
        """Whether the rider has vanished; that happens with a task in hand."""
        vanishes_at = self._vanishing.get(rider_id)
        if vanishes_at is not None and at >= vanishes_at and self._market.state.rider(rider_id).tasks:
            self._vanished.add(rider_id)
        return rider_id in self._vanished

    def _ride(self, origin: Place, destination: Place, rider: RiderState, leaves_at: Instant) -> Seconds:
        if origin == destination:
            return 0
        ends = np.array([[p.latitude, p.longitude] for p in (origin, destination)])
        dry_s = int(self._day.travel.pairs(ends[:1], ends[1:], rider.rider.vehicle)[0])
        return dry_s if self._shower is None else self._shower.ride_s(leaves_at, dry_s)

    def _schedule_ticks(self, dispatcher: Dispatcher) -> None:
        """One tick every ``tick_s`` on the full step, from the first order until nothing can change any more."""
        if self._day.orders:
            tick_s = self._day.rules.tick_s
            first = -(-self._day.orders[0].placed_at // tick_s) * tick_s
            self._at(first, _TICK, partial(self._tick, dispatcher))

    def _tick(self, dispatcher: Dispatcher) -> None:
        keep_out_what_stays()
        began = time.process_time()
        recorded = dispatcher.tick()
        self._tick_cpu_s.append(time.process_time() - began)
        if dispatcher.summary is not None:
            self._plans.append(plan_row(self._clock.now(), dispatcher.summary))
        self._react(recorded)
        now = self._clock.now()
        if self.progress is not None:
            self.progress(now, len(self._market.state.orders) - len(self._market.state.active))
        if now <= self._day.ends_at or self._somebody_works(now):
            self._at(now + self._day.rules.tick_s, _TICK, partial(self._tick, dispatcher))

    def _somebody_works(self, now: Instant) -> bool:
        """Whether a rider is still at work; the market gets some time to see who has vanished."""
        aftermath = now <= self._day.ends_at + _AFTERMATH_S
        riders = self._market.state.riders.items()
        return any(rider.shift and (aftermath or rider_id not in self._vanished) for rider_id, rider in riders)


def _riders_of(recorded: tuple[Recorded, ...]) -> Iterator[RiderId]:
    """The riders who have something to react to, each once."""
    seen: dict[RiderId, None] = {}
    for entry in recorded:
        for name in ("rider_id", "from_rider_id"):
            rider_id = getattr(entry.event, name, None)
            if rider_id is not None and not isinstance(entry.event, OfferMade):
                seen[rider_id] = None
    return iter(seen)

"""What one event and one command cost: `python -m benchmarks.market_speed`.

A busy hour of many riders goes through a market in memory; then its log is replayed. CPU time of this process.
Beside every figure stands its ratio to a yardstick, measured in turns with it: one ``dataclasses.replace`` of a
dataclass with as many fields as an order's state. Ratios can be compared between machines, microseconds cannot.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, make_dataclass, replace
from typing import Any

from dispatch.engine.clock import SimulatedClock
from dispatch.engine.market import Market
from dispatch.model.actor import SYSTEM_ACTOR
from dispatch.model.commands import (
    AcceptOffer,
    ApplyPlan,
    Arrive,
    Command,
    ConfirmDropoff,
    ConfirmPickup,
    OfferIntent,
    PlaceOrder,
    RegisterRider,
    ReportPositions,
    StartLeg,
    StartShift,
)
from dispatch.model.events import OfferMade, Recorded
from dispatch.model.fold import apply
from dispatch.model.order import MarketId, MerchantId, Order, OrderId
from dispatch.model.place import Place, Position
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId
from dispatch.model.state import MarketState, OrderState
from dispatch.model.stops import both_tasks
from dispatch.store.memory import MemoryLog
from dispatch.units import DAY_S

MARKET = MarketId("bench")
CORNER = Place(4.60, -74.05)


@dataclass(frozen=True, slots=True)
class Figures:
    """Microseconds of CPU time: one event replayed, one command of each kind and on average, one yardstick."""

    events: int
    commands: int
    apply_us: float
    execute_us: float
    by_command_us: dict[str, float]
    yardstick_us: float


class BusyHour:
    """Riders who each get two orders a round, ride with three positions a leg, and deliver."""

    def __init__(self, riders: int) -> None:
        self.clock = SimulatedClock(1_700_000_000)
        self.log = MemoryLog()
        self.market = Market(MARKET, self.log, self.clock)
        self.riders = [RiderId(f"r{number}") for number in range(riders)]
        self.spent_ns: dict[str, list[int]] = defaultdict(list)
        self._orders = 0
        for rider_id in self.riders:
            self._do(RegisterRider(rider=Rider(id=rider_id, market_id=MARKET)))
            self._do(StartShift(rider_id=rider_id, shift=self._shift(rider_id)))

    def play_round(self, tick: int) -> None:
        """One plan, and all that follows from it."""
        self.clock.set(self.clock.now() + 60)
        intents = tuple(self._intent(rider_id) for rider_id in self.riders)
        for recorded in self._do(ApplyPlan(tick=tick, offers=intents)):
            if isinstance(recorded.event, OfferMade):
                self._ride(recorded.event)

    def _intent(self, rider_id: RiderId) -> OfferIntent:
        first, second = self._order(rider_id), self._order(rider_id)
        (pickup_1, dropoff_1), (pickup_2, dropoff_2) = both_tasks(first), both_tasks(second)
        tasks = (pickup_1, pickup_2, dropoff_1, dropoff_2)
        return OfferIntent(rider_id=rider_id, order_ids=(first, second), tasks=tasks, depart_at=self.clock.now())

    def _order(self, rider_id: RiderId) -> OrderId:
        self._orders += 1
        now, order_id = self.clock.now(), OrderId(f"o{self._orders}")
        order = Order(
            id=order_id,
            market_id=MARKET,
            merchant_id=MerchantId(f"m of {rider_id}"),
            pickup=Place(4.65, -74.06),
            dropoff=Place(4.70, -74.2 + self._orders * 1e-6),
            placed_at=now,
            ready_at=now + 600,
            promised_at=now + 2400,
        )
        self._do(PlaceOrder(order=order))
        return order_id

    def _ride(self, offer: OfferMade) -> None:
        rider_id = offer.rider_id
        self._do(AcceptOffer(rider_id=rider_id, offer_id=offer.offer_id))
        self._leg(rider_id)
        self._do(ConfirmPickup(rider_id=rider_id, order_ids=offer.order_ids))
        for order_id in offer.order_ids:
            self._leg(rider_id)
            self._do(ConfirmDropoff(rider_id=rider_id, order_id=order_id))

    def _leg(self, rider_id: RiderId) -> None:
        now = self.clock.now()
        self._do(StartLeg(rider_id=rider_id, arrives_at=now + 300))
        for _ in range(3):
            self._do(ReportPositions(rider_id=rider_id, positions=(Position(CORNER, now),)))
        self._do(Arrive(rider_id=rider_id))

    def _shift(self, rider_id: RiderId) -> Shift:
        now = self.clock.now()
        return Shift(id=ShiftId(rider_id), rider_id=rider_id, starts_at=now, ends_at=now + DAY_S, start=CORNER)

    def _do(self, command: Command) -> tuple[Recorded, ...]:
        spent = self.spent_ns[type(command).__name__]
        command_id = f"{type(command).__name__}-{len(spent)}"
        began = time.process_time_ns()
        recorded = self.market.execute(command, SYSTEM_ACTOR, command_id)
        spent.append(time.process_time_ns() - began)
        return recorded


def measure(riders: int = 100, rounds: int = 10) -> Figures:
    """Play, replay, and measure the yardstick before each round."""
    hour = BusyHour(riders)
    yardsticks: list[float] = []
    for tick in range(rounds):
        yardsticks.append(yardstick_us())
        hour.play_round(tick)
    log = tuple(hour.log.read(MARKET))
    replays = [_timed_us(lambda: _replay(log)) / len(log) for _ in range(3)]
    by_command = {name: sum(spent) / len(spent) / 1000 for name, spent in hour.spent_ns.items()}
    commands = sum(map(len, hour.spent_ns.values()))
    return Figures(
        events=len(log),
        commands=commands,
        apply_us=min(replays),
        execute_us=sum(map(sum, hour.spent_ns.values())) / commands / 1000,
        by_command_us=by_command,
        yardstick_us=sorted(yardsticks)[len(yardsticks) // 2],
    )


def yardstick_us(times: int = 1000) -> float:
    """One ``dataclasses.replace`` of a frozen dataclass with as many fields as an order's state."""
    names = [(name, object, None) for name in OrderState._fields]
    like_an_order: Callable[[], Any] = make_dataclass("LikeAnOrder", names, frozen=True, slots=True)
    value = like_an_order()

    def change() -> None:
        for _ in range(times):
            replace(value, status=1, version=2)

    return _timed_us(change) / times


def lines(figures: Figures) -> Iterator[str]:
    """The figures for people to read."""
    yard = figures.yardstick_us
    yield f"{figures.commands} commands, {figures.events} events; yardstick {yard:.1f} us"
    yield f"{'apply, per event':24} {figures.apply_us:8.1f} us {figures.apply_us / yard:6.2f}"
    yield f"{'execute, per command':24} {figures.execute_us:8.1f} us {figures.execute_us / yard:6.2f}"
    for name, spent in figures.by_command_us.items():
        yield f"  {name:22} {spent:8.1f} us {spent / yard:6.2f}"


def _replay(log: tuple[Recorded, ...]) -> None:
    state = MarketState(MARKET)
    for recorded in log:
        apply(state, recorded)


def _timed_us(work: Callable[[], None]) -> float:
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / 1000


if __name__ == "__main__":
    print("\n".join(lines(measure())))

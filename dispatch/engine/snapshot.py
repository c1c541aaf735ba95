"""From a market's state to a solver's problem: the one place where entities become arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from dispatch.engine.policy import LoopParams
from dispatch.errors import DispatchError
from dispatch.geo.points import Points
from dispatch.geo.travel import TravelTimes
from dispatch.model.lifecycle import DispatchStatus
from dispatch.model.order import MerchantId, OrderId, ZoneId
from dispatch.model.place import Place
from dispatch.model.rider import RiderId, Task, TaskKind
from dispatch.model.state import MarketState, OrderState, RiderState
from dispatch.model.stops import both_tasks
from dispatch.solver.problem import (
    ANY_ORDER,
    DROPOFF,
    EVERYWHERE,
    FIXED,
    FREE_ORDERS,
    NO_ORDERS,
    ON_BOARD,
    OPEN,
    PICKUP,
    Floats,
    Ints,
    Orders,
    Problem,
    Riders,
    Routes,
)
from dispatch.solver.rules import Rules
from dispatch.units import Instant, Seconds

Planned = Mapping[RiderId, tuple[Task, ...]]
"""Each rider's tasks as last planned, including those of orders not given to the rider yet."""

Outlook = Callable[[Points], Ints]
"""Metres from each place, float64 (L, 2), to where a rider's next pickup is expected."""

_WAITING = (DispatchStatus.OPEN, DispatchStatus.HELD)
_CARRIED = (DispatchStatus.CARRIED, DispatchStatus.RETURNING)


MOST_ZONES: Final = 62
"""As many as a zone mask has bits."""


class TooManyZonesError(DispatchError):
    """The market has more zones than a plan can tell apart."""

    code = "too_many_zones"


@dataclass(slots=True)
class _Index:
    """Numbers for places, merchants and zones in the order in which they are met."""

    places: dict[Place, int] = field(default_factory=dict)
    merchants: dict[MerchantId, int] = field(default_factory=dict)
    zones: dict[ZoneId, int] = field(default_factory=dict)

    def place(self, place: Place) -> int:
        return self.places.setdefault(place, len(self.places))

    def merchant(self, merchant: MerchantId) -> int:
        return self.merchants.setdefault(merchant, len(self.merchants))

    def mask(self, zones: Iterable[ZoneId]) -> int:
        bits = 0
        for zone in sorted(zones):
            bits |= 1 << self.zones.setdefault(zone, len(self.zones))
        if len(self.zones) > MOST_ZONES:
            cause = f"More than {MOST_ZONES} zones bind orders and riders of this market."
            raise TooManyZonesError(cause, "Join zones, or split the market.")
        return bits or EVERYWHERE


def snapshot(
    state: MarketState,
    now: Instant,
    travel: TravelTimes,
    rules: Rules,
    loop: LoopParams,
    planned: Planned,
    outlook: Outlook | None = None,
) -> Problem:
    """What a solver may know of the market at ``now``; ``planned`` is where the last plan left off."""
    index = _Index()
    riders = [rider for rider in state.riders.values() if _takes_part(rider, now)]
    riders += _soon_on_shift(state, now, loop.shift_ahead_s)
    rider_at = {rider.rider.id: number for number, rider in enumerate(riders)}
    orders = [order for key in state.active if (order := state.orders[key]) and _concerns(order, now, rider_at)]
    order_at = {order.order.id: number for number, order in enumerate(orders)}
    sequences = [_sequence(state, rider, planned.get(rider.rider.id, ()), order_at, now) for rider in riders]
    order_arrays = _orders(orders, state, now, travel.profiles, index, rider_at)
    rider_arrays = _riders(riders, now, travel.profiles, index)
    places = np.array([[p.latitude, p.longitude] for p in index.places], np.float64).reshape(-1, 2)
    table = travel.table(places)
    heading, trust = _headings(riders, now, table.points, index, loop)
    frozen = [_frozen(state, rider, tasks, rules) for rider, tasks in zip(riders, sequences, strict=True)]
    return Problem(
        now=now,
        travel=table,
        orders=order_arrays,
        riders=rider_arrays._replace(heading=heading, heading_trust=trust),
        routes=_routes(sequences, order_at, frozen),
        bars=_bars(orders, state, now, order_at, rider_at),
        order_ids=tuple(order_at),
        rider_ids=tuple(rider_at),
        changed=np.array(
            [_changed(state, rider, tasks, planned, now) for rider, tasks in zip(riders, sequences, strict=True)],
            np.int64,
        ),
        onward_m=None if outlook is None else outlook(places),
        profile_names=tuple(travel.profiles),
        zone_names=tuple(index.zones),
    )


def _takes_part(rider: RiderState, now: Instant) -> bool:
    """Whether the rider has something to do or may get something."""
    if rider.shift is None or rider.place is None:
        return False
    # Who was asked and gets nothing new any more still has the offer, and its orders are nobody else's.
    return bool(rider.tasks) or bool(rider.offers) or _accepts(rider, now)


def _soon_on_shift(state: MarketState, now: Instant, ahead_s: Seconds) -> list[RiderState]:
    """Riders whose planned shift is about to begin, as they will be then."""
    soon = sorted(
        (shift for shift in state.shifts.values() if now < shift.starts_at <= now + ahead_s),
        key=lambda shift: (shift.starts_at, shift.id),
    )
    first = {shift.rider_id: shift for shift in reversed(soon)}
    return [
        rider._replace(shift=first[key], place=first[key].start, since=first[key].starts_at, leg=None)
        for key in sorted(first)
        if (rider := state.riders.get(key)) is not None and rider.shift is None
    ]


def _accepts(rider: RiderState, now: Instant) -> bool:
    if rider.shift is None or rider.shift.ends_at <= now or rider.lost_at is not None:
        return False
    return not rider.paused(now) and rider.problem is None


def _takes(rider: RiderState, now: Instant) -> int:
    """Which orders the rider may get."""
    if not _accepts(rider, now):
        return NO_ORDERS
    return FREE_ORDERS if rider.shift is not None and rider.shift.starts_at > now else ANY_ORDER


def _concerns(order: OrderState, now: Instant, rider_at: Mapping[RiderId, int]) -> bool:
    """Whether the solver has to do with the order: not held by a person, and not with a rider who takes no part."""
    if order.order.dropoff is None or order.over:
        return False
    if order.dispatch in _WAITING:
        return not order.held(now)
    return order.rider_id is None or order.rider_id in rider_at


def _sequence(
    state: MarketState, rider: RiderState, planned: tuple[Task, ...], order_at: Mapping[OrderId, int], now: Instant
) -> list[Task]:
    """The rider's tasks given and offered, in their order, and those only planned where the last plan had them.

    An order that is offered to another rider counts as that one's until the answer.
    """
    if not (planned or rider.tasks or rider.offers):
        return []
    offered = [key for offer in sorted(rider.offers) for key in state.offers[offer].order_ids]
    own = [task for task in rider.tasks if state.orders[task.order_id].offer_id is None]
    given = [*own, *(task for key in offered for task in both_tasks(key))]
    rider_id, mine = rider.rider.id, set(given)
    kept = [
        task for task in planned if task in mine or _only_planned(state.orders[task.order_id], rider_id, order_at, now)
    ]
    if mine.issubset(kept) and [task for task in kept if task in set(own)] == own:
        return kept
    return given


def _only_planned(order: OrderState, rider: RiderId, order_at: Mapping[OrderId, int], now: Instant) -> bool:
    return order.order.id in order_at and order.dispatch in _WAITING and order.pin(now) in (None, rider)


def _orders(
    orders: list[OrderState],
    state: MarketState,
    now: Instant,
    profiles: tuple[str, ...],
    index: _Index,
    rider_at: Mapping[RiderId, int],
) -> Orders:
    """One row an order; food on its way back is a drop-off at its merchant."""
    every = (1 << len(profiles)) - 1
    rows = np.empty((len(orders), len(Orders._fields)), np.int64)
    for number, state_of in enumerate(orders):
        order = state_of.order
        pickup = index.place(order.pickup)
        back = state_of.dispatch is DispatchStatus.RETURNING or order.dropoff is None
        holder, status = _holder(state_of, state, now)
        vehicles = (
            sum(1 << profiles.index(kind) for kind in order.vehicles if kind in profiles) if order.vehicles else every
        )
        rows[number] = (
            pickup,
            pickup if back or order.dropoff is None else index.place(order.dropoff),
            index.merchant(order.merchant_id),
            order.placed_at,
            state_of.ready_at,
            order.promised_at,
            order.not_before_at or 0,
            order.size,
            vehicles,
            index.mask(order.zones),
            state_of.priority,
            order.pickup_handling.before_s,
            order.pickup_handling.after_s,
            order.dropoff_handling.before_s,
            order.dropoff_handling.after_s,
            -1 if holder is None else rider_at.get(holder, -1),
            status,
        )
    return Orders(*np.ascontiguousarray(rows.T))


def _holder(order: OrderState, state: MarketState, now: Instant) -> tuple[RiderId | None, int]:
    """Who has the order, and whether that can change."""
    if order.dispatch in _CARRIED:
        return order.rider_id, ON_BOARD
    if order.offer_id is not None:
        return state.offers[order.offer_id].rider_id, FIXED
    pin = order.pin(now)
    if pin is not None and order.rider_id == pin:
        return pin, FIXED
    return order.rider_id, OPEN


def _riders(riders: list[RiderState], now: Instant, profiles: tuple[str, ...], index: _Index) -> Riders:
    """One row a rider: where and when free to choose; a rider under way finishes the leg."""
    rows = np.empty((len(riders), 7), np.int64)
    for number, rider in enumerate(riders):
        if rider.place is None or rider.shift is None:
            raise ValueError(f"rider {rider.rider.id} is not on shift")
        place, free_at = rider.place, max(rider.since, rider.busy_until)
        if rider.leg is not None:
            place, free_at = rider.leg.destination, max(rider.leg.arrives_at, now)
            index.place(rider.leg.origin)  # for the heading
        rows[number] = (
            index.place(place),
            free_at,
            profiles.index(rider.rider.vehicle),
            rider.rider.capacity,
            rider.shift.ends_at,
            index.mask(rider.rider.zones),
            _takes(rider, now),
        )
    place, free_at, profile, capacity, off_at, zones, accepts = np.ascontiguousarray(rows.T)
    nowhere, nothing = np.zeros((len(riders), 3)), np.zeros(len(riders))
    return Riders(place, free_at, profile, capacity, off_at, zones, accepts, nowhere, nothing)


def _headings(
    riders: list[RiderState], now: Instant, points: Floats, index: _Index, loop: LoopParams
) -> tuple[Floats, Floats]:
    """Direction of riders under way, and how much it still says: it fades with the age of the last word."""
    heading, trust = np.zeros((len(riders), 3)), np.zeros(len(riders))
    for number, rider in enumerate(riders):
        if rider.leg is None:
            continue
        way = points[index.places[rider.leg.destination]] - points[index.places[rider.leg.origin]]
        length = float(np.sqrt(way @ way))
        if length > 0.0:
            seen = (
                rider.leg.departed_at
                if rider.position is None
                else max(rider.position.occurred_at, rider.leg.departed_at)
            )
            heading[number] = way / length
            trust[number] = 0.5 ** (max(0, now - seen) / loop.heading_half_life_s)
    return heading, trust


def _frozen(state: MarketState, rider: RiderState, tasks: list[Task], rules: Rules) -> int:
    """Leading tasks that stay: a drop-off under way or at hand; all of the bag where its sequence was promised."""
    leading = 0
    for task in tasks:
        if task.kind is TaskKind.PICKUP:
            break
        leading += 1
    if rules.one_merchant_on_board or leading == 0:
        return leading
    first = state.orders[tasks[0].order_id]
    bound = rider.leg is not None or rider.place == first.order.dropoff
    return 1 if bound else 0


def _routes(sequences: list[list[Task]], order_at: Mapping[OrderId, int], frozen: list[int]) -> Routes:
    flat = [task for tasks in sequences for task in tasks]
    return Routes(
        start=np.concatenate([np.zeros(1, np.int64), np.cumsum([len(tasks) for tasks in sequences], dtype=np.int64)]),
        order=np.array([order_at[task.order_id] for task in flat], np.int64),
        kind=np.array([PICKUP if task.kind is TaskKind.PICKUP else DROPOFF for task in flat], np.int64),
        frozen=np.array(frozen, np.int64),
    )


def _bars(
    orders: list[OrderState],
    state: MarketState,
    now: Instant,
    order_at: Mapping[OrderId, int],
    rider_at: Mapping[RiderId, int],
) -> Ints:
    """Pairs that must not come together: a person said so, the rider declined, the order is pinned to another."""
    pairs: list[tuple[int, int]] = []
    for order in orders:
        barred = state.bars_of(order) | order.declined_by
        pin = order.pin(now)
        if pin is not None:
            barred |= frozenset(rider for rider in rider_at if rider != pin)
        pairs.extend((order_at[order.order.id], rider_at[rider]) for rider in barred if rider in rider_at)
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _changed(state: MarketState, rider: RiderState, tasks: list[Task], planned: Planned, now: Instant) -> int:
    """Whether something has happened that the last plan did not foresee."""
    before = planned.get(rider.rider.id)
    if before is None or (rider.leg is not None and rider.leg.arrives_at < now):
        return 1
    gone = len(before) - len(tasks)
    if gone < 0 or list(before[gone:]) != tasks:
        return 1
    return int(not all(_done(state.orders[task.order_id], task.kind, rider.rider.id) for task in before[:gone]))


def _done(order: OrderState, kind: TaskKind, rider: RiderId) -> bool:
    """Whether the rider has done the task; else it was taken away."""
    done = order.picked_up_at is not None if kind is TaskKind.PICKUP else order.dispatch is DispatchStatus.DONE
    return done and order.rider_id == rider

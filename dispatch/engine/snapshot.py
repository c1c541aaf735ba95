"""From a market's state to a solver's problem: the one place where entities become arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from dispatch.engine.order_rows import OrderColumns, OrderRows, bars, concerned, loose, states
from dispatch.engine.policy import LoopParams
from dispatch.engine.rider_rows import RiderColumns, RiderRows, headings, taking
from dispatch.engine.route_rows import Given, Planned, present_routes
from dispatch.engine.rows import Names
from dispatch.errors import DispatchError
from dispatch.geo.points import Points
from dispatch.geo.travel import TravelTimes
from dispatch.model.order import OrderId, ZoneId
from dispatch.model.state import MarketState, OrderState, RiderState
from dispatch.solver.problem import EVERYWHERE, Ints, Orders, Problem, Riders
from dispatch.solver.rules import Rules
from dispatch.units import Instant

__all__ = ["MOST_ZONES", "Outlook", "Planned", "Snapshots", "TooManyZonesError", "snapshot"]

Outlook = Callable[[Points], Ints]
"""Metres from each place, float64 (L, 2), to where a rider's next pickup is expected."""

MOST_ZONES: Final = 62
"""As many as a zone mask has bits."""

_MOST_PLACES: Final = 100_000
"""Places remembered at most, unless one tick alone has as many as half of it."""


class TooManyZonesError(DispatchError):
    """The market has more zones than a plan can tell apart."""

    code = "too_many_zones"


class Snapshots:
    """Looks at one market again and again, and looks closely only at what has changed.

    Nothing but time is saved: every problem is the same as that of one who looks for the first time.
    """

    def __init__(self, travel: TravelTimes, rules: Rules, loop: LoopParams) -> None:
        self._travel, self._rules, self._loop = travel, rules, loop
        self._names = Names()
        self._orders = OrderRows(self._names, travel.profiles)
        self._riders = RiderRows(self._names, travel.profiles)

    def take(self, state: MarketState, now: Instant, planned: Planned, outlook: Outlook | None = None) -> Problem:
        """What a solver may know of the market at ``now``; ``planned`` is where the last plan left off."""
        riders, of_riders = self._riders.of(state, now, self._loop.shift_ahead_s)
        names = self._names.riders.named(of_riders.number)
        order_at, orders, of_orders, asked = self._concerned(state, now, of_riders.number)
        given = Given(order_at, loose(of_orders, orders, now), asked)
        late = (of_riders.leg == 1) & (of_riders.free_at < now)
        routes, unforeseen = present_routes(state, riders, names, of_riders.busy, given, planned, self._rules)
        (pickup, dropoff, place, origin), places = self._places(of_orders, of_riders)
        order_zones, rider_zones, zones = _zone_masks(orders, of_orders, riders, of_riders)
        table = self._travel.table(places)
        heading, trust = headings(of_riders, place, origin, table.points, now, self._loop.heading_half_life_s)
        problem = Problem(
            now=now,
            travel=table,
            orders=self._order_arrays(of_orders, now, pickup, dropoff, order_zones, of_riders.number),
            riders=Riders(
                place=place,
                free_at=np.where(of_riders.leg == 1, np.maximum(of_riders.free_at, now), of_riders.free_at),
                profile=of_riders.profile,
                capacity=of_riders.capacity,
                off_at=of_riders.off_at,
                zones=rider_zones,
                accepts=taking(of_riders, now),
                heading=heading,
                heading_trust=trust,
            ),
            routes=routes,
            bars=bars(of_orders, orders, state, now, names),
            order_ids=tuple(order_at),
            rider_ids=tuple(names),
            changed=(unforeseen | late).astype(np.int64),
            onward_m=None if outlook is None else outlook(places),
            profile_names=tuple(self._travel.profiles),
            zone_names=zones,
        )
        self._forget(len(places))
        return problem

    def ends(self, state: MarketState, planned: Planned) -> Points:
        """Where the riders on shift are going to be after all that is planned for them, float64 (N, 2)."""
        riders, columns = self._riders.on_shift(state)
        befores = list(map(planned.get, self._names.riders.named(columns.number)))
        place = columns.place.copy()
        busy = (columns.busy == 1) | np.array(list(map(bool, befores)), np.bool_)
        for number in np.flatnonzero(busy).tolist():
            tasks = befores[number] or riders[number].tasks
            last = state.orders[tasks[-1].order_id].order if tasks else None
            if last is not None and last.dropoff is not None:
                place[number] = self._orders.door(last)
        return self._names.points(place)

    def _concerned(
        self, state: MarketState, now: Instant, riders: Ints
    ) -> tuple[dict[OrderId, int], list[OrderState], OrderColumns, frozenset[OrderId]]:
        """(index of each order that the solver has to do with, the orders, what their rows say, all in an open offer).

        riders: the numbers of those who take part.
        """
        names = [name for name in state.active if not state.unpaid(name)] if state.accounts else list(state.active)
        orders = list(map(state.orders.__getitem__, names))
        columns = self._orders.of(state, orders)
        asked = frozenset(names[number] for number in np.flatnonzero(columns.asked).tolist())
        some = concerned(columns, now, self._present(riders))
        chosen = some.tolist()
        order_at = {names[number]: at for at, number in enumerate(chosen)}
        return order_at, [orders[number] for number in chosen], columns.at(some), asked

    def _present(self, riders: Ints) -> Ints:
        """The index of each rider by number, -1 for those who take no part; and for number -1, which is nobody's."""
        present = np.full(len(self._names.riders.keys) + 1, -1, np.int64)
        present[riders] = np.arange(len(riders))
        return present

    def _places(self, orders: OrderColumns, riders: RiderColumns) -> tuple[tuple[Ints, Ints, Ints, Ints], Points]:
        """(indices of pickups, of drop-offs, of the riders' places, of where their legs began), the places."""
        of_orders = np.stack([orders.pickup, orders.dropoff], axis=1)
        of_riders = np.stack([riders.origin, riders.place], axis=1)
        counted, met = self._names.places.counted(np.concatenate([of_orders.ravel(), of_riders.ravel()]))
        pickup, dropoff = counted[: of_orders.size].reshape(-1, 2).T.copy()
        origin, place = counted[of_orders.size :].reshape(-1, 2).T.copy()
        return (pickup, dropoff, place, origin), self._names.points(met)

    def _order_arrays(
        self, columns: OrderColumns, now: Instant, pickup: Ints, dropoff: Ints, zones: Ints, riders: Ints
    ) -> Orders:
        """One row an order."""
        merchant, _ = self._names.merchants.counted(columns.merchant)
        given = {name: column for name, column in columns._asdict().items() if name in Orders._fields}
        now_known = {
            "pickup": pickup,
            "dropoff": dropoff,
            "merchant": merchant,
            "zones": zones,
            "rider": self._present(riders)[columns.holder],
            "state": states(columns, now),
        }
        return Orders(**{**given, **now_known})

    def _forget(self, places: int) -> None:
        """Begin anew when far more places are remembered than are in use: every customer has another door."""
        if len(self._names.places.keys) > max(_MOST_PLACES, 2 * places):
            self._names.forget()
            self._orders.forget()
            self._riders.forget()


def snapshot(
    state: MarketState,
    now: Instant,
    travel: TravelTimes,
    rules: Rules,
    loop: LoopParams,
    planned: Planned,
    outlook: Outlook | None = None,
) -> Problem:
    """What a solver may know of the market at ``now``, by one who looks for the first time."""
    return Snapshots(travel, rules, loop).take(state, now, planned, outlook)


class _Zones:
    """A bit for each zone in the order in which they are met."""

    def __init__(self) -> None:
        self.bits: dict[ZoneId, int] = {}

    def mask(self, zones: Iterable[ZoneId]) -> int:
        bits = 0
        for zone in sorted(zones):
            bits |= 1 << self.bits.setdefault(zone, len(self.bits))
        if len(self.bits) > MOST_ZONES:
            cause = f"More than {MOST_ZONES} zones bind orders and riders of this market."
            raise TooManyZonesError(cause, "Join zones, or split the market.")
        return bits


def _zone_masks(
    orders: list[OrderState], of_orders: OrderColumns, riders: list[RiderState], of_riders: RiderColumns
) -> tuple[Ints, Ints, tuple[str, ...]]:
    """(mask of each order, of each rider, what the bits mean)."""
    zones = _Zones()
    masks = np.full(len(orders), EVERYWHERE, np.int64), np.full(len(riders), EVERYWHERE, np.int64)
    for number in np.flatnonzero(of_orders.zoned).tolist():
        masks[0][number] = zones.mask(orders[number].order.zones)
    for number in np.flatnonzero(of_riders.zoned).tolist():
        masks[1][number] = zones.mask(riders[number].rider.zones)
    return *masks, tuple(zones.bits)

"""Writes what happened in a Grubhub instance as the three solution files that judges of the problem read.

The files are space separated, in minutes, with a header line each:
solution_info_assignments.txt: assignment_time pickup_time courier order [order ...], the orders in drop-off sequence;
solution_info_orders.txt: order placement_time ready_time pickup_time dropoff_time courier, delivered orders only;
solution_info_couriers.txt: courier departure_time origin destination, origin 0 being where the shift starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from dispatch.model.events import (
    LegStarted,
    OfferAccepted,
    OrderAssigned,
    OrderDelivered,
    OrderPickedUp,
    OrderReassigned,
    Recorded,
)
from dispatch.model.order import MerchantId, Order, OrderId
from dispatch.model.place import Place
from dispatch.model.rider import RiderId
from dispatch.units import MINUTE_S, Instant, Seconds
from simulations.instance import Instance

START: Final = "0"
"""How the files call the place where a rider's shift starts."""


class _Leg(NamedTuple):
    departed_at: Instant
    destination: Place


class _Move(NamedTuple):
    departed_at: Instant
    origin: str
    destination: str


@dataclass(slots=True)
class _Bundle:
    """The orders collected at one stop at a merchant."""

    merchant_id: MerchantId
    assigned_at: Instant
    picked_up_at: Instant
    collected: list[OrderId] = field(default_factory=list)
    delivered: list[OrderId] = field(default_factory=list)


@dataclass(slots=True)
class _Walk:
    """What one rider did so far. ``legs``: set out since the last stop, and not yet known to where."""

    here: str
    spot: Place
    free_at: Instant
    legs: list[_Leg] = field(default_factory=list)
    moves: list[_Move] = field(default_factory=list)
    bundles: list[_Bundle] = field(default_factory=list)

    def go(self, destination: str, place: Place, merchants: Mapping[Place, str]) -> None:
        """End the legs since the last stop at ``destination``; all but the last were moves to merchants without a task.

        Different things may share a place, so the last leg is named by the task done there. Where no leg was needed a
        move of no length is noted, because the files want every stop reached. A loop that left this merchant and came
        back is told as waiting there: the format takes the first arrival for the one that counts.
        """
        first = next((k for k, leg in enumerate(self.legs) if leg.destination == place), None)
        if first is not None and self.legs[-1].destination == place:
            del self.legs[first + 1 :]
        if self.legs and self.legs[-1].destination == place:
            last = self.legs.pop()
            self.wander(merchants)
            self._move(last.departed_at, destination, place)
        elif not self.legs and self.spot == place:
            self._move(self.free_at, destination, place)
        else:
            raise ValueError(f"the log has no leg that leads from {self.here} to {destination}")

    def wander(self, merchants: Mapping[Place, str]) -> None:
        """Note the legs since the last stop as moves to merchants; one that leads elsewhere was not finished."""
        for leg in self.legs:
            if leg.destination in merchants:
                self._move(leg.departed_at, merchants[leg.destination], leg.destination)
        self.legs.clear()

    def _move(self, departed_at: Instant, destination: str, place: Place) -> None:
        if self.here != destination:
            self.moves.append(_Move(departed_at, self.here, destination))
        self.here, self.spot = destination, place


class _Solution:
    """The log told again rider by rider."""

    def __init__(self, instance: Instance) -> None:
        self.orders: dict[OrderId, Order] = {order.id: order for order in instance.orders}
        self.merchants: dict[Place, str] = {merchant.place: merchant.id for merchant in instance.merchants}
        self.walks = {shift.rider_id: _Walk(START, shift.start, shift.starts_at) for shift in reversed(instance.shifts)}
        self.assigned_at: dict[tuple[OrderId, RiderId], Instant] = {}
        self.delivered_at: dict[OrderId, Instant] = {}

    def take(self, recorded: Recorded) -> None:
        """Note one event; most kinds do not matter here."""
        at = recorded.occurred_at
        match recorded.event:
            case (
                OrderAssigned(order_id=order_id, rider_id=rider_id)
                | OrderReassigned(order_id=order_id, rider_id=rider_id)
            ):
                self.assigned_at[order_id, rider_id] = at
            case OfferAccepted(order_ids=order_ids, rider_id=rider_id):
                self.assigned_at.update(dict.fromkeys(((order_id, rider_id) for order_id in order_ids), at))
            case LegStarted(rider_id=rider_id, destination=destination):
                self.walks[rider_id].legs.append(_Leg(at, destination))
            case OrderPickedUp(order_id=order_id, rider_id=rider_id):
                self._pick_up(self.orders[order_id], rider_id, at)
            case OrderDelivered(order_id=order_id, rider_id=rider_id):
                self._deliver(self.orders[order_id], rider_id, at)
            case _:
                pass

    def _pick_up(self, order: Order, rider_id: RiderId, at: Instant) -> None:
        walk, assigned_at = self.walks[rider_id], self.assigned_at[order.id, rider_id]
        walk.go(order.merchant_id, order.pickup, self.merchants)
        if not walk.bundles or walk.bundles[-1].delivered or walk.bundles[-1].merchant_id != order.merchant_id:
            walk.bundles.append(_Bundle(order.merchant_id, assigned_at, at))
        bundle = walk.bundles[-1]
        bundle.collected.append(order.id)
        bundle.assigned_at, bundle.picked_up_at = max(bundle.assigned_at, assigned_at), max(bundle.picked_up_at, at)
        walk.free_at = at + order.pickup_handling.after_s

    def _deliver(self, order: Order, rider_id: RiderId, at: Instant) -> None:
        walk = self.walks[rider_id]
        if order.dropoff is None:
            raise ValueError(f"order {order.id} was delivered without having a drop-off place")
        walk.go(order.id, order.dropoff, self.merchants)
        walk.free_at = at + order.dropoff_handling.after_s
        self.delivered_at[order.id] = at
        for bundle in walk.bundles:
            if order.id in bundle.collected:
                bundle.delivered.append(order.id)


def write_solution(folder: Path, instance: Instance, log: Iterable[Recorded]) -> None:
    """Write the three files into ``folder``, which is made where it is not there.

    An order counts as assigned when it was last given to the rider who picked it up.
    Raises ValueError where the log does not hold together (a stop that no leg leads to), KeyError on an order or rider
    that the instance does not have.
    """
    solution = _Solution(instance)
    for recorded in log:
        solution.take(recorded)
    for walk in solution.walks.values():
        walk.wander(solution.merchants)
    folder.mkdir(parents=True, exist_ok=True)
    _write(
        folder / "solution_info_assignments.txt", "assignment_time pickup_time courier orders", _assignments(solution)
    )
    _write(
        folder / "solution_info_orders.txt",
        "order placement_time ready_time pickup_time dropoff_time courier",
        _orders(solution),
    )
    moves = (
        (rider_id, _minutes(move.departed_at), move.origin, move.destination)
        for rider_id, walk in sorted(solution.walks.items())
        for move in walk.moves
    )
    _write(folder / "solution_info_couriers.txt", "courier departure_time origin destination", moves)


def _assignments(solution: _Solution) -> Iterator[tuple[str, ...]]:
    for rider_id, walk in sorted(solution.walks.items()):
        for bundle in walk.bundles:
            left = (order_id for order_id in bundle.collected if order_id not in bundle.delivered)
            yield _minutes(bundle.assigned_at), _minutes(bundle.picked_up_at), rider_id, *bundle.delivered, *left


def _orders(solution: _Solution) -> Iterator[tuple[str, ...]]:
    for rider_id, walk in sorted(solution.walks.items()):
        for bundle in walk.bundles:
            for order_id in bundle.delivered:
                order = solution.orders[order_id]
                times = (order.placed_at, order.ready_at, bundle.picked_up_at, solution.delivered_at[order_id])
                yield order_id, *map(_minutes, times), rider_id


def _minutes(seconds: Seconds) -> str:
    """Minutes; whole ones without a point, so that they read as in the instance."""
    return str(seconds // MINUTE_S) if seconds % MINUTE_S == 0 else repr(seconds / MINUTE_S)


def _write(path: Path, header: str, rows: Iterable[Sequence[str]]) -> None:
    lines = [header, *(" ".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")

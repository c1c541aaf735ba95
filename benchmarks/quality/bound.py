"""The click_to_door that no dispatching can beat: every order has a rider of its own who is there before the food is.

An order is picked up when it is ready and the rider has done what comes before that, goes the direct way by the
quickest vehicle on the day's roster, and is handed over after the handling at the door. Nobody waits, makes a detour
or is far away, so every policy's mean over the same orders is at least this.
"""

from __future__ import annotations

from statistics import mean

import numpy as np

from dispatch.model.order import Order
from simulations.instance import Instance


def bound_min(instance: Instance, share: float = 1.0) -> float | None:
    """Minutes, the mean over the ``share`` of orders that can be delivered soonest; None for no orders or riders."""
    orders = [order for order in instance.orders if order.dropoff is not None]
    if not orders or not instance.riders:
        return None
    soonest = sorted(
        _handled_s(order) + ride for order, ride in zip(orders, _quickest_s(instance, orders), strict=True)
    )
    return mean(soonest[: max(1, round(share * len(soonest)))]) / 60


def _handled_s(order: Order) -> int:
    """Seconds from placing to the drop-off without the ride."""
    picked_up = max(order.placed_at + order.pickup_handling.before_s, order.ready_at)
    return picked_up + order.pickup_handling.after_s + order.dropoff_handling.before_s - order.placed_at


def _quickest_s(instance: Instance, orders: list[Order]) -> list[int]:
    """Seconds from each order's merchant to its door by the quickest vehicle that may carry it."""
    here = np.array([[order.pickup.latitude, order.pickup.longitude] for order in orders])
    doors = [order.dropoff for order in orders if order.dropoff is not None]
    there = np.array([[door.latitude, door.longitude] for door in doors])
    by_kind = {kind: instance.travel.pairs(here, there, kind) for kind in {rider.vehicle for rider in instance.riders}}
    return [
        min(int(by_kind[kind][k]) for kind in by_kind if not order.vehicles or kind in order.vehicles)
        for k, order in enumerate(orders)
    ]

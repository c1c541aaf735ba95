"""What riders cost on the Grubhub instances: for each, so much an order, and at least so much an hour on shift.

Reyes, Erera, Savelsbergh, Sahasrabudhe, O'Neil, "The Meal Delivery Routing Problem", 2018; the amounts are the same in
all instances (``instance_parameters.txt``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from dispatch.model.events import OrderDelivered, Recorded
from simulations.instance import Instance

AN_ORDER: Final = 10.0
AN_HOUR: Final = 15.0
_HOUR_S: Final = 3600


def cost_an_order(instance: Instance, log: Iterable[Recorded]) -> float | None:
    """All riders' pay over the orders delivered, in dollars; None where nothing was delivered."""
    carried = Counter(one.event.rider_id for one in log if isinstance(one.event, OrderDelivered))
    on_shift_s: Counter[str] = Counter()
    for shift in instance.shifts:
        on_shift_s[shift.rider_id] += shift.ends_at - shift.starts_at
    pay = sum(max(AN_ORDER * carried[rider.id], AN_HOUR * on_shift_s[rider.id] / _HOUR_S) for rider in instance.riders)
    delivered = sum(carried.values())
    return pay / delivered if delivered else None

"""How near a rider with nothing else to do would have to be for an order to be worth giving away."""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatch.geo.kernel import travel_s
from dispatch.solver.problem import EVERYWHERE, OPEN, Ints, Riders
from dispatch.solver.view import View
from dispatch.solver.walk import make_ledger, price
from dispatch.units import DAY_S, NEVER, Cost, Metres, Seconds

FARTHEST_S: Final = DAY_S
"""No answer is larger than this."""

_HERE, _MERCHANT, _CUSTOMER = 0, 1, 2


def cost_of_free_rider(view: View, order: int, profile: int, capacity: int, leg_s: Seconds) -> Cost:
    """What the order costs with a rider who stands ``leg_s`` from its merchant, free from now on and for ever.

    INFEASIBLE where there is no way, or the food would get too old. Nothing is known of where such a rider was going,
    so that the heading counts for nothing.
    """
    row = np.array([0, 1], np.int64)
    return int(price(_lone_view(view, order, profile, capacity, leg_s), 0, row, 2, make_ledger(1)))


def reach_s(view: View, order: int, profile: int, capacity: int, below: Cost) -> Seconds | None:
    """The longest leg to the merchant with which the order costs less than ``below``; None where no leg does."""

    def pays(leg_s: Seconds) -> bool:
        return cost_of_free_rider(view, order, profile, capacity, leg_s) < below

    # Who is there early waits, which may cost; so the best leg is none, or the one that ends when the food is ready.
    wait_s = int(view.orders.ready_at[order] - view.orders.pickup_before_s[order]) - view.now
    near = next((leg for leg in (max(0, wait_s), 0) if pays(leg)), None)
    if near is None or pays(FARTHEST_S):
        return None if near is None else FARTHEST_S
    far = FARTHEST_S
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (middle, far) if pays(middle) else (near, middle)
    return near


def metres_of(view: View, profile: int, leg_s: Seconds) -> Metres | None:
    """How far a rider gets in a straight line in so many seconds; None where travel times come from a matrix."""
    if view.travel.matrix.shape[0] > 0:
        return None
    whole = leg_s // view.travel.step_s * view.travel.step_s
    return int(whole / view.travel.pace[profile])


def fastest_profile(view: View, order: int) -> int | None:
    """The way of travel, among those that may carry the order, that is quickest from merchant to customer."""
    orders = view.orders
    allowed = [p for p in range(len(view.travel.pace)) if orders.vehicles[order] >> p & 1]
    pickup, dropoff = orders.pickup[order], orders.dropoff[order]
    return min(allowed, key=lambda p: (travel_s(view.travel, p, pickup, dropoff), p), default=None)


def _lone_view(view: View, order: int, profile: int, capacity: int, leg_s: Seconds) -> View:
    """A world of one order, one rider and three places, as compiled loops read it."""
    alone = view.orders._replace(
        **{name: column[order : order + 1].copy() for name, column in view.orders._asdict().items()}
    )
    had_by_another = int(view.orders.rider[order] >= 0)  # then it changes its rider, whoever gets it
    alone = alone._replace(
        pickup=_one(_MERCHANT), dropoff=_one(_CUSTOMER), rider=_one(1 if had_by_another else -1), state=_one(OPEN)
    )
    there = travel_s(view.travel, profile, view.orders.pickup[order], view.orders.dropoff[order])
    matrix = np.zeros((len(view.travel.pace), 3, 3), np.int32)
    matrix[:, _HERE, _MERCHANT], matrix[:, _MERCHANT, _CUSTOMER] = leg_s, there
    rider = Riders(
        place=_one(_HERE),
        free_at=_one(view.now),
        profile=_one(profile),
        capacity=_one(max(capacity, int(view.orders.size[order]))),
        off_at=_one(NEVER),
        zones=_one(EVERYWHERE),
        accepts=_one(1),
        heading=np.zeros((1, 3)),
        heading_trust=np.zeros(1),
    )
    return view._replace(
        travel=view.travel._replace(points=np.zeros((3, 3)), matrix=matrix),
        orders=alone,
        riders=rider,
        barred=np.zeros(0, np.int64),
        load=_one(0),
        aboard=_one(0),
        onward_m=np.zeros(3, np.int64),
        ending=np.zeros(1),
        ending_s=0,
    )


def _one(value: int) -> Ints:
    return np.array([value], np.int64)

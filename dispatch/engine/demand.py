"""Where the next orders are expected, and so how far each place is from a rider's next pickup.

A city falls into cells of ``cell_m``. Each registered merchant counts a little, each order placed lately counts fully,
and both count the less the more riders are going to be near. A place is as far from the next pickup as from all that
demand, of which what is near counts most: ``-reach_m * log(sum(share * exp(-metres / reach_m)))``, the usual measure of
accessibility (Ben-Akiva & Lerman 1979). The solver's ``ending`` term prices that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.geo.points import Points, sphere_metres
from dispatch.model.order import MerchantId, OrderId
from dispatch.model.place import Place
from dispatch.model.state import MarketState
from dispatch.solver.problem import Floats, Ints
from dispatch.units import Instant, Metres, Seconds

_BITS = 21
_MIDDLE = 1 << (_BITS - 1)
_LEAST = 1e-300
"""Instead of a sum that has become 0: very far from everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandParams:
    """How demand is foreseen.

    reach_m: from how far away demand draws riders. window_s: how long an order counts. merchant_weight: what a merchant
    counts without any order. served: what each order counts at least, as a share, however many riders are near.
    cell_m: size of a cell. refresh_s: how long a forecast holds. send_gain_m: idle riders are sent to where the next
    pickup is at least so much nearer; 0: nobody is sent.
    """

    reach_m: Metres = 1600
    window_s: Seconds = 7200
    merchant_weight: float = 1.0
    served: float = 0.3
    cell_m: Metres = 500
    refresh_s: Seconds = 300
    send_gain_m: Metres = 0

    def __post_init__(self) -> None:
        if min(self.reach_m, self.window_s, self.cell_m, self.refresh_s) < 1:
            raise ValueError("reach_m, window_s, cell_m and refresh_s must be at least 1")
        if self.send_gain_m < 0:
            raise ValueError("send_gain_m must not be negative; it must be 0 to send nobody")
        if self.merchant_weight < 0.0 or self.served <= 0.0:
            raise ValueError("merchant_weight must not be negative, and served must be above 0")


class Demand:
    """The forecast of one market, made anew every ``refresh_s`` from what was seen of its orders."""

    def __init__(self, params: DemandParams) -> None:
        self._params = params
        self._merchants: dict[MerchantId, Place] = {}
        self._lately: dict[OrderId, tuple[Instant, Place]] = {}
        self._period = -1
        self._where, self._share = np.zeros((0, 3)), np.zeros(0)
        self._known: dict[int, int] = {}

    def see(self, state: MarketState, now: Instant, ends: Iterable[Place]) -> None:
        """Take note of merchants and orders; when it is time, look where riders are going to be and forecast anew."""
        for key in state.active:
            if key not in self._lately:
                order = state.orders[key].order
                self._lately[key] = (order.placed_at, order.pickup)
        if now // self._params.refresh_s == self._period:
            return
        self._period, oldest = now // self._params.refresh_s, now - self._params.window_s
        self._merchants |= {merchant.id: merchant.place for merchant in state.merchants.values()}
        self._lately = {key: seen for key, seen in self._lately.items() if seen[0] >= oldest or key in state.active}
        self._forecast(list(ends))

    def onward_m(self, points: Points) -> Ints:
        """Metres from each of ``points``, float64 (L, 2), to the next pickup; int64 (L,)."""
        if len(self._where) == 0:
            return np.zeros(len(points), np.int64)
        keys, place = np.unique(_cells(points, self._params.cell_m), return_inverse=True)
        missing = np.array([key for key in keys.tolist() if key not in self._known], np.int64)
        if len(missing):
            near = _nearness(_centres(missing, self._params.cell_m), self._where, self._share, self._params.reach_m)
            metres = -self._params.reach_m * np.log(np.maximum(near, _LEAST))
            self._known.update(zip(missing.tolist(), np.rint(metres).astype(np.int64).tolist(), strict=True))
        return np.array([self._known[key] for key in keys.tolist()], np.int64)[place]

    def _forecast(self, ends: list[Place]) -> None:
        """Share of the demand in each cell that has any."""
        size, reach_m = self._params.cell_m, self._params.reach_m
        places = [*self._merchants.values(), *(place for _, place in self._lately.values())]
        weights = np.ones(len(places))
        weights[: len(self._merchants)] = self._params.merchant_weight
        keys, cell = np.unique(_cells(_points(places), size), return_inverse=True)
        weight: Floats = np.bincount(cell, weights, len(keys)).astype(np.float64)
        keys, weight = keys[weight > 0.0], weight[weight > 0.0]
        self._where = _centres(keys, size)
        riders, count = np.unique(_cells(_points(ends), size), return_counts=True)
        supply = _nearness(self._where, _centres(riders, size), count.astype(np.float64), reach_m)
        usual = max(float(supply.mean()) if len(supply) else 0.0, _LEAST)
        weight = weight / (supply / usual + self._params.served)
        self._share, self._known = weight / max(float(weight.sum()), _LEAST), {}


def _nearness(points: Floats, where: Floats, weight: Floats, reach_m: Metres) -> Floats:
    """For each of ``points`` the sum of weights, each faded by its distance; float64 (N,)."""
    out = np.zeros(len(points))
    _fill_nearness(points, where, weight, float(reach_m), out)
    return out


@kernel
def _fill_nearness(points: Floats, where: Floats, weight: Floats, reach_m: float, out: Floats) -> None:
    for i in range(points.shape[0]):
        for j in range(where.shape[0]):
            dx, dy, dz = points[i, 0] - where[j, 0], points[i, 1] - where[j, 1], points[i, 2] - where[j, 2]
            out[i] += weight[j] * math.exp(-math.sqrt(dx * dx + dy * dy + dz * dz) / reach_m)


def _points(places: list[Place]) -> Points:
    return np.array([[p.latitude, p.longitude] for p in places], np.float64).reshape(-1, 2)


def _cells(points: Points, cell_m: Metres) -> Ints:
    """One integer for the cube in which each point lies."""
    cells = np.floor(sphere_metres(points) / cell_m).astype(np.int64) + _MIDDLE
    keys: Ints = (cells[:, 0] << (2 * _BITS)) | (cells[:, 1] << _BITS) | cells[:, 2]
    return keys


def _centres(keys: Ints, cell_m: Metres) -> Floats:
    """Middle of each cell, float64 (N, 3), metres from the centre of the earth."""
    mask = (1 << _BITS) - 1
    cells = np.stack([keys >> (2 * _BITS), (keys >> _BITS) & mask, keys & mask], axis=1) - _MIDDLE
    return (cells + 0.5) * cell_m

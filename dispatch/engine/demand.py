"""Where the next orders are expected, and so how far each place is from a rider's next pickup.

A city falls into cells of ``cell_m``. Each registered merchant counts a little, each order placed lately counts fully;
a place is as far from the next pickup as from the nearest ``share`` of that demand, on average. Riders who end among
merchants are worth more than riders who end at the edge of the city: the solver's ``ending`` term prices that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dispatch.geo.points import Points, sphere_metres
from dispatch.model.order import MerchantId, OrderId
from dispatch.model.place import Place
from dispatch.model.state import MarketState
from dispatch.solver.problem import Floats, Ints
from dispatch.units import Instant, Seconds

_BITS = 21
_MIDDLE = 1 << (_BITS - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandParams:
    """How demand is foreseen.

    share: the part of all demand, 0 to 1, that a rider draws the next order from. window_s: how long an order counts.
    merchant_weight: what a merchant counts without any order. cell_m: size of a cell. refresh_s: how long a forecast
    holds.
    """

    share: float = 0.2
    window_s: Seconds = 7200
    merchant_weight: float = 1.0
    cell_m: int = 250
    refresh_s: Seconds = 900

    def __post_init__(self) -> None:
        if not 0.0 < self.share <= 1.0:
            raise ValueError("share must be above 0 and at most 1")
        if min(self.window_s, self.cell_m, self.refresh_s) < 1 or self.merchant_weight < 0.0:
            raise ValueError("window_s, cell_m and refresh_s must be at least 1, merchant_weight not negative")


class Demand:
    """The forecast of one market, made anew every ``refresh_s`` from what was seen of its orders."""

    def __init__(self, params: DemandParams) -> None:
        self._params = params
        self._merchants: dict[MerchantId, Place] = {}
        self._lately: dict[OrderId, tuple[Instant, Place]] = {}
        self._period = -1
        self._where, self._weight = np.zeros((0, 3)), np.zeros(0)
        self._known: dict[int, int] = {}

    def see(self, state: MarketState, now: Instant) -> None:
        """Take note of merchants and of orders placed since; forget what is too old."""
        for key in state.active:
            if key not in self._lately:
                order = state.orders[key].order
                self._lately[key] = (order.placed_at, order.pickup)
        for merchant in state.merchants.values():
            self._merchants[merchant.id] = merchant.place
        if now // self._params.refresh_s != self._period:
            self._period = now // self._params.refresh_s
            oldest = now - self._params.window_s
            self._lately = {key: seen for key, seen in self._lately.items() if seen[0] >= oldest or key in state.active}
            self._known, self._where = {}, np.zeros((0, 3))

    def onward_m(self, points: Points) -> Ints:
        """Metres from each of ``points``, float64 (L, 2), to the next pickup; int64 (L,)."""
        if len(self._where) == 0:
            self._forecast()
        keys, place = np.unique(_cells(points, self._params.cell_m), return_inverse=True)
        missing = np.array([key for key in keys.tolist() if key not in self._known], np.int64)
        if len(missing):
            metres = self._far(_centres(missing, self._params.cell_m))
            self._known.update(zip(missing.tolist(), metres.tolist(), strict=True))
        return np.array([self._known[key] for key in keys.tolist()], np.int64)[place]

    def _forecast(self) -> None:
        """Demand by cell."""
        places = [*self._merchants.values(), *(place for _, place in self._lately.values())]
        weights = np.ones(len(places))
        weights[: len(self._merchants)] = self._params.merchant_weight
        points = np.array([[p.latitude, p.longitude] for p in places], np.float64).reshape(-1, 2)
        keys, cell = np.unique(_cells(points, self._params.cell_m), return_inverse=True)
        self._where, self._weight = _centres(keys, self._params.cell_m), np.bincount(cell, weights, len(keys))

    def _far(self, points: Floats) -> Ints:
        """Mean metres from each point to the nearest ``share`` of the demand."""
        metres = np.sqrt(((points[:, None, :] - self._where[None, :, :]) ** 2).sum(axis=2))
        order = np.argsort(metres, axis=1, kind="stable")
        metres, weight = np.take_along_axis(metres, order, axis=1), self._weight[order]
        drawn = self._params.share * float(self._weight.sum())
        before = np.cumsum(weight, axis=1) - weight
        part = np.clip(drawn - before, 0.0, weight)
        return np.asarray((part * metres).sum(axis=1) / max(drawn, 1e-9), np.int64)


def _cells(points: Points, cell_m: int) -> Ints:
    """One integer for the cube in which each point lies."""
    cells = np.floor(sphere_metres(points) / cell_m).astype(np.int64) + _MIDDLE
    return (cells[:, 0] << (2 * _BITS)) | (cells[:, 1] << _BITS) | cells[:, 2]


def _centres(keys: Ints, cell_m: int) -> Floats:
    """Middle of each cell, float64 (N, 3), metres from the centre of the earth."""
    mask = (1 << _BITS) - 1
    cells = np.stack([keys >> (2 * _BITS), (keys >> _BITS) & mask, keys & mask], axis=1) - _MIDDLE
    return (cells + 0.5) * cell_m

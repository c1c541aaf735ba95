"""Where the next orders are expected, and so how far each place is from a rider's next pickup.

A city falls into cells of ``cell_m``. Each registered merchant counts a little, each order placed lately counts fully,
and both count the less the more riders are going to be near. A place is as far from the next pickup as from all that
demand, of which what is near counts most: ``-reach_m * log(sum(share * exp(-metres / reach_m)))``, the usual measure of
accessibility (Ben-Akiva & Lerman 1979). The solver's ``ending`` term prices that.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import numpy as np

from dispatch.geo.kernel import kernel
from dispatch.geo.points import Points, sphere_metres
from dispatch.model.order import Merchant, Order, OrderId
from dispatch.model.place import Place
from dispatch.model.state import MarketState
from dispatch.solver.problem import Floats, Ints
from dispatch.units import Instant, Metres, Seconds

_BITS = 21
_MIDDLE = 1 << (_BITS - 1)
_NEAR = 1 << 14
"""Squares of distances, in cells, that are looked up: 64 km with cells of 500 m."""
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
        self._fade = np.zeros(0)
        self._merchants: list[Merchant] = []
        self._lately: dict[OrderId, Order] = {}
        self._period = -1
        nothing = np.zeros(0, np.int64)
        self._of_merchants = nothing  # the cell of each merchant
        self._placed_at = self._of_orders = nothing  # of ``_lately``, the first that many
        self._where, self._share = nothing, np.zeros(0)
        self._known, self._metres = nothing, nothing

    def see(self, state: MarketState, now: Instant, ends: Callable[[], Points]) -> None:
        """Take note of orders; when it is time, look where riders are going to be, ``ends``, and forecast anew."""
        lately = self._lately
        for key in state.active:
            if key not in lately:
                lately[key] = state.orders[key].order
        if now // self._params.refresh_s != self._period:
            self._period = now // self._params.refresh_s
            self._note_merchants(list(state.merchants.values()))
            self._note_orders(state, now - self._params.window_s)
            self._forecast(_cells(ends(), self._params.cell_m))

    def onward_m(self, points: Points) -> Ints:
        """Metres from each of ``points``, float64 (L, 2), to the next pickup; int64 (L,)."""
        if len(self._where) == 0:
            return np.zeros(len(points), np.int64)
        cells = _cells(points, self._params.cell_m)
        at = np.searchsorted(self._known, cells)
        missing = np.ones(len(cells), np.bool_)
        if len(self._known):
            missing = self._known[np.minimum(at, len(self._known) - 1)] != cells
        if missing.any():
            self._look_at(np.unique(cells[missing]))
            at = np.searchsorted(self._known, cells)
        metres: Ints = self._metres[at]
        return metres

    def _look_at(self, cells: Ints) -> None:
        """Work out the metres from cells that are not known yet."""
        near = self._nearness(cells, self._where, self._share)
        metres = np.rint(-self._params.reach_m * np.log(np.maximum(near, _LEAST))).astype(np.int64)
        at = np.searchsorted(self._known, cells)
        self._known, self._metres = np.insert(self._known, at, cells), np.insert(self._metres, at, metres)

    def _note_merchants(self, merchants: list[Merchant]) -> None:
        if merchants != self._merchants:  # quick, as hardly any is another object
            self._merchants = merchants
            self._of_merchants = _cells(_points([merchant.place for merchant in merchants]), self._params.cell_m)

    def _note_orders(self, state: MarketState, oldest: Instant) -> None:
        """Take in the orders that came since the last forecast, and forget those that are over and too old."""
        new = list(islice(self._lately.values(), len(self._placed_at), None))
        cells = _cells(_points([order.pickup for order in new]), self._params.cell_m)
        of_orders = np.concatenate([self._of_orders, cells])
        placed_at = np.concatenate([self._placed_at, np.array([order.placed_at for order in new], np.int64)])
        keys, kept = list(self._lately), np.ones(len(placed_at), np.bool_)
        for number in np.flatnonzero(placed_at < oldest).tolist():
            if keys[number] not in state.active:
                kept[number] = False
                del self._lately[keys[number]]
        self._of_orders, self._placed_at = of_orders[kept], placed_at[kept]

    def _forecast(self, ends: Ints) -> None:
        """Share of the demand in each cell that has any; ``ends`` are the cells where riders are going to be."""
        weights = np.ones(len(self._of_merchants) + len(self._of_orders))
        weights[: len(self._of_merchants)] = self._params.merchant_weight
        cells, cell = np.unique(np.concatenate([self._of_merchants, self._of_orders]), return_inverse=True)
        weight: Floats = np.bincount(cell, weights, len(cells)).astype(np.float64)
        self._where, weight = cells[weight > 0.0], weight[weight > 0.0]
        riders, number = np.unique(ends, return_counts=True)
        supply = self._nearness(self._where, riders, number.astype(np.float64))
        usual = max(float(supply.mean()) if len(supply) else 0.0, _LEAST)
        weight = weight / (supply / usual + self._params.served)
        self._share = weight / max(float(weight.sum()), _LEAST)
        self._known = self._metres = np.zeros(0, np.int64)

    def _nearness(self, cells: Ints, where: Ints, weight: Floats) -> Floats:
        """For each of ``cells`` the sum of weights, each faded by its distance; float64 (N,)."""
        out, params = np.zeros(len(cells)), self._params
        if len(self._fade) == 0:
            self._fade = _fades(params)
        _fill_nearness(_axes(cells), _axes(where), weight, params.cell_m, params.reach_m, self._fade, out)
        return out


@kernel
def _faded(square: int, cell_m: int, reach_m: int) -> float:
    """What is left of a weight at a distance, given as its square in cells."""
    return math.exp(-math.sqrt(float(square * cell_m * cell_m)) / reach_m)


@kernel
def _fill_nearness(
    cells: Ints, where: Ints, weight: Floats, cell_m: int, reach_m: int, fade: Floats, out: Floats
) -> None:
    for i in range(cells.shape[0]):
        for j in range(where.shape[0]):
            dx, dy, dz = cells[i, 0] - where[j, 0], cells[i, 1] - where[j, 1], cells[i, 2] - where[j, 2]
            square = dx * dx + dy * dy + dz * dz
            out[i] += weight[j] * (fade[square] if square < fade.shape[0] else _faded(square, cell_m, reach_m))


@kernel
def _fill_fades(cell_m: int, reach_m: int, out: Floats) -> None:
    for square in range(out.shape[0]):
        out[square] = _faded(square, cell_m, reach_m)


def _fades(params: DemandParams) -> Floats:
    """What is left of a weight by the square of its distance in cells: the roots are drawn once."""
    out = np.empty(_NEAR)
    _fill_fades(params.cell_m, params.reach_m, out)
    return out


def _points(places: list[Place]) -> Points:
    return np.array([[p.latitude, p.longitude] for p in places], np.float64).reshape(-1, 2)


def _cells(points: Points, cell_m: Metres) -> Ints:
    """One integer for the cube in which each point lies."""
    cells = np.floor(sphere_metres(points) / cell_m).astype(np.int64) + _MIDDLE
    keys: Ints = (cells[:, 0] << (2 * _BITS)) | (cells[:, 1] << _BITS) | cells[:, 2]
    return keys


def _axes(cells: Ints) -> Ints:
    """How many cells east, north and up each one lies, int64 (N, 3)."""
    mask = (1 << _BITS) - 1
    return np.stack([cells >> (2 * _BITS), (cells >> _BITS) & mask, cells & mask], axis=1)

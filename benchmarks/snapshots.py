"""Made-up problems of any size, as a busy city would pose them at one instant.

Merchants lie in clusters within 15 km of the middle. Of the riders, some stand idle, some are on their way to a
merchant and some carry orders; a route has 0 to 6 tasks: up to two drop-offs of what is on board, then up to two more
orders to collect. All other orders are open and wait for a rider. The last plan is taken to have foreseen every
route, so that a tick has to place the waiting orders and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.random import Generator
from scipy.spatial import cKDTree

from dispatch.geo.kernel import TravelTable
from dispatch.geo.travel import StraightLine
from dispatch.model.order import Vehicle
from dispatch.solver.problem import (
    DROPOFF,
    EVERYWHERE,
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
from simulations.city.params import CAPACITY

NOW: Final = 1_700_000_000
RADIUS_M: Final = 15_000.0
CENTRES: Final = 12
MIDDLE: Final = (4.65, -74.08)
METRES_PER_DEGREE: Final = 111_195.0
NEAREST: Final = 3
"""A rider's next merchant is one of this many nearest to the place before it."""

VEHICLES: Final = (Vehicle.BICYCLE, Vehicle.MOTORCYCLE, Vehicle.CAR)
VEHICLE_SHARES: Final = (0.35, 0.5, 0.15)
ABOARD_SHARES: Final = (0.6, 0.25, 0.15)
"""Of riders with 0, 1 and 2 orders on board."""
PLANNED_SHARES: Final = (0.4, 0.35, 0.25)
"""Of riders with 0, 1 and 2 orders still to collect."""


@dataclass(slots=True)
class _Draft:
    """What has been drawn so far, as lists: spots in metres (east, north), and one row for each order and each task."""

    rng: Generator
    merchants: Floats
    near: cKDTree
    dropoffs: list[Floats] = field(default_factory=list)
    orders: list[tuple[int, int, int, int, int]] = field(default_factory=list)

    def order(self, merchant: int, ready_from_s: int, ready_to_s: int, rider: int, state: int) -> int:
        """Draw an order of the merchant that is ready so long from now; answers its number."""
        rng = self.rng
        angle, length = rng.random() * 2 * np.pi, min(4000.0, 1800.0 * np.exp(0.6 * rng.standard_normal()))
        self.dropoffs.append(self.merchants[merchant] + length * np.array([np.cos(angle), np.sin(angle)]))
        ready_at = NOW + int(rng.integers(ready_from_s, ready_to_s))
        placed_at = min(NOW, ready_at) - int(rng.integers(0, 900))
        self.orders.append((merchant, placed_at, ready_at, rider, state))
        return len(self.orders) - 1

    def merchant_near(self, spot: Floats) -> int:
        """One of the merchants nearest to the spot."""
        _, found = self.near.query(spot, k=min(NEAREST, len(self.merchants)))
        return int(self.rng.choice(np.atleast_1d(found)))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A rider: where idle, or from where under way; when free; the tasks in order, and how many must stay."""

    spot: Floats
    came_from: Floats
    free_at: int
    tasks: list[tuple[int, int]]
    frozen: int


def make_snapshot(waiting: int, riders: int, seed: int = 1) -> Problem:
    """The problem of this seed with so many ``waiting`` orders and riders; orders in routes come on top.

    The same arguments give the same problem. Raises ValueError on a negative number.
    """
    if waiting < 0 or riders < 0:
        raise ValueError(f"a snapshot needs numbers of 0 or more, not {waiting} orders and {riders} riders")
    rng = np.random.default_rng(seed)
    merchants = _merchants(max(1, (waiting + riders) // 5), rng)
    draft = _Draft(rng, merchants, cKDTree(merchants))
    shares = np.exp(0.8 * rng.standard_normal(len(merchants)))
    drawn = [_rider(draft, number, shares / shares.sum()) for number in range(riders)]
    for merchant in rng.choice(len(merchants), waiting, p=shares / shares.sum()).tolist():
        draft.order(merchant, -120, 1500, -1, OPEN)
    return _problem(draft, drawn)


def _merchants(count: int, rng: Generator) -> Floats:
    """Spots in clusters, one in five anywhere in the disc; none outside it."""
    middles = _disc(CENTRES, 0.7 * RADIUS_M, rng)
    around = middles[rng.integers(0, CENTRES, count)] + 900.0 * rng.standard_normal((count, 2))
    spots = np.where(rng.random((count, 1)) < 0.2, _disc(count, RADIUS_M, rng), around)
    inside: Floats = spots * np.minimum(1.0, RADIUS_M / np.hypot(*spots.T))[:, None]
    return inside


def _disc(count: int, radius_m: float, rng: Generator) -> Floats:
    angle, length = rng.random(count) * 2 * np.pi, radius_m * np.sqrt(rng.random(count))
    spots: Floats = np.column_stack([length * np.cos(angle), length * np.sin(angle)])
    return spots


def _rider(draft: _Draft, number: int, shares: Floats) -> _Drawn:
    """A rider around a popular merchant, with what is on board first and what is planned behind it."""
    rng = draft.rng
    home = int(rng.choice(len(draft.merchants), p=shares))
    aboard, planned = int(rng.choice(3, p=ABOARD_SHARES)), int(rng.choice(3, p=PLANNED_SHARES))
    spot = draft.merchants[home] + 700.0 * rng.standard_normal(2)
    if aboard == planned == 0:
        return _Drawn(spot, spot, NOW - int(rng.integers(0, 1200)), [], 0)
    tasks = [(draft.order(home, -900, -300, number, ON_BOARD), DROPOFF) for _ in range(aboard)]
    last = draft.dropoffs[tasks[-1][0]] if tasks else spot
    merchant = draft.merchant_near(last)
    new: list[int] = []
    for turn in range(planned):
        if turn and rng.random() < 0.5:
            merchant = draft.merchant_near(draft.dropoffs[new[-1]])
        given = number if aboard == 0 and turn == 0 else -1  # only planned so far: nobody has told the rider
        new.append(draft.order(merchant, -120, 900, given, OPEN))
    tasks += _collect(draft, new)
    came_from = draft.merchants[home] if aboard else spot
    return _Drawn(spot, came_from, NOW + int(rng.integers(0, 420)), tasks, min(aboard, 1))


def _collect(draft: _Draft, new: list[int]) -> list[tuple[int, int]]:
    """Tasks of the orders: both at one merchant are collected together, else one comes after the other."""
    if len({draft.orders[order][0] for order in new}) < len(new):
        return [(order, kind) for kind in (PICKUP, DROPOFF) for order in new]
    return [(order, kind) for order in new for kind in (PICKUP, DROPOFF)]


def _problem(draft: _Draft, drawn: list[_Drawn]) -> Problem:
    """Everything drawn as arrays; places are merchants, then drop-offs, then riders' spots and where they came from."""
    travel = StraightLine()
    merchants, orders, riders = len(draft.merchants), len(draft.orders), len(drawn)
    spots = [*draft.merchants, *draft.dropoffs, *(r.spot for r in drawn), *(r.came_from for r in drawn)]
    table = travel.table(_on_earth(np.array(spots)))
    own = merchants + orders + np.arange(riders)
    place = np.array([_first_place(draft, r, merchants) for r in drawn], np.int64)
    return Problem(
        now=NOW,
        travel=table,
        orders=_orders(draft, len(travel.profiles)),
        riders=_riders(draft.rng, drawn, np.where(place < 0, own, place), own + riders, table, travel.profiles),
        routes=_routes([r.tasks for r in drawn], [r.frozen for r in drawn]),
        bars=np.zeros((0, 2), np.int64),
        order_ids=tuple(f"o{number}" for number in range(orders)),
        rider_ids=tuple(f"r{number}" for number in range(riders)),
        changed=np.zeros(riders, np.int64),
        profile_names=travel.profiles,
    )


def _first_place(draft: _Draft, rider: _Drawn, merchants: int) -> int:
    """The place of the first stop, to which the rider is under way; -1 where there is none."""
    if not rider.tasks:
        return -1
    order, kind = rider.tasks[0]
    return draft.orders[order][0] if kind == PICKUP else merchants + order


def _riders(
    rng: Generator, drawn: list[_Drawn], place: Ints, came_from: Ints, table: TravelTable, profiles: tuple[str, ...]
) -> Riders:
    """Riders in ``place``, heading there from ``came_from``; their shifts last long enough for what they have to do."""
    count = len(drawn)
    way = table.points[place] - table.points[came_from]
    length = np.sqrt((way**2).sum(axis=1))
    moves = length > 1.0
    profile = rng.choice([profiles.index(kind) for kind in VEHICLES], count, p=VEHICLE_SHARES)
    room = np.array([CAPACITY[Vehicle(name)] for name in profiles], np.int64)
    return Riders(
        place=place,
        free_at=np.array([r.free_at for r in drawn], np.int64),
        profile=profile.astype(np.int64),
        capacity=room[profile],
        off_at=NOW + rng.integers(9000, 6 * 3600, count),
        zones=np.full(count, EVERYWHERE),
        accepts=np.ones(count, np.int64),
        heading=np.where(moves[:, None], way / np.maximum(length, 1.0)[:, None], 0.0),
        heading_trust=np.where(moves, rng.random(count), 0.0),
    )


def _on_earth(spots: Floats) -> Floats:
    """Latitude and longitude of spots in metres from MIDDLE."""
    east = METRES_PER_DEGREE * np.cos(np.radians(MIDDLE[0]))
    return np.column_stack([MIDDLE[0] + spots[:, 1] / METRES_PER_DEGREE, MIDDLE[1] + spots[:, 0] / east])


def _routes(rows: list[list[tuple[int, int]]], frozen: list[int]) -> Routes:
    flat = np.array([task for row in rows for task in row], np.int64).reshape(-1, 2)
    start = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    return Routes(start=start, order=flat[:, 0].copy(), kind=flat[:, 1].copy(), frozen=np.array(frozen, np.int64))


def _orders(draft: _Draft, profiles: int) -> Orders:
    """Orders of size 1 for any vehicle, promised after 45 minutes, with two minutes of handling at either end."""
    columns = np.array(draft.orders, np.int64).reshape(-1, 5).T.copy()
    merchant, placed_at, ready_at, rider, state = columns
    count = len(merchant)
    nothing, two_minutes = np.zeros(count, np.int64), np.full(count, 120)
    return Orders(
        pickup=merchant.copy(),
        dropoff=len(draft.merchants) + np.arange(count),
        merchant=merchant,
        placed_at=placed_at,
        ready_at=ready_at,
        due_at=placed_at + 2700,
        not_before_at=nothing,
        size=np.ones(count, np.int64),
        vehicles=np.full(count, (1 << profiles) - 1),
        zones=np.full(count, EVERYWHERE),
        priority=nothing,
        pickup_before_s=nothing,
        pickup_after_s=two_minutes,
        dropoff_before_s=two_minutes,
        dropoff_after_s=nothing,
        rider=rider,
        state=state,
    )

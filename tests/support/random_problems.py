"""Random problems that are consistent: what is held is in its rider's route, frozen tasks are fixed.

They are not kind: riders may hold more than fits, be barred from what they hold, stand after the end of their shift or
on the wrong side of a river. ``problems`` gives them to hypothesis, ``random_problem`` by a seed and at any size; both
draw from the same description, in which everything random is an integer from ``pick(low, high)``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from dispatch.geo.kernel import EARTH_RADIUS_M, TravelTable
from dispatch.solver.problem import (
    DROPOFF,
    EVERYWHERE,
    FIXED,
    ON_BOARD,
    OPEN,
    PICKUP,
    Ints,
    Orders,
    Problem,
    Riders,
)
from dispatch.solver.rules import Rules
from dispatch.units import NEVER, UNREACHABLE_S
from tests.support.problems import to_routes

Pick = Callable[[int, int], int]
"""An integer of [low, high]; the simplest is the one nearest to zero."""

NOW = 1_700_000_000
PACE = (0.24, 0.16, 0.72)
"""Seconds a metre of the travel profiles: bicycle, motorcycle, walk."""
GRID_M = 250
NOBODY = -1
TABLES = ("plane", "sphere", "matrix")


@st.composite
def problems(draw: st.DrawFn, max_orders: int = 8, max_riders: int = 4, tables: Sequence[str] = TABLES) -> Problem:
    """Problems of up to so many orders and riders, also of none; ``tables`` are the kinds of travel table wanted."""

    def pick(low: int, high: int) -> int:
        return draw(st.integers(low, high))

    return draw_problem(pick, orders=pick(0, max_orders), riders=pick(0, max_riders), tables=tables)


def random_problem(seed: int, *, orders: int, riders: int, tables: Sequence[str] = TABLES, spread: int = 24) -> Problem:
    """The problem of this seed and size; give ``spread`` (side of the city in 250 m) and no matrix for large ones."""
    return draw_problem(random.Random(seed).randint, orders=orders, riders=riders, tables=tables, spread=spread)


def rules() -> st.SearchStrategy[Rules]:
    """Any rules, tight ones among them."""
    return st.builds(
        Rules,
        one_merchant_on_board=st.booleans(),
        last_pickup_in_shift=st.booleans(),
        max_stops=st.integers(2, 24),
        max_orders_on_board=st.integers(1, 10),
        max_food_age_s=st.sampled_from((0, 600, 1800, 3600)),
    )


def draw_problem(pick: Pick, *, orders: int, riders: int, tables: Sequence[str] = TABLES, spread: int = 24) -> Problem:
    """A problem with everything random taken from ``pick``; places are merchants', then drop-offs, then riders'."""
    merchants = 1 + orders // 3
    travel = _travel(pick, tables[pick(0, len(tables) - 1)], merchants + orders + riders, spread)
    holder = [_holder(pick, riders) for _ in range(orders)]
    rows = _rows(pick, holder, riders)
    frozen = [pick(0, len(row)) if pick(0, 1) else 0 for row in rows]
    for row, count in zip(rows, frozen, strict=True):
        for order, _ in row[:count]:
            rider, state = holder[order]
            holder[order] = (rider, FIXED if state == OPEN else state)
    return Problem(
        now=NOW,
        travel=travel,
        orders=_orders(pick, merchants, holder),
        riders=_riders(pick, riders, merchants, orders, travel),
        routes=to_routes(rows, frozen),
        bars=_bars(pick, orders, riders),
        order_ids=tuple(f"o{i}" for i in range(orders)),
        rider_ids=tuple(f"r{i}" for i in range(riders)),
        onward_m=np.linalg.norm(travel.points - travel.points[:1], axis=1).astype(np.int64),
    )


def _holder(pick: Pick, riders: int) -> tuple[int, int]:
    """(rider, state) of an order; half of the orders have nobody."""
    state = (OPEN, OPEN, OPEN, OPEN, FIXED, ON_BOARD)[pick(0, 5)]
    if riders == 0 or (state == OPEN and pick(0, 3)):
        return NOBODY, OPEN
    return pick(0, riders - 1), state


def _rows(pick: Pick, holder: list[tuple[int, int]], riders: int) -> list[list[tuple[int, int]]]:
    """A route for each rider: what is held, in any order that puts pickups before their drop-offs."""
    rows: list[list[tuple[int, int]]] = [[] for _ in range(riders)]
    for order, (rider, state) in enumerate(holder):
        if rider == NOBODY:
            continue
        row = rows[rider]
        after = 0
        if state != ON_BOARD:
            after = pick(0, len(row)) + 1
            row.insert(after - 1, (order, PICKUP))
        row.insert(pick(after, len(row)), (order, DROPOFF))
    return rows


def _column(rows: int, value: Callable[[], int]) -> Ints:
    return np.array([value() for _ in range(rows)], np.int64)


def _orders(pick: Pick, merchants: int, holder: list[tuple[int, int]]) -> Orders:
    """Any orders; a few merchants share the place of their neighbour."""
    count = len(holder)
    merchant = _column(count, lambda: pick(0, merchants - 1))
    shares = _column(merchants, lambda: pick(0, 9) == 9)
    placed_at = NOW - _column(count, lambda: 60 * pick(0, 30))
    return Orders(
        pickup=np.maximum(0, merchant - shares[merchant]),
        dropoff=merchants + np.arange(count),
        merchant=merchant,
        placed_at=placed_at,
        ready_at=placed_at + _column(count, lambda: 60 * pick(0, 40)),
        due_at=placed_at + _column(count, lambda: 60 * pick(20, 90)),
        not_before_at=_column(count, lambda: NOW + 60 * pick(0, 60) if pick(0, 7) == 7 else 0),
        size=_column(count, lambda: pick(1, 2)),
        vehicles=_column(count, lambda: pick(1, (1 << len(PACE)) - 1) if pick(0, 3) == 3 else EVERYWHERE),
        zones=_column(count, lambda: _zones(pick)),
        priority=_column(count, lambda: pick(0, 2)),
        pickup_before_s=_column(count, lambda: 30 * pick(0, 4)),
        pickup_after_s=_column(count, lambda: 30 * pick(0, 4)),
        dropoff_before_s=_column(count, lambda: 30 * pick(0, 4)),
        dropoff_after_s=_column(count, lambda: 30 * pick(0, 4)),
        rider=np.array([rider for rider, _ in holder], np.int64),
        state=np.array([state for _, state in holder], np.int64),
    )


def _zones(pick: Pick) -> int:
    """Two in three are bound to no zone."""
    return pick(1, 7) if pick(0, 2) == 2 else EVERYWHERE


def _riders(pick: Pick, count: int, merchants: int, orders: int, travel: TravelTable) -> Riders:
    """Any riders; every fourth waits at a merchant's place."""
    own = merchants + orders + np.arange(count)
    place = np.where(_column(count, lambda: pick(0, 3)) == 3, _column(count, lambda: pick(0, merchants - 1)), own)
    towards = travel.points[_column(count, lambda: pick(0, travel.points.shape[0] - 1))] - travel.points[place]
    length = np.sqrt((towards**2).sum(axis=1))
    return Riders(
        place=place,
        free_at=NOW + _column(count, lambda: 30 * pick(-20, 30)),
        profile=_column(count, lambda: pick(0, len(PACE) - 1)),
        capacity=_column(count, lambda: pick(1, 4)),
        off_at=_column(count, lambda: NOW + 60 * pick(-10, 120) if pick(0, 1) else NEVER),
        zones=_column(count, lambda: _zones(pick)),
        accepts=_column(count, lambda: pick(0, 5) < 5),
        heading=towards / np.where(length > 0, length, 1.0)[:, None],
        heading_trust=np.where(length > 0, _column(count, lambda: pick(0, 4)) / 4, 0.0),
    )


def _bars(pick: Pick, orders: int, riders: int) -> Ints:
    """Some pairs, sorted, each once."""
    count = pick(0, orders) if orders and riders else 0
    pairs = {(pick(0, orders - 1), pick(0, riders - 1)) for _ in range(count)}
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _travel(pick: Pick, kind: str, places: int, spread: int) -> TravelTable:
    """A plane, a piece of the earth, or a matrix that is neither symmetric nor everywhere passable."""
    grid = np.array([(pick(0, spread), pick(0, spread)) for _ in range(places)], np.float64).reshape(-1, 2) * GRID_M
    step_s = (1, 60)[pick(0, 1)]
    pace, matrix = np.array(PACE), np.zeros((0, 0, 0), np.int32)
    if kind == "sphere":
        return TravelTable(_on_earth(grid), EARTH_RADIUS_M, pace, step_s, matrix)
    if kind == "matrix":
        matrix = _matrix(pick(0, 999), len(PACE), places, step_s)
    return TravelTable(np.column_stack([grid, np.zeros(places)]), 0.0, pace, step_s, matrix)


def _on_earth(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres east and north of a point near the equator as points of the earth's surface, metres from its centre."""
    longitude, latitude = (grid / EARTH_RADIUS_M).T
    xyz = np.column_stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
    )
    return xyz * EARTH_RADIUS_M


def _matrix(seed: int, profiles: int, places: int, step_s: int) -> NDArray[np.int32]:
    noise = np.random.default_rng(seed)
    matrix = noise.integers(1, 1800 // step_s, (profiles, places, places), np.int32) * np.int32(step_s)
    matrix[noise.random(matrix.shape) < 0.03] = UNREACHABLE_S
    matrix[:, np.arange(places), np.arange(places)] = 0
    return matrix

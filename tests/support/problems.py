"""Small problems drawn as maps.

>>> problem = market(
...     '''
...     a  .  1  .  A
...     .  .  .  .  .
...     b2 .  .  B  .
...     ''',
...     "1A",
...     OrderAt("1B", ready_at=600, size=2),
...     OrderAt("2B", fixed=True),
...     RiderAt("b", tasks="+2B -2B", capacity=2),
...     bars=[("1A", "b")],
... )
>>> problem.rider_ids, problem.order_ids
(('a', 'b'), ('1A', '1B', '2B'))

Cells are separated by blanks: ``.`` is empty, a-z are riders, 0-9 merchants, A-Z drop-offs; what shares a cell shares a
place. An order is called by its merchant and drop-off. Unless said otherwise riders ride a cell a minute in a straight
line, and ``now`` is 0. Only what matters to a test needs to be given.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent

import numpy as np
from numpy.typing import NDArray

from dispatch.geo.kernel import TravelTable, travel_s
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
    Routes,
)
from dispatch.units import HOUR_S, MINUTE_S, NEVER, UNREACHABLE_S

NOBODY = -1
CAPTIONS = "a-z for riders, 0-9 for merchants, A-Z for drop-offs, '.' for nothing"


@dataclass(frozen=True, slots=True)
class OrderAt:
    """An order from a merchant to a drop-off of the map ("1A"); ``name`` tells apart several on one way.

    ``fixed`` makes it FIXED to the rider in whose route it is, or to ``rider`` where it is in none. It is ON_BOARD if
    only its drop-off is in a route. ``vehicles`` are profiles, all when empty. None for an instant means ``now``, for
    ``due_at`` an hour later.
    """

    way: str
    name: str = ""
    placed_at: int | None = None
    ready_at: int | None = None
    due_at: int | None = None
    not_before_at: int = 0
    size: int = 1
    vehicles: tuple[int, ...] = ()
    zones: int = EVERYWHERE
    priority: int = 0
    pickup_before_s: int = 0
    pickup_after_s: int = 0
    dropoff_before_s: int = 0
    dropoff_after_s: int = 0
    fixed: bool = False
    rider: str = ""

    @property
    def id(self) -> str:
        """What tasks and bars call it."""
        return self.name or self.way


@dataclass(frozen=True, slots=True)
class RiderAt:
    """A rider of the map who is not like the others; ``tasks`` reads "+1A -1A": pick up, drop off, in this order.

    ``frozen`` counts the leading tasks that must stay. None for ``free_at`` means ``now``.
    """

    name: str
    tasks: str = ""
    frozen: int = 0
    free_at: int | None = None
    profile: int = 0
    capacity: int = 3
    off_at: int = NEVER
    zones: int = EVERYWHERE
    accepts: bool = True


def market(
    drawing: str,
    *parts: str | OrderAt | RiderAt,
    now: int = 0,
    cell_m: int = 100,
    minutes_a_cell: Sequence[float] = (1.0,),
    bars: Iterable[tuple[str, str]] = (),
    no_way: Iterable[str] = (),
) -> Problem:
    """The problem drawn; a string among ``parts`` is an order without further wishes.

    minutes_a_cell: one for each travel profile. bars: (order, rider). no_way: pairs of map names ("aA") that cannot be
    reached from one another.
    Raises ValueError saying what of the drawing or the parts cannot be understood.
    """
    cells = _read_map(drawing)
    orders = [OrderAt(part) if isinstance(part, str) else part for part in parts if not isinstance(part, RiderAt)]
    riders = _all_riders(cells, [part for part in parts if isinstance(part, RiderAt)])
    for order in orders:
        _check_way(order.way, cells)
    order_ids = tuple(order.id for order in orders)
    rider_ids = tuple(rider.name for rider in riders)
    _refuse_repeats("order", order_ids)
    place = {cell: i for i, cell in enumerate(dict.fromkeys(cells.values()))}
    spots = {name: place[cell] for name, cell in cells.items()}
    routes = _routes(riders, order_ids)
    return Problem(
        now=now,
        travel=_travel(list(place), spots, cell_m, minutes_a_cell, no_way),
        orders=_orders(orders, spots, now, _holders(orders, rider_ids, routes)),
        riders=_riders(riders, spots, now),
        routes=routes,
        bars=_bars(bars, order_ids, rider_ids),
        order_ids=order_ids,
        rider_ids=rider_ids,
    )


def parse_tasks(tasks: str, order_ids: Sequence[str]) -> list[tuple[int, int]]:
    """(order, kind) of each task in "+1A -1A". Raises ValueError on a task that is not so written or names no order."""
    found = []
    for word in tasks.split():
        if word[0] not in "+-":
            raise ValueError(f"task {word!r} must begin with + (pickup) or - (drop-off)")
        found.append((_index(order_ids, word[1:], "order", f"task {word!r}"), PICKUP if word[0] == "+" else DROPOFF))
    return found


def to_routes(rows: Sequence[Sequence[tuple[int, int]]], frozen: Ints | Sequence[int]) -> Routes:
    """Routes of these (order, kind) tasks, a row for each rider."""
    tasks = np.array([task for row in rows for task in row], np.int64).reshape(-1, 2)
    start = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    return Routes(start=start, order=tasks[:, 0].copy(), kind=tasks[:, 1].copy(), frozen=np.array(frozen, np.int64))


def _index(names: Sequence[str], name: str, what: str, where: str) -> int:
    if name not in names:
        raise ValueError(f"{where} names {what} {name!r}, which there is not; there is {', '.join(names) or 'none'}")
    return names.index(name)


def _refuse_repeats(what: str, names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{what} {', '.join(repeated)} is there more than once; tell them apart by name=")


def _read_map(drawing: str) -> dict[str, tuple[int, int]]:
    """(row, column) of every name drawn, in reading order."""
    rows = [line.split() for line in dedent(drawing).strip().splitlines()]
    cells: dict[str, tuple[int, int]] = {}
    for r, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {r + 1} of the map has {len(row)} cells, the first row {len(rows[0])}")
        names = [(name, c) for c, cell in enumerate(row) if cell != "." for name in cell]
        for name, c in names:
            where = f"in cell {c + 1} of row {r + 1}"
            if not re.fullmatch(r"[a-zA-Z0-9]", name):
                raise ValueError(f"{name!r} {where} means nothing; write {CAPTIONS}, blanks between cells")
            if name in cells:
                raise ValueError(f"{name!r} is on the map twice, the second time {where}")
            cells[name] = (r, c)
    return cells


def _check_way(way: str, cells: Mapping[str, object]) -> None:
    if not re.fullmatch(r"[0-9][A-Z]", way):
        raise ValueError(f"order {way!r} must be a merchant and a drop-off, such as '1A'")
    missing = [name for name in way if name not in cells]
    if missing:
        raise ValueError(f"order {way!r} needs {' and '.join(missing)} on the map; it has {', '.join(cells)}")


def _all_riders(cells: Mapping[str, object], special: list[RiderAt]) -> list[RiderAt]:
    """A rider for each small letter of the map, in alphabetical order."""
    drawn = sorted(name for name in cells if name in string.ascii_lowercase)
    _refuse_repeats("rider", [rider.name for rider in special])
    by_name = {rider.name: rider for rider in special}
    for name in by_name:
        _index(drawn, name, "rider", f"RiderAt({name!r})")
    return [by_name.get(name, RiderAt(name)) for name in drawn]


def _routes(riders: list[RiderAt], order_ids: tuple[str, ...]) -> Routes:
    rows = [parse_tasks(rider.tasks, order_ids) for rider in riders]
    for rider, row in zip(riders, rows, strict=True):
        if not 0 <= rider.frozen <= len(row):
            raise ValueError(f"rider {rider.name} has {rider.frozen} frozen tasks of {len(row)}")
    return to_routes(rows, [rider.frozen for rider in riders])


def _holders(orders: list[OrderAt], rider_ids: tuple[str, ...], routes: Routes) -> list[tuple[int, int]]:
    """(rider, state) of each order, from the routes and what was said of it."""
    return [_holder(i, order, rider_ids, routes) for i, order in enumerate(orders)]


def _holder(index: int, order: OrderAt, rider_ids: tuple[str, ...], routes: Routes) -> tuple[int, int]:
    tasks = np.flatnonzero(routes.order == index)
    riders = np.searchsorted(routes.start, tasks, side="right") - 1
    if not tasks.size:
        if order.fixed != bool(order.rider):
            raise ValueError(f"order {order.id} is in no route: give both fixed and rider, or none of them")
        return (_index(rider_ids, order.rider, "rider", f"order {order.id}"), FIXED) if order.fixed else (NOBODY, OPEN)
    rider = int(riders[0])
    kinds = routes.kind[tasks].tolist()
    if (riders != rider).any() or kinds not in ([PICKUP, DROPOFF], [DROPOFF]):
        raise ValueError(f"order {order.id} must have its pickup and then its drop-off, or its drop-off, in one route")
    if order.rider not in ("", rider_ids[rider]):
        raise ValueError(f"order {order.id} is in the route of rider {rider_ids[rider]}, not of rider {order.rider}")
    if kinds == [DROPOFF]:
        return rider, ON_BOARD
    frozen = tasks[0] < routes.start[rider] + routes.frozen[rider]
    return rider, FIXED if order.fixed or frozen else OPEN


def _column(values: Iterable[int]) -> Ints:
    return np.array(list(values), np.int64)


def _orders(orders: list[OrderAt], spots: Mapping[str, int], now: int, holders: list[tuple[int, int]]) -> Orders:
    def instant(value: int | None, default: int) -> int:
        return default if value is None else value

    return Orders(
        pickup=_column(spots[order.way[0]] for order in orders),
        dropoff=_column(spots[order.way[1]] for order in orders),
        merchant=_column(int(order.way[0]) for order in orders),
        placed_at=_column(instant(order.placed_at, now) for order in orders),
        ready_at=_column(instant(order.ready_at, now) for order in orders),
        due_at=_column(instant(order.due_at, now + HOUR_S) for order in orders),
        not_before_at=_column(order.not_before_at for order in orders),
        size=_column(order.size for order in orders),
        vehicles=_column(sum(1 << p for p in order.vehicles) or EVERYWHERE for order in orders),
        zones=_column(order.zones for order in orders),
        priority=_column(order.priority for order in orders),
        pickup_before_s=_column(order.pickup_before_s for order in orders),
        pickup_after_s=_column(order.pickup_after_s for order in orders),
        dropoff_before_s=_column(order.dropoff_before_s for order in orders),
        dropoff_after_s=_column(order.dropoff_after_s for order in orders),
        rider=_column(rider for rider, _ in holders),
        state=_column(state for _, state in holders),
    )


def _riders(riders: list[RiderAt], spots: Mapping[str, int], now: int) -> Riders:
    return Riders(
        place=_column(spots[rider.name] for rider in riders),
        free_at=_column(now if rider.free_at is None else rider.free_at for rider in riders),
        profile=_column(rider.profile for rider in riders),
        capacity=_column(rider.capacity for rider in riders),
        off_at=_column(rider.off_at for rider in riders),
        zones=_column(rider.zones for rider in riders),
        accepts=_column(rider.accepts for rider in riders),
        heading=np.zeros((len(riders), 3)),
        heading_trust=np.zeros(len(riders)),
    )


def _bars(bars: Iterable[tuple[str, str]], order_ids: tuple[str, ...], rider_ids: tuple[str, ...]) -> Ints:
    pairs = [(_index(order_ids, o, "order", "a bar"), _index(rider_ids, r, "rider", "a bar")) for o, r in bars]
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _travel(
    cells: list[tuple[int, int]],
    spots: Mapping[str, int],
    cell_m: int,
    minutes_a_cell: Sequence[float],
    no_way: Iterable[str],
) -> TravelTable:
    """A plane, or its matrix where there are pairs with no way between them."""
    points = np.array([(column * cell_m, row * cell_m, 0.0) for row, column in cells], np.float64).reshape(-1, 3)
    pace = np.array(minutes_a_cell, np.float64) * MINUTE_S / cell_m
    table = TravelTable(points, 0.0, pace, 1, np.zeros((0, 0, 0), np.int32))
    pairs = [(_spot(spots, names, 0), _spot(spots, names, 1)) for names in no_way]
    return table._replace(matrix=_matrix(table, pairs)) if pairs else table


def _spot(spots: Mapping[str, int], names: str, end: int) -> int:
    if len(names) != 2 or names[end] not in spots:
        raise ValueError(f"no_way {names!r} must be two names of the map, such as 'aA'; it has {', '.join(spots)}")
    return spots[names[end]]


def _matrix(table: TravelTable, no_way: list[tuple[int, int]]) -> NDArray[np.int32]:
    profiles, places = table.pace.shape[0], table.points.shape[0]
    matrix = np.zeros((profiles, places, places), np.int32)
    for p, a, b in np.ndindex(profiles, places, places):
        cut = (a, b) in no_way or (b, a) in no_way
        matrix[p, a, b] = UNREACHABLE_S if cut else travel_s(table, p, a, b)
    return matrix

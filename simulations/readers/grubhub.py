"""Instances of the Grubhub Meal Delivery Routing Problem: tab-separated text, minutes from 0, metres in a plane.

Reyes, Erera, Savelsbergh, Sahasrabudhe, O'Neil: The Meal Delivery Routing Problem (2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from dispatch.geo.travel import PlanarTravel
from dispatch.model.order import Handling, MarketId, Merchant, MerchantId, Order, OrderId, Vehicle
from dispatch.model.place import Place
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId
from dispatch.units import DAY_S, MINUTE_S
from simulations.instance import Instance, WorldRules
from simulations.readers.tables import Table, check_ids, flag_rows, parse_numbers, read_table
from simulations.readers.validation import Report, Where

FILES: Final = ("orders.txt", "couriers.txt", "restaurants.txt", "instance_parameters.txt")
ORIGIN: Final = (0.0, 0.0)
"""Where the plane is laid on the earth: the instances do not say which city they are of."""
CAPACITY: Final = 10
"""Orders on board; the problem has no limit, and nobody gains by more."""
WIDEST_M: Final = 1_000_000
"""Coordinates beyond this are no city, and would leave the earth."""

LONGEST_MIN: Final = 31 * DAY_S // MINUTE_S

_PARAMETERS: Final = (
    "meters_per_minute",
    "pickup service minutes",
    "dropoff service minutes",
    "target click-to-door",
    "maximum click-to-door",
)


class Parameters(NamedTuple):
    """What instance_parameters.txt says, in seconds but for the pace."""

    metres_per_minute: float
    pickup_s: int
    dropoff_s: int
    target_s: int


class _Tables(NamedTuple):
    orders: Table
    riders: Table
    merchants: Table


def read_grubhub(folder: Path) -> Instance:
    """Load the instance in ``folder``. Raises InvalidInputError with every issue of all four files."""
    report = Report()
    tables = _Tables(
        read_table(
            folder / "orders.txt", ("order", "x", "y", "placement_time", "restaurant", "ready_time"), "\t", report
        ),
        read_table(folder / "couriers.txt", ("courier", "x", "y", "on_time", "off_time"), "\t", report),
        read_table(folder / "restaurants.txt", ("restaurant", "x", "y"), "\t", report),
    )
    parameters = _parameters(read_table(folder / "instance_parameters.txt", _PARAMETERS, "\t", report), report)
    orders = _minutes(report, parse_coordinates(report, tables.orders), "placement_time", "ready_time")
    riders = _minutes(report, parse_coordinates(report, tables.riders), "on_time", "off_time")
    merchants = parse_coordinates(report, tables.merchants)
    _check(report, _Tables(orders, riders, merchants))
    name = folder.resolve().name
    report.refuse(f"instance {name}")
    if parameters is None:
        raise ValueError("parameters that could not be read must have been reported")
    return _instance(name, _Tables(orders, riders, merchants), parameters, report)


def parse_coordinates(report: Report, table: Table) -> Table:
    """x and y as finite metres within WIDEST_M."""
    table = parse_numbers(report, table, "x", "y")
    for field in ("x", "y"):
        cause = f"{field} is {{{field}}} m, more than {WIDEST_M} m from the origin"
        flag_rows(report, table, pl.col(field).abs() > WIDEST_M, "out_of_range", field, cause)
    return table


def _minutes(report: Report, table: Table, *fields: str) -> Table:
    """Minutes as int64 seconds in new columns ``field`` + "_s"."""
    table = parse_numbers(report, table, *fields, minimum=0)
    for field in fields:
        seconds = pl.col(field) * 60
        cause = f"{field} is {{{field}}} minutes"
        flag_rows(report, table, (seconds - seconds.round()).abs() > 1e-6, "not_whole_seconds", field, cause)
        late = f"{cause}; the longest instance has {LONGEST_MIN}"
        flag_rows(report, table, pl.col(field) > LONGEST_MIN, "out_of_range", field, late)
        whole = pl.when(pl.col(field) <= LONGEST_MIN).then(seconds.round()).cast(pl.Int64)
        table = table.with_columns(whole.alias(field + "_s"))
    return table


def _parameters(table: Table, report: Report) -> Parameters | None:
    """The single row of parameters; None, and issues, where it is not there or not good."""
    if table.absent:
        return None
    if table.frame.height != 1:
        report.add("wrong_row_count", f"there are {table.frame.height} rows of parameters", Where(table.source))
        return None
    table = parse_numbers(report, table, _PARAMETERS[0])
    table = _minutes(report, table, *_PARAMETERS[1:4])
    pace = pl.col(_PARAMETERS[0])
    flag_rows(report, table, pace <= 0, "out_of_range", _PARAMETERS[0], f"{_PARAMETERS[0]} must be positive")
    row = table.frame.row(0, named=True)
    values = [row[_PARAMETERS[0]], *(row[name + "_s"] for name in _PARAMETERS[1:4])]
    return None if None in values else Parameters(*values)


def _check(report: Report, tables: _Tables) -> None:
    orders, riders, merchants = tables
    check_ids(report, orders, "order")
    check_ids(report, riders, "courier")
    check_ids(report, merchants, "restaurant")
    known, used = merchants.frame["restaurant"], orders.frame["restaurant"]
    if "restaurant" not in merchants.absent:
        check_ids(report, orders, "restaurant", unique=False)
        unknown = ~pl.col("restaurant").is_in(known.implode())
        flag_rows(
            report,
            orders,
            unknown,
            "unknown_merchant",
            "restaurant",
            "restaurant {restaurant} is not in restaurants.txt",
        )
    if "restaurant" not in orders.absent:
        unused = ~pl.col("restaurant").is_in(used.implode())
        flag_rows(
            report, merchants, unused, "merchant_without_orders", "restaurant", "no order is of restaurant {restaurant}"
        )
    early = pl.col("ready_time_s") < pl.col("placement_time_s")
    cause = "ready_time {ready_time:g} is before placement_time {placement_time:g}"
    flag_rows(report, orders, early, "ready_before_placed", "ready_time", cause)
    short = pl.col("off_time_s") <= pl.col("on_time_s")
    cause = "off_time {off_time:g} is not after on_time {on_time:g}"
    flag_rows(report, riders, short, "shift_ends_before_start", "off_time", cause)


def _instance(name: str, tables: _Tables, parameters: Parameters, report: Report) -> Instance:
    travel = PlanarTravel(ORIGIN, parameters.metres_per_minute, step_s=60)
    market_id = MarketId(name)
    places = [_places(table, travel) for table in tables]
    merchants = {
        MerchantId(row[0]): Merchant(id=MerchantId(row[0]), market_id=market_id, place=place, name=row[0])
        for row, place in zip(tables.merchants.frame.select("restaurant").rows(), places[2], strict=True)
    }
    riders = tables.riders.frame.select("courier", "on_time_s", "off_time_s").rows()
    return Instance(
        name=name,
        market_id=market_id,
        timezone="UTC",
        orders=_orders(tables.orders, places[0], merchants, parameters),
        riders=tuple(
            Rider(id=RiderId(rider), market_id=market_id, vehicle=Vehicle.MOTORCYCLE, capacity=CAPACITY, name=rider)
            for rider, _, _ in sorted(riders)
        ),
        shifts=tuple(
            sorted(
                (
                    Shift(id=ShiftId(rider), rider_id=RiderId(rider), starts_at=on, ends_at=off, start=place)
                    for (rider, on, off), place in zip(riders, places[1], strict=True)
                ),
                key=lambda shift: (shift.starts_at, shift.id),
            )
        ),
        merchants=tuple(merchants[merchant] for merchant in sorted(merchants)),
        travel=travel,
        rules=WorldRules(tick_s=60, accept_s=0, policy="grubhub"),
        warnings=tuple(report.warnings),
    )


def _orders(
    table: Table, places: Sequence[Place], merchants: dict[MerchantId, Merchant], parameters: Parameters
) -> tuple[Order, ...]:
    # The product leaves a stop half a service after the pickup or drop-off; the first half takes the odd second.
    pickup = Handling(parameters.pickup_s - parameters.pickup_s // 2, parameters.pickup_s // 2)
    dropoff = Handling(parameters.dropoff_s - parameters.dropoff_s // 2, parameters.dropoff_s // 2)
    rows = table.frame.select("order", "restaurant", "placement_time_s", "ready_time_s").rows()
    orders = [
        Order(
            id=OrderId(order),
            market_id=merchants[merchant].market_id,
            merchant_id=merchants[merchant].id,
            pickup=merchants[merchant].place,
            dropoff=place,
            placed_at=placed,
            ready_at=ready,
            promised_at=placed + parameters.target_s,
            pickup_handling=pickup,
            dropoff_handling=dropoff,
        )
        for (order, merchant, placed, ready), place in zip(rows, places, strict=True)
    ]
    return tuple(sorted(orders, key=lambda order: (order.placed_at, order.id)))


def _places(table: Table, travel: PlanarTravel) -> list[Place]:
    plane = np.asarray(table.frame.select("x", "y").to_numpy(), dtype=np.float64).reshape(-1, 2)
    latitude, longitude = travel.to_place(plane[:, 0], plane[:, 1])
    return [Place(*point) for point in zip(latitude.tolist(), longitude.tolist(), strict=True)]

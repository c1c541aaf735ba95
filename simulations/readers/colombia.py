"""City-days of a delivery platform in Colombia: csv or csv.gz, degrees, times of one local day.

The columns are those of the instances of github.com/sebastian-quintero/mdrp-sim.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from dispatch.geo.travel import StraightLine
from dispatch.model.order import Handling, MarketId, Merchant, MerchantId, Order, OrderId, Vehicle
from dispatch.model.place import Place
from dispatch.model.rider import Rider, RiderId, Shift, ShiftId
from dispatch.units import DAY_S, Instant
from simulations.instance import Instance, WorldRules
from simulations.readers.geography import check_places, table_places
from simulations.readers.tables import (
    LINE,
    Table,
    check_ids,
    flag_missing,
    flag_rows,
    parse_clock,
    parse_numbers,
    read_table,
)
from simulations.readers.validation import Report, Where

FILES: Final = ("orders.csv", "orders.csv.gz", "couriers.csv", "couriers.csv.gz")
TIMEZONE: Final = "America/Bogota"
FIRST_DAY: Final = date(2019, 8, 1)
"""The files name no date; this one is taken where none is given."""
SPEEDS_KMH: Final = MappingProxyType({"walk": 5.0, "bicycle": 15.0, "motorcycle": 23.0, "car": 25.0})
VEHICLES: Final = MappingProxyType(
    {
        "walking": Vehicle.WALK,
        "bicycle": Vehicle.BICYCLE,
        "motorcycle": Vehicle.MOTORCYCLE,
        "car": Vehicle.CAR,
        "vehicle": Vehicle.CAR,
    }
)
CAPACITY: Final = MappingProxyType({Vehicle.WALK: 2, Vehicle.BICYCLE: 2, Vehicle.MOTORCYCLE: 3, Vehicle.CAR: 4})
HANDLING_SEED: Final = 8795
RULES: Final = WorldRules(
    tick_s=60, accept_s=20, cancel_after_s=2700, cancel_probability=0.75, give_up_after_s=3600, policy="colombia"
)

_HALF_DAY_S: Final = DAY_S // 2
_PICK_UP: Final = ("pick_up_lat", "pick_up_lng")
_DROP_OFF: Final = ("drop_off_lat", "drop_off_lng")
_TIMES: Final = ("placement_time", "preparation_time", "ready_time", "expected_drop_off_time")
_ON: Final = ("on_lat", "on_lng")


def read_colombia(folder: Path, *, day: date = FIRST_DAY) -> Instance:
    """Load the city-day in ``folder`` as the local day ``day``.

    A time of an order that is more than half a day before the order was placed is one after midnight. Rows of one
    rider are shifts of that rider; a shift that ends before it starts runs past midnight.
    Raises InvalidInputError with every issue of both files.
    """
    report = Report()
    orders = _table(folder, "orders", ("order_id", *_PICK_UP, *_DROP_OFF, *_TIMES), report)
    shifts = _table(folder, "couriers", ("courier_id", "vehicle", *_ON, "on_time", "off_time"), report)
    orders = _check_order_times(
        report, parse_clock(report, parse_numbers(report, orders, *_PICK_UP, *_DROP_OFF), *_TIMES)
    )
    shifts = parse_clock(report, parse_numbers(report, shifts, *_ON), "on_time", "off_time")
    check_ids(report, orders, "order_id")
    shifts = _check_shifts(report, shifts)
    places = (table_places(orders, *_PICK_UP), table_places(orders, *_DROP_OFF), table_places(shifts, *_ON))
    check_places(report, places)
    name = folder.resolve().name
    report.refuse(f"instance {name}")
    return _instance(name, orders, shifts, day, report)


def _table(folder: Path, stem: str, columns: Sequence[str], report: Report) -> Table:
    """``stem``.csv or ``stem``.csv.gz; both at once is an issue."""
    plain, packed = folder / f"{stem}.csv", folder / f"{stem}.csv.gz"
    if plain.exists() and packed.exists():
        report.add("ambiguous_files", f"there are {plain.name} and {packed.name}", Where(plain.name))
    return read_table(packed if packed.exists() and not plain.exists() else plain, columns, ",", report)


def _check_order_times(report: Report, table: Table) -> Table:
    """Move times after midnight to the next day, then judge the sequence placed, preparation, ready, promise."""
    placed = pl.col("placement_time_s")
    for field in _TIMES[1:]:
        at = pl.col(f"{field}_s")
        wrapped = placed - at > _HALF_DAY_S
        cause = f"{field} {{{field}}} is before placement_time {{placement_time}} by more than half a day"
        flag_rows(report, table, wrapped, "past_midnight", field, cause)
        table = table.with_columns(pl.when(wrapped).then(at + DAY_S).otherwise(at).alias(f"{field}_s"))
    sequence = (
        ("ready_time", "placement_time", "ready_before_placed"),
        ("expected_drop_off_time", "placement_time", "promise_before_placed"),
        ("expected_drop_off_time", "ready_time", "promise_before_ready"),
        ("preparation_time", "placement_time", "preparation_out_of_order"),
        ("ready_time", "preparation_time", "preparation_out_of_order"),
    )
    for later, earlier, code in sequence:
        cause = f"{later} {{{later}}} is before {earlier} {{{earlier}}}"
        flag_rows(report, table, pl.col(f"{later}_s") < pl.col(f"{earlier}_s"), code, later, cause)
    return table


def _check_shifts(report: Report, table: Table) -> Table:
    """Shift ends after midnight moved to the next day; issues of vehicles, empty and overlapping shifts noted."""
    check_ids(report, table, "courier_id", unique=False)
    flag_missing(report, table, "vehicle")
    unknown = ~pl.col("vehicle").is_in(list(VEHICLES))
    cause = f"vehicle {{vehicle}} is none of {', '.join(VEHICLES)}"
    flag_rows(report, table, unknown, "unknown_value", "vehicle", cause)
    on, off = pl.col("on_time_s"), pl.col("off_time_s")
    flag_rows(report, table, on == off, "empty_shift", "off_time", "off_time {off_time} equals on_time")
    table = table.with_columns(pl.when(off < on).then(off + DAY_S).otherwise(off).alias("off_time_s"))
    if table.frame["courier_id"].is_duplicated().any():
        _check_riders(report, table)
    return table


def _check_riders(report: Report, table: Table) -> None:
    """Do the several rows of one rider fit together?"""
    by_rider = table.frame.filter(pl.col("courier_id").is_not_null(), pl.col("off_time_s") > pl.col("on_time_s"))
    before = (pl.col("off_time_s").cum_max().shift(1), pl.col(LINE).shift(1).alias("_before"))
    ordered = by_rider.sort("on_time_s", LINE).with_columns(column.over("courier_id") for column in before[1:])
    ordered = ordered.with_columns(before[0].over("courier_id").alias("_busy_until"))
    cause = "the shift of {courier_id} starts at {on_time}, before the one in line {_before} ends"
    clash = pl.col("on_time_s") < pl.col("_busy_until")
    flag_rows(report, Table(table.source, ordered), clash, "overlapping_shifts", "on_time", cause)
    first = table.with_columns(pl.col("vehicle").drop_nulls().first().over("courier_id").alias("_vehicle"))
    cause = "rider {courier_id} has the vehicle {vehicle} here and {_vehicle} before"
    flag_rows(report, first, pl.col("vehicle") != pl.col("_vehicle"), "conflicting_rows", "vehicle", cause)


def _instance(name: str, orders: Table, shifts: Table, day: date, report: Report) -> Instance:
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(TIMEZONE)).timestamp())
    market_id = MarketId(name)
    merchants = _merchants(orders, market_id)
    by_place = {merchant.place: merchant for merchant in merchants}
    vehicles = dict(shifts.frame.select("courier_id", "vehicle").unique("courier_id", keep="first").rows())
    return Instance(
        name=name,
        market_id=market_id,
        timezone=TIMEZONE,
        orders=_orders(orders, by_place, midnight),
        riders=tuple(_rider(rider, VEHICLES[vehicles[rider]], market_id) for rider in sorted(vehicles)),
        shifts=_shifts(shifts, midnight),
        merchants=tuple(sorted(merchants, key=lambda merchant: merchant.id)),
        travel=StraightLine(SPEEDS_KMH),
        rules=RULES,
        warnings=tuple(report.warnings),
    )


def _merchants(orders: Table, market_id: MarketId) -> list[Merchant]:
    """One merchant per distinct pick-up place, numbered in the order of the file: the files name none."""
    places = orders.frame.select(_PICK_UP).unique(maintain_order=True, keep="first").rows()
    return [
        Merchant(id=MerchantId(f"m{number}"), market_id=market_id, place=Place(*place), name=f"merchant {number}")
        for number, place in enumerate(places, start=1)
    ]


def _orders(table: Table, merchants: dict[Place, Merchant], midnight: Instant) -> tuple[Order, ...]:
    columns = ("order_id", *_PICK_UP, *_DROP_OFF, "placement_time_s", "ready_time_s", "expected_drop_off_time_s")
    orders = []
    for order_id, lat, lng, drop_lat, drop_lng, placed, ready, promised in table.frame.select(columns).iter_rows():
        merchant = merchants[Place(lat, lng)]
        pickup, dropoff = handling(order_id)
        orders.append(
            Order(
                id=OrderId(order_id),
                market_id=merchant.market_id,
                merchant_id=merchant.id,
                pickup=merchant.place,
                dropoff=Place(drop_lat, drop_lng),
                placed_at=midnight + placed,
                ready_at=midnight + ready,
                promised_at=midnight + promised,
                pickup_handling=pickup,
                dropoff_handling=dropoff,
            )
        )
    return tuple(sorted(orders, key=lambda order: (order.placed_at, order.id)))


def handling(order_id: str) -> tuple[Handling, Handling]:
    """The handling drawn for an order, at its pickup and at its drop-off.

    The first begins when the rider is there and the food is ready; the order is delivered at the end of the second.
    """
    draw = random.Random(f"{HANDLING_SEED}-{order_id}")
    pickup_s = draw.randint(120, 600)
    return Handling(after_s=pickup_s), Handling(before_s=draw.randint(120, 300))


def _rider(rider: str, vehicle: Vehicle, market_id: MarketId) -> Rider:
    return Rider(
        id=RiderId(rider), market_id=market_id, vehicle=vehicle, capacity=CAPACITY[vehicle], name=f"rider {rider}"
    )


def _shifts(table: Table, midnight: Instant) -> tuple[Shift, ...]:
    """The shifts that are not empty, numbered per rider by their start."""
    rows = table.frame.filter(pl.col("off_time_s") > pl.col("on_time_s")).sort("on_time_s", LINE)
    rows = rows.with_columns(pl.int_range(1, pl.len() + 1).over("courier_id").alias("_number"))
    columns = ("courier_id", "_number", *_ON, "on_time_s", "off_time_s")
    shifts = [
        Shift(
            id=ShiftId(f"{rider}-{number}"),
            rider_id=RiderId(rider),
            starts_at=midnight + on,
            ends_at=midnight + off,
            start=Place(lat, lng),
        )
        for rider, number, lat, lng, on, off in rows.select(columns).iter_rows()
    ]
    return tuple(sorted(shifts, key=lambda shift: (shift.starts_at, shift.id)))

"""The product's own format: instance.json, four tables as Parquet or GeoJSON, and zones where there are any.

data/README.md describes it for people. Reading what was written gives an equal instance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, TypeVar

import numpy as np

from dispatch.errors import ConflictError
from dispatch.geo.zones import ZoneIndex
from dispatch.model.order import MarketId, Merchant, MerchantId, Order
from dispatch.model.rider import Rider, RiderId, Shift
from simulations.instance import Instance
from simulations.readers.geography import Places, check_places
from simulations.readers.own_files import SUFFIXES, Rows, read_rows, write_geojson, write_parquet
from simulations.readers.own_header import HEADER, Header, header_text, read_header
from simulations.readers.own_rows import (
    Values,
    merchant_values,
    order_values,
    read_merchant,
    read_order,
    read_rider,
    read_shift,
    rider_values,
    shift_values,
)
from simulations.readers.own_schema import POINTS, SCHEMAS
from simulations.readers.own_times import check_instants
from simulations.readers.own_zones import ZONES, bind_orders, check_known, read_zones, zone_middles
from simulations.readers.row import LARGEST, Row
from simulations.readers.validation import Report, Where

FILES: Final = (HEADER, *(f"{table}{suffix}" for table in SCHEMAS for suffix in SUFFIXES), ZONES)

TableFormat = Literal["parquet", "geojson"]
Entity = TypeVar("Entity", Merchant, Rider, Shift, Order)


def read_own(folder: Path) -> Instance:
    """Load the instance in ``folder``. Raises InvalidInputError with every issue of all files."""
    report = Report()
    header = read_header(folder, report)
    tables = {table: read_rows(folder, table, report) for table in SCHEMAS}
    market_id = header.market_id if header else MarketId("")
    places = [_places(tables[table], *names) for table in SCHEMAS for names in POINTS[table]]
    zones = read_zones(folder, report)
    check_places(report, places, [] if zones is None else [zone_middles(zones, places)])
    for table, id_name in (
        ("merchants", "merchant_id"),
        ("riders", "rider_id"),
        ("shifts", "shift_id"),
        ("orders", "order_id"),
    ):
        _check_ids(tables[table], id_name)
    merchants = [merchant for row in tables["merchants"].rows if (merchant := read_merchant(row, market_id))]
    riders = _read_riders(tables["riders"], market_id, header)
    shifts = _read_shifts(tables["shifts"])
    _check_known(tables["shifts"], tables["riders"], "rider_id", "unknown_rider")
    _check_known(tables["orders"], tables["merchants"], "merchant_id", "unknown_merchant")
    orders = _read_orders(tables["orders"], {merchant.id: merchant for merchant in merchants}, market_id)
    check_instants([*orders, *shifts])
    if zones is not None:
        orders = _bind(orders, riders, zones.areas)
    _check_unused(tables)
    report.refuse(f"instance {folder.resolve().name}")
    if header is None:
        raise ValueError("a header that could not be read must have been reported")
    return Instance(
        name=header.name,
        market_id=market_id,
        timezone=header.timezone,
        orders=tuple(sorted((order for _, order in orders), key=lambda order: (order.placed_at, order.id))),
        riders=_by_id(rider for _, rider in riders),
        shifts=tuple(sorted((shift for _, shift in shifts), key=lambda shift: (shift.starts_at, shift.id))),
        merchants=_by_id(merchants),
        travel=header.travel,
        rules=header.rules,
        warnings=tuple(report.warnings),
    )


def write_instance(folder: Path, instance: Instance, *, table_format: TableFormat = "parquet") -> None:
    """Write ``instance`` into ``folder``, which is made where it is not there; files of the same names are replaced.

    Warnings are not written: reading finds them again.
    Raises ConflictError where the folder holds a table in the other form, or zones, which would be read along with what
    is written; ValueError for travel times that are no formula and for entities of another market.
    """
    others = [name for name in FILES if (folder / name).exists() and name != HEADER and not name.endswith(table_format)]
    if (folder / ZONES).exists():
        others.append(ZONES)
    if others:
        raise ConflictError(f"{folder.name} holds {', '.join(sorted(set(others)))}.", "Write into an empty folder.")
    _check_market(instance)
    header = header_text(instance)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HEADER).write_text(header, encoding="utf-8", newline="\n")
    tables: dict[str, Iterable[Values]] = {
        "merchants": map(merchant_values, instance.merchants),
        "riders": map(rider_values, instance.riders),
        "shifts": map(shift_values, instance.shifts),
        "orders": map(order_values, instance.orders),
    }
    for table, rows in tables.items():
        if table_format == "parquet":
            write_parquet(folder, table, rows)
        else:
            write_geojson(folder, table, rows, instance.timezone)


def _check_market(instance: Instance) -> None:
    entities: list[Order | Rider | Merchant] = [*instance.orders, *instance.riders, *instance.merchants]
    for entity in entities:
        if entity.market_id != instance.market_id:
            kind = type(entity).__name__.lower()
            raise ValueError(f"{kind} {entity.id} is of market {entity.market_id}, not {instance.market_id}")


def _places(table: Rows, latitude: str, longitude: str) -> Places:
    degrees = [
        np.array([_degrees(row.values.get(name)) for row in table.rows], float) for name in (latitude, longitude)
    ]

    def where(i: int) -> Where:
        found = table.rows[i].where
        return found._replace(field=found.field + latitude)

    return Places(degrees[0], degrees[1], where)


def _degrees(value: object) -> float:
    """The number as it stands; NaN for anything else, which is reported when the row is read."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return math.nan
    return float(value) if abs(value) <= LARGEST else math.nan


def _ids(table: Rows, name: str) -> list[str | None]:
    """The texts of a column; None where there is none."""
    return [value if isinstance(value := row.values.get(name), str) and value.strip() else None for row in table.rows]


def _check_ids(table: Rows, name: str) -> None:
    line_of: dict[str, int | None] = {}
    for row, value in zip(table.rows, _ids(table, name), strict=True):
        if value in line_of:
            row.note("duplicate_id", name, f"{name} {value} stands in line {line_of[value]} already")
        elif value is not None:
            line_of[value] = row.where.line


def _check_known(table: Rows, target: Rows, name: str, code: str) -> None:
    """Note ids that the ``target`` table does not have; it is not asked where it could not be read."""
    known = {*_ids(target, name), None}
    for row, value in zip(table.rows, _ids(table, name), strict=True):
        if target.complete and value not in known:
            row.note(code, name, f"there is no {name} {value}")


def _check_unused(tables: Mapping[str, Rows]) -> None:
    """Warn of riders without a shift and merchants without an order."""
    for table, user, name, code in (
        ("riders", "shifts", "rider_id", "rider_without_shift"),
        ("merchants", "orders", "merchant_id", "merchant_without_orders"),
    ):
        used = {*_ids(tables[user], name), None}
        for row, value in zip(tables[table].rows, _ids(tables[table], name), strict=True):
            if tables[user].complete and value not in used:
                row.note(code, name, f"{name} {value} is in no row of {user}")


def _read_riders(table: Rows, market_id: MarketId, header: Header | None) -> list[tuple[Row, Rider]]:
    """The good riders and their rows; a vehicle for which there are no travel times is an issue."""
    riders = []
    for row in table.rows:
        rider = read_rider(row, market_id)
        if rider and header and rider.vehicle not in header.travel.profiles:
            known = ", ".join(header.travel.profiles)
            row.note(
                "unknown_value",
                "vehicle",
                f"vehicle {rider.vehicle} has no travel times; those of {HEADER} are for {known}",
            )
        if rider:
            riders.append((row, rider))
    return riders


def _read_shifts(table: Rows) -> list[tuple[Row, Shift]]:
    """The good shifts and their rows; two of one rider at the same time are an issue."""
    read = [(row, shift) for row in table.rows if (shift := read_shift(row))]
    busy_until: dict[RiderId, int] = {}
    for row, shift in sorted(read, key=lambda pair: pair[1].starts_at):
        free_at = busy_until.get(shift.rider_id, shift.starts_at)
        if shift.starts_at < free_at:
            row.note("overlapping_shifts", "starts_at", f"rider {shift.rider_id} is on another shift then")
        busy_until[shift.rider_id] = max(free_at, shift.ends_at)
    return read


def _read_orders(table: Rows, merchants: Mapping[MerchantId, Merchant], market_id: MarketId) -> list[tuple[Row, Order]]:
    return [(row, order) for row in table.rows if (order := read_order(row, merchants, market_id))]


def _bind(
    orders: Sequence[tuple[Row, Order]], riders: Sequence[tuple[Row, Rider]], zones: ZoneIndex
) -> list[tuple[Row, Order]]:
    """Orders in their zones; orders and riders with unknown zones are noted."""
    for row, rider in riders:
        check_known(row, rider.zones, zones)
    rows = [row for row, _ in orders]
    bound = bind_orders([order for _, order in orders], rows, zones)
    return list(zip(rows, bound, strict=True))


def _by_id(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    return tuple(sorted(entities, key=lambda entity: entity.id))

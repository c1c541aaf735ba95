"""Reads CityParams from TOML, strictly: an unknown key is an error, and all errors come at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from dispatch.model.order import Vehicle
from simulations.city.params import (
    CITY_VERSION,
    HOURS,
    Centre,
    CityParams,
    DemandParams,
    HandlingParams,
    LogNormal,
    MerchantParams,
    PromiseParams,
    RiderParams,
    ShiftLength,
)
from simulations.readers.own_header import is_timezone, read_rules
from simulations.readers.row import Row
from simulations.readers.tables import read_text
from simulations.readers.validation import Report, Where

_SECTIONS = ("merchants", "demand", "promise", "handling", "riders", "rules")
_KEYS = ("version", "name", "timezone", "day", "latitude", "longitude", "road_factor", *_SECTIONS)


def load_city(path: Path) -> CityParams:
    """Read the parameters of a city. Raises InvalidInputError with every issue of the file."""
    report = Report()
    row = Row(_read_toml(path, report), Where(path.name), report)
    report.refuse(f"city {path.stem}")
    city = _read_city(row)
    report.refuse(f"city {path.stem}")
    if city is None:
        raise ValueError("parameters that could not be read must have been reported")
    return city


def _read_toml(path: Path, report: Report) -> Mapping[str, object]:
    text = read_text(path, report)
    try:
        return tomllib.loads(text or "")
    except tomllib.TOMLDecodeError as error:
        report.add("unreadable_file", f"the file is no TOML: {error}", Where(path.name))
        return {}


def _read_city(row: Row) -> CityParams | None:
    row.only(*_KEYS)
    version = row.whole("version")
    if row.has("version") and version != CITY_VERSION:
        row.note("unknown_version", "version", f"version is {version}; this release draws cities of {CITY_VERSION}")
    timezone = row.text("timezone")
    if timezone and not is_timezone(timezone):
        row.note("unknown_timezone", "timezone", f"there is no time zone {timezone!r}")
    name, day = row.text("name"), _read_day(row)
    latitude = row.number("latitude", minimum=-80, maximum=80)
    longitude = row.number("longitude", minimum=-180, maximum=180)
    road_factor = row.number("road_factor", 1.0, minimum=1)
    merchants, demand = _read_merchants(row.row("merchants")), _read_demand(row.row("demand"))
    promise, handling = _read_promise(row.row("promise")), _read_handling(row.row("handling"))
    riders, rules = _read_riders(row.row("riders")), read_rules(row.row("rules"))
    if day is None or demand is None or not row.good:
        return None
    return CityParams(
        name=name,
        timezone=timezone,
        day=day,
        latitude=latitude,
        longitude=longitude,
        road_factor=road_factor,
        merchants=merchants,
        demand=demand,
        promise=promise,
        handling=handling,
        riders=riders,
        rules=rules,
    )


def _read_day(row: Row) -> date | None:
    day = row.values.get("day")
    if isinstance(day, date) and not isinstance(day, datetime):
        return day
    row.note("wrong_type", "day", f"day is {day!r}, not a date such as 2026-03-06")
    return None


def _read_merchants(row: Row) -> MerchantParams:
    row.only("count", "radius_m", "background", "popularity", "centres")
    centres = tuple(_read_centre(centre) for centre in row.rows("centres"))
    background = row.number("background", minimum=0, maximum=1)
    if background < 1 and not sum(centre.share for centre in centres) > 0:
        row.note("out_of_range", "centres", "some centre must have a share where background is less than 1")
    return MerchantParams(
        count=row.whole("count", minimum=1),
        radius_m=row.whole("radius_m", minimum=1, maximum=200_000),
        background=background,
        popularity=row.number("popularity", minimum=0, maximum=5),
        centres=centres,
    )


def _read_centre(row: Row) -> Centre:
    row.only("share", "east_m", "north_m", "spread_m")
    return Centre(
        share=row.number("share", minimum=0),
        east_m=row.whole("east_m", minimum=-200_000, maximum=200_000),
        north_m=row.whole("north_m", minimum=-200_000, maximum=200_000),
        spread_m=row.whole("spread_m", maximum=200_000),
    )


def _read_demand(row: Row) -> DemandParams | None:
    row.only("orders", "hours", "distance_m", "preparation_s")
    orders, hours = row.whole("orders"), row.numbers("hours", HOURS, minimum=0)
    distance_m, preparation_s = _read_log_normal(row.row("distance_m")), _read_log_normal(row.row("preparation_s"))
    if row.good and not sum(hours) > 0:
        row.note("out_of_range", "hours", "some hour must have a weight")
    if not row.good:
        return None
    return DemandParams(orders=orders, hours=hours, distance_m=distance_m, preparation_s=preparation_s)


def _read_log_normal(row: Row) -> LogNormal:
    row.only("median", "sigma", "minimum", "maximum")
    minimum = row.whole("minimum", 0)
    return LogNormal(
        median=row.whole("median", minimum=1),
        sigma=row.number("sigma", minimum=0, maximum=5),
        minimum=minimum,
        maximum=row.whole("maximum", minimum=max(1, minimum)),
    )


def _read_promise(row: Row) -> PromiseParams:
    row.only("minimum_s", "slack_s", "per_km_s", "step_s")
    return PromiseParams(
        minimum_s=row.whole("minimum_s"),
        slack_s=row.whole("slack_s"),
        per_km_s=row.whole("per_km_s"),
        step_s=row.whole("step_s", minimum=1),
    )


def _read_handling(row: Row) -> HandlingParams:
    row.only("pickup_min_s", "pickup_max_s", "dropoff_min_s", "dropoff_max_s")
    pickup_min_s, dropoff_min_s = row.whole("pickup_min_s"), row.whole("dropoff_min_s")
    return HandlingParams(
        pickup_min_s=pickup_min_s,
        pickup_max_s=row.whole("pickup_max_s", minimum=pickup_min_s),
        dropoff_min_s=dropoff_min_s,
        dropoff_max_s=row.whole("dropoff_max_s", minimum=dropoff_min_s),
    )


def _read_riders(row: Row) -> RiderParams:
    row.only("count", "start_step_s", "spread_m", "lengths", "vehicles")
    lengths = tuple(_read_length(length) for length in row.rows("lengths"))
    if not sum(length.share for length in lengths) > 0:
        row.note("out_of_range", "lengths", "some length of a shift must have a share")
    return RiderParams(
        count=row.whole("count"),
        start_step_s=row.whole("start_step_s", minimum=60, maximum=21_600),
        spread_m=row.whole("spread_m", maximum=200_000),
        lengths=lengths,
        vehicles=_read_vehicles(row.row("vehicles")),
    )


def _read_length(row: Row) -> ShiftLength:
    row.only("length_s", "share")
    return ShiftLength(length_s=row.whole("length_s", minimum=60, maximum=86_400), share=row.number("share", minimum=0))


def _read_vehicles(row: Row) -> Mapping[Vehicle, float]:
    row.only(*(vehicle.value for vehicle in Vehicle))
    weights = {vehicle: row.number(vehicle.value, minimum=0) for vehicle in Vehicle if row.has(vehicle.value)}
    if not sum(weights.values()) > 0:
        row.note("out_of_range", "", "some vehicle must have a weight")
    return weights

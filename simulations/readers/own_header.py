"""instance.json: what an instance is called, how people travel in it and how they behave."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from dispatch.engine.policy import shipped_policies
from dispatch.geo.travel import SPEEDS_KMH, PlanarTravel, StraightLine, TravelTimes
from dispatch.model.order import MarketId
from dispatch.units import DAY_S, HOUR_S
from simulations.instance import Instance, WorldRules
from simulations.readers.json_files import read_json
from simulations.readers.own_schema import SCHEMA_VERSION
from simulations.readers.row import Row
from simulations.readers.validation import Report, Where

HEADER: Final = "instance.json"
LONGEST_S: Final = 31 * DAY_S
"""Longest time after which somebody gives up."""

_KEYS: Final = ("schema", "name", "market_id", "timezone", "travel", "rules")
_RULES: Final = ("tick_s", "accept_s", "cancel_after_s", "cancel_probability", "give_up_after_s", "policy")


class Header(NamedTuple):
    """What instance.json says."""

    name: str
    market_id: MarketId
    timezone: str
    travel: TravelTimes
    rules: WorldRules


def read_header(folder: Path, report: Report) -> Header | None:
    """Read instance.json; None, and issues, where it is not good."""
    document = read_json(folder / HEADER, report)
    if document is None:
        return None
    if not isinstance(document.content, dict):
        report.add("wrong_type", "the file is no record", Where(HEADER))
        return None
    row = Row(document.content, Where(HEADER), report)
    row.only(*_KEYS)
    version = row.whole("schema")
    if row.has("schema") and version != SCHEMA_VERSION:
        row.note("unknown_version", "schema", f"schema is {version}; this release reads {SCHEMA_VERSION}")
    name, timezone = row.text("name"), row.text("timezone")
    if timezone and not is_timezone(timezone):
        row.note("unknown_timezone", "timezone", f"there is no time zone {timezone!r}")
    travel = _read_travel(row.row("travel"))
    rules = read_rules(row.row("rules")) if row.has("rules") else WorldRules()
    market_id = MarketId(row.text("market_id"))
    if travel is None or not row.good:
        return None
    return Header(name, market_id, timezone, travel, rules)


def header_text(instance: Instance) -> str:
    """The text of instance.json. Raises ValueError for travel times that are no formula."""
    content = {
        "schema": SCHEMA_VERSION,
        "name": instance.name,
        "market_id": instance.market_id,
        "timezone": instance.timezone,
        "travel": _travel_values(instance.travel),
        "rules": asdict(instance.rules),
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def is_timezone(name: str) -> bool:
    """Whether the IANA time zone database has the name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _travel_values(travel: TravelTimes) -> dict[str, object]:
    if type(travel) is StraightLine:
        return {"kind": "straight_line", **asdict(travel)}
    if type(travel) is PlanarTravel:
        return {"kind": "planar", **asdict(travel)}
    raise ValueError(f"travel times of the kind {type(travel).__name__} cannot be written; only formulas can")


def _read_travel(row: Row) -> TravelTimes | None:
    if not row.good:
        return None
    kind = row.text("kind")
    if kind == "straight_line":
        return _read_straight_line(row)
    if kind == "planar":
        return _read_plane(row)
    if kind:
        row.note("unknown_value", "kind", f"kind is {kind!r}, none of straight_line, planar")
    return None


def _read_straight_line(row: Row) -> StraightLine | None:
    row.only("kind", "speeds_kmh", "road_factor", "step_s")
    speeds = row.row("speeds_kmh") if row.has("speeds_kmh") else None
    named = dict(SPEEDS_KMH) if speeds is None else {name: speeds.number(name, above=0) for name in speeds.values}
    if not named:
        row.note("missing_value", "speeds_kmh", "speeds_kmh names no vehicle")
    road_factor, step_s = row.number("road_factor", 1.0, above=0), row.whole("step_s", 1, minimum=1)
    return StraightLine(named, road_factor, step_s) if row.good else None


def _read_plane(row: Row) -> PlanarTravel | None:
    row.only("kind", "origin", "metres_per_minute", "step_s", "profiles")
    metres_per_minute, step_s = row.number("metres_per_minute", above=0), row.whole("step_s", 60, minimum=1)
    profiles = row.texts("profiles") or PlanarTravel.profiles
    origin = row.values.get("origin")
    if (
        not isinstance(origin, list)
        or len(origin) != 2
        or not all(isinstance(degrees, int | float) for degrees in origin)
    ):
        row.note("wrong_type", "origin", f"origin is {origin!r}, not [latitude, longitude]")
    elif not (abs(origin[0]) <= 89 and abs(origin[1]) <= 180):
        row.note("out_of_range", "origin", f"origin is {origin}; it must be within -89..89 and -180..180")
    elif row.good:
        return PlanarTravel((origin[0], origin[1]), metres_per_minute, step_s, profiles)
    return None


def read_rules(row: Row) -> WorldRules:
    """The rules of a record; what it does not name is as usual, another key is an issue."""
    row.only(*_RULES)
    policy = row.text("policy", "default")
    if policy not in shipped_policies():
        row.note("unknown_value", "policy", f"policy is {policy!r}, none of {', '.join(shipped_policies())}")
    return WorldRules(
        tick_s=row.whole("tick_s", 60, minimum=1, maximum=HOUR_S),
        accept_s=row.whole("accept_s", 0, maximum=DAY_S),
        cancel_after_s=row.whole("cancel_after_s", maximum=LONGEST_S) if row.has("cancel_after_s") else None,
        cancel_probability=row.number("cancel_probability", 0.0, minimum=0, maximum=1),
        give_up_after_s=row.whole("give_up_after_s", maximum=LONGEST_S) if row.has("give_up_after_s") else None,
        policy=policy,
    )

"""Exceptions summed up: how many, how long until they were closed, what they cost and who bore it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, and_, select

from dispatch.model.order import MarketId
from dispatch.store.cases import CaseFilter, case_conditions
from dispatch.store.tables import EVENTS
from dispatch.store.views import CASES, ORDERS
from dispatch.units import Seconds

_AT_ONCE: Final = 400
_GRANTS: Final = ("RefundGranted", "CouponGranted")


class Grouping(StrEnum):
    """What cases are put together by."""

    KIND = "kind"
    PARTY = "party"
    """Whose doing it was."""
    ZONE = "zone"
    MERCHANT = "merchant"
    RIDER = "rider"
    HOUR = "hour"
    """Of the day in the market's time zone."""


@dataclass(slots=True)
class Sum:
    """Some cases.

    closing_s: from opening to closing, of those that are closed. money: granted, by who bears it and by currency, in
    minor units.
    """

    key: str
    cases: int = 0
    closed: int = 0
    closing_s: Seconds = 0
    results: Counter[str] = field(default_factory=Counter)
    money: Counter[tuple[str, str]] = field(default_factory=Counter)


def report(connection: Connection, market_id: MarketId, wanted: CaseFilter, by: Grouping, zone: ZoneInfo) -> list[Sum]:
    """The cases that fit, summed up, the most frequent first; one whose order lies in several zones counts in each."""
    found = _found(connection, market_id, wanted)
    granted = _granted(connection, market_id, {row.order_id for row in found if row.order_id is not None})
    sums: dict[str, Sum] = {}
    keys = _KEYS[by]
    for row in found:
        for key in keys(row, zone):
            _add(sums.setdefault(key, Sum(key)), row, granted.get(row.id, ()))
    return sorted(sums.values(), key=lambda one: (-one.cases, one.key))


def _add(into: Sum, row: Row[Any], granted: Iterable[tuple[str, str, int]]) -> None:
    into.cases += 1
    if row.closed_at is not None:
        into.closed += 1
        into.closing_s += row.closed_at - row.opened_at
        into.results[row.result] += 1
    for party, currency, minor in granted:
        into.money[party, currency] += minor


def _found(connection: Connection, market_id: MarketId, wanted: CaseFilter) -> Sequence[Row[Any]]:
    c, o = CASES.c, ORDERS.c
    columns = (c.id, c.kind, c.party, c.opened_at, c.closed_at, c.result, c.order_id, o.merchant_id, o.zones)
    joined = CASES.outerjoin(ORDERS, and_(o.market_id == c.market_id, o.id == c.order_id))
    riders = (c.rider_id.label("about_rider"), o.rider_id.label("order_rider"))
    query: Select[Any] = select(*columns, *riders).select_from(joined).where(c.market_id == market_id)
    found: Sequence[Row[Any]] = connection.execute(query.where(*case_conditions(market_id, wanted))).all()
    return found


def _granted(connection: Connection, market_id: MarketId, order_ids: set[str]) -> dict[str, list[tuple[str, str, int]]]:
    """What was granted in each case, from the log: who bears it, the currency, the amount."""
    found: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    streams = [f"order:{order_id}" for order_id in sorted(order_ids)]
    for first in range(0, len(streams), _AT_ONCE):
        some = streams[first : first + _AT_ONCE]
        query = select(EVENTS.c.payload).where(
            EVENTS.c.market_id == market_id, EVENTS.c.stream.in_(some), EVENTS.c.type.in_(_GRANTS)
        )
        for (text,) in connection.execute(query):
            event = json.loads(text)
            amount = event["amount"]
            if event.get("case_id") is not None:
                found[event["case_id"]].append((event["party"], amount["currency"], amount["minor"]))
    return found


def _hour(row: Row[Any], zone: ZoneInfo) -> list[str]:
    return [f"{datetime.fromtimestamp(row.opened_at, zone).hour:02d}"]


_KEYS: Final[dict[Grouping, Callable[[Row[Any], ZoneInfo], list[str]]]] = {
    Grouping.KIND: lambda row, _: [row.kind],
    Grouping.PARTY: lambda row, _: [row.party or ""],
    Grouping.ZONE: lambda row, _: [name for name in (row.zones or "").split("|") if name] or [""],
    Grouping.MERCHANT: lambda row, _: [row.merchant_id or ""],
    Grouping.RIDER: lambda row, _: [row.about_rider or row.order_rider or ""],
    Grouping.HOUR: _hour,
}

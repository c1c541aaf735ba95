"""Reads from the projections: one entity, or pages of those that fit a filter.

Pages are cut by ``created_seq``, the event that made an entity: it never changes, so no page shows one twice or leaves
one out, whatever is written meanwhile. A filter's field that is None (or empty) asks for nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Table, select

from dispatch.model.lifecycle import DispatchStatus, OfferStatus, OrderStatus
from dispatch.model.order import Channel, MarketId, Merchant, MerchantId, OrderId, Vehicle, ZoneId
from dispatch.model.override import Override, OverrideKind, OverrideReason
from dispatch.model.rider import RiderId, Shift
from dispatch.model.state import OfferState, OrderState, RiderState, unknown
from dispatch.store import rows
from dispatch.store.databases import parts
from dispatch.store.rows import Projection
from dispatch.store.views import ASSIGNMENTS
from dispatch.units import Instant

V = TypeVar("V")
Where = list[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Stored(Generic[V]):
    """An entity with the events that made it and that changed it last."""

    value: V
    created_seq: int
    changed_seq: int


@dataclass(frozen=True, slots=True)
class Page(Generic[V]):
    """Some entities; ``after`` asks for the next page, None where there is none."""

    items: tuple[Stored[V], ...]
    after: int | None


@dataclass(frozen=True, slots=True)
class Cut:
    """Which page: what comes after the event ``after``; the newest first, or the oldest."""

    after: int | None = None
    limit: int = 100
    newest_first: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders; ``placed_from`` is within, ``placed_before`` is not."""

    statuses: Collection[OrderStatus] = ()
    dispatches: Collection[DispatchStatus] = ()
    merchant_id: MerchantId | None = None
    rider_id: RiderId | None = None
    zone_id: ZoneId | None = None
    channel: Channel | None = None
    external_id: str | None = None
    order_id: OrderId | None = None
    placed_from: Instant | None = None
    placed_before: Instant | None = None


def find(connection: Connection, projection: Projection[V], market_id: MarketId, name: str) -> Stored[V]:
    """The entity of an id, given its projection in ``dispatch.store.rows``. Raises NotFoundError."""
    table = projection.table
    query = select(table).where(table.c.market_id == market_id, table.c.id == name)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise unknown(table.name.removesuffix("s").replace("_", " "), name)
    return _stored(projection, row)


def look(connection: Connection, projection: Projection[V], market_id: MarketId, name: str) -> V | None:
    """The entity of an id, where there is one."""
    table = projection.table
    found = connection.execute(select(table.c.state).where(table.c.market_id == market_id, table.c.id == name)).scalar()
    return None if found is None else projection.from_state(found)


def look_all(
    connection: Connection, projection: Projection[V], market_id: MarketId, names: Collection[str]
) -> dict[str, V]:
    """The entities of some ids, those that there are."""
    table, found = projection.table, dict[str, V]()
    for some in parts(sorted(names)):
        query = select(table.c.id, table.c.state).where(table.c.market_id == market_id, table.c.id.in_(some))
        found |= {name: projection.from_state(state) for name, state in connection.execute(query)}
    return found


def order_by_external_id(
    connection: Connection, market_id: MarketId, channel: Channel, platform: str, external_id: str
) -> Stored[OrderState] | None:
    """The order that a channel knows by a name of its own, if it is here."""
    table = rows.ORDERS.table
    named = (table.c.channel == channel.value, table.c.platform == platform, table.c.external_id == external_id)
    row = connection.execute(select(table).where(table.c.market_id == market_id, *named)).one_or_none()
    return None if row is None else _stored(rows.ORDERS, row)


def orders(connection: Connection, market_id: MarketId, wanted: OrderFilter, cut: Cut) -> Page[OrderState]:
    """Orders that fit a filter."""
    c = rows.ORDERS.table.c
    where = [
        *one_of(c.status, wanted.statuses),
        *one_of(c.dispatch, wanted.dispatches),
        *equal(c.merchant_id, wanted.merchant_id),
        *equal(c.rider_id, wanted.rider_id),
        *among(c.zones, wanted.zone_id),
        *equal(c.channel, None if wanted.channel is None else wanted.channel.value),
        *equal(c.external_id, wanted.external_id),
        *equal(c.id, wanted.order_id),
        *within(c.placed_at, wanted.placed_from, wanted.placed_before),
    ]
    return page_of(connection, rows.ORDERS, market_id, where, cut)


def riders(
    connection: Connection,
    market_id: MarketId,
    cut: Cut,
    *,
    on_shift: bool | None = None,
    zone_id: ZoneId | None = None,
    vehicle: Vehicle | None = None,
) -> Page[RiderState]:
    """Riders, at work or not."""
    c = rows.RIDERS.table.c
    where = [*among(c.zones, zone_id), *equal(c.vehicle, None if vehicle is None else vehicle.value)]
    if on_shift is not None:
        where.append(c.shift_id.is_not(None) if on_shift else c.shift_id.is_(None))
    return page_of(connection, rows.RIDERS, market_id, where, cut)


def shifts(
    connection: Connection,
    market_id: MarketId,
    cut: Cut,
    *,
    rider_id: RiderId | None = None,
    ends_from: Instant | None = None,
    starts_before: Instant | None = None,
) -> Page[Shift]:
    """Shifts that overlap a span of time."""
    c = rows.SHIFTS.table.c
    where = [*equal(c.rider_id, rider_id), *within(c.ends_at, ends_from, None)]
    return page_of(connection, rows.SHIFTS, market_id, [*where, *within(c.starts_at, None, starts_before)], cut)


def offers(
    connection: Connection,
    market_id: MarketId,
    cut: Cut,
    *,
    rider_id: RiderId | None = None,
    statuses: Collection[OfferStatus] = (),
) -> Page[OfferState]:
    """Offers to riders."""
    c = rows.OFFERS.table.c
    return page_of(connection, rows.OFFERS, market_id, [*equal(c.rider_id, rider_id), *one_of(c.status, statuses)], cut)


def overrides(
    connection: Connection,
    market_id: MarketId,
    cut: Cut,
    *,
    order_id: OrderId | None = None,
    rider_id: RiderId | None = None,
    by: str | None = None,
    kinds: Collection[OverrideKind] = (),
    reasons: Collection[OverrideReason] = (),
) -> Page[Override]:
    """Decisions of people."""
    c = rows.OVERRIDES.table.c
    where = [*equal(c.order_id, order_id), *equal(c.rider_id, rider_id), *equal(c.by, by)]
    where += [*one_of(c.kind, kinds), *one_of(c.reason, reasons)]
    return page_of(connection, rows.OVERRIDES, market_id, where, cut)


def merchants(connection: Connection, market_id: MarketId, cut: Cut) -> Page[Merchant]:
    """Merchants."""
    return page_of(connection, rows.MERCHANTS, market_id, [], cut)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A rider's time with an order, made by event ``seq``; ``how`` and ``end`` are the types of the events."""

    order_id: OrderId
    seq: int
    rider_id: RiderId
    how: str
    assigned_at: Instant
    end: str
    ended_at: Instant | None


def assignments(
    connection: Connection,
    market_id: MarketId,
    cut: Cut,
    *,
    order_id: OrderId | None = None,
    rider_id: RiderId | None = None,
) -> tuple[Assignment, ...]:
    """Who had which order; the ``seq`` of the last one asks for the next page."""
    c = ASSIGNMENTS.c
    where = [c.market_id == market_id, *equal(c.order_id, order_id), *equal(c.rider_id, rider_id), *_after(c.seq, cut)]
    query = select(ASSIGNMENTS).where(*where).order_by(c.seq.desc() if cut.newest_first else c.seq).limit(cut.limit)
    return tuple(
        Assignment(row.order_id, row.seq, row.rider_id, row.how, row.assigned_at, row.end, row.ended_at)
        for row in connection.execute(query)
    )


def page_of(
    connection: Connection,
    projection: Projection[V],
    market_id: MarketId,
    where: Sequence[ColumnElement[bool]],
    cut: Cut,
) -> Page[V]:
    """Entities of one projection that fit the conditions."""
    table: Table = projection.table
    made = table.c.created_seq
    query = select(table).where(table.c.market_id == market_id, *where, *_after(made, cut))
    ordered = query.order_by(made.desc() if cut.newest_first else made)
    found = [_stored(projection, row) for row in connection.execute(ordered.limit(cut.limit + 1))]
    more = len(found) > cut.limit
    shown = tuple(found[: cut.limit])
    return Page(shown, shown[-1].created_seq if more else None)


def _stored(projection: Projection[V], row: Row[Any]) -> Stored[V]:
    return Stored(projection.from_state(row.state), row.created_seq, row.changed_seq)


def _after(made: ColumnElement[int], cut: Cut) -> Where:
    if cut.after is None:
        return []
    return [made < cut.after if cut.newest_first else made > cut.after]


def equal(column: ColumnElement[Any], value: str | None) -> Where:
    """The condition that a column has this value, if one is asked for."""
    return [] if value is None else [column == value]


def one_of(column: ColumnElement[Any], values: Collection[str]) -> Where:
    """The condition that a column has one of these values, if any are asked for."""
    return [column.in_(sorted(values))] if values else []


def among(column: ColumnElement[Any], value: str | None) -> Where:
    """The condition that the names in a column (``rows.among``) include this one, if one is asked for."""
    return [] if value is None else [column.contains(f"|{value}|", autoescape=True)]


def within(column: ColumnElement[Any], first: int | None, before: int | None) -> Where:
    """The condition that a column lies in a span whose end is outside, as far as one is asked for."""
    return ([] if first is None else [column >= first]) + ([] if before is None else [column < before])

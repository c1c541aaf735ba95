"""Reads of what goes on beside the delivery: cases, penalties, closures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from dispatch.model.actor import ActorKind
from dispatch.model.lifecycle import CaseStatus, PenaltyStatus
from dispatch.model.order import MarketId, MerchantId, OrderId, ZoneId
from dispatch.model.reasons import CaseKind, CaseStage, Party
from dispatch.model.rider import RiderId
from dispatch.model.state import CaseState, ClosureState, PenaltyState
from dispatch.store import rows
from dispatch.store.queries import Cut, Page, Where, among, equal, one_of, page_of, within
from dispatch.store.views import CASES, ORDERS
from dispatch.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which cases. merchant_id, zone_id: of their orders. rider_id: of the case or of its order.

    opened_from is within, opened_before is not; overdue_at: the next step was due before.
    """

    statuses: Collection[CaseStatus] = ()
    kinds: Collection[CaseKind] = ()
    stages: Collection[CaseStage] = ()
    owners: Collection[ActorKind] = ()
    parties: Collection[Party] = ()
    person: str | None = None
    case_id: str | None = None
    order_id: OrderId | None = None
    rider_id: RiderId | None = None
    merchant_id: MerchantId | None = None
    zone_id: ZoneId | None = None
    opened_from: Instant | None = None
    opened_before: Instant | None = None
    overdue_at: Instant | None = None


def cases(connection: Connection, market_id: MarketId, wanted: CaseFilter, cut: Cut) -> Page[CaseState]:
    """Exceptions that fit a filter."""
    return page_of(connection, rows.CASES, market_id, case_conditions(market_id, wanted), cut)


def merchants_of(
    connection: Connection, market_id: MarketId, order_ids: Sequence[OrderId]
) -> dict[OrderId, MerchantId]:
    """Whose orders these are."""
    c = ORDERS.c
    query = select(c.id, c.merchant_id).where(c.market_id == market_id, c.id.in_(order_ids))
    return {OrderId(row.id): MerchantId(row.merchant_id) for row in connection.execute(query)}


def case_conditions(market_id: MarketId, wanted: CaseFilter) -> Where:
    """What a filter asks of rows of cases."""
    c = CASES.c
    where = [
        *one_of(c.status, wanted.statuses),
        *one_of(c.kind, wanted.kinds),
        *one_of(c.stage, wanted.stages),
        *one_of(c.owner, wanted.owners),
        *one_of(c.party, wanted.parties),
        *equal(c.person, wanted.person),
        *equal(c.id, wanted.case_id),
        *equal(c.order_id, wanted.order_id),
        *within(c.opened_at, wanted.opened_from, wanted.opened_before),
        *within(c.due_at, None, wanted.overdue_at),
    ]
    of_orders = [*equal(ORDERS.c.merchant_id, wanted.merchant_id), *among(ORDERS.c.zones, wanted.zone_id)]
    if of_orders:
        where.append(c.order_id.in_(select(ORDERS.c.id).where(ORDERS.c.market_id == market_id, *of_orders)))
    if wanted.rider_id is not None:
        carried = select(ORDERS.c.id).where(ORDERS.c.market_id == market_id, ORDERS.c.rider_id == wanted.rider_id)
        where.append(or_(c.rider_id == wanted.rider_id, c.order_id.in_(carried)))
    return where


def penalties(
    connection: Connection,
    market_id: MarketId,
    cut: Cut,
    *,
    rider_id: RiderId | None = None,
    statuses: Collection[PenaltyStatus] = (),
    given_from: Instant | None = None,
    given_before: Instant | None = None,
) -> Page[PenaltyState]:
    """Marks on riders' records."""
    c = rows.PENALTIES.table.c
    where = [*equal(c.rider_id, rider_id), *one_of(c.status, statuses), *within(c.given_at, given_from, given_before)]
    return page_of(connection, rows.PENALTIES, market_id, where, cut)


def closures(connection: Connection, market_id: MarketId, cut: Cut, *, at: Instant | None = None) -> Page[ClosureState]:
    """Times of force majeure; with ``at`` only those that go on then."""
    c = rows.CLOSURES.table.c
    where: Where = [] if at is None else [c.starts_at <= at, c.ends_at > at]
    return page_of(connection, rows.CLOSURES, market_id, where, cut)

"""Reads of orders' money."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from dispatch.model.order import MarketId, PaymentMethod
from dispatch.model.payment import AccountState, PaymentStatus
from dispatch.store import rows
from dispatch.store.queries import Cut, Page, equal, one_of, page_of


def accounts(
    connection: Connection,
    market_id: MarketId,
    cut: Cut,
    *,
    statuses: Collection[PaymentStatus] = (),
    method: PaymentMethod | None = None,
    refunds_open: bool | None = None,
) -> Page[AccountState]:
    """The money of orders that fit; ``refunds_open``: something has still to be sent back, or nothing."""
    c = rows.ACCOUNTS.table.c
    where = [*one_of(c.status, statuses), *equal(c.method, None if method is None else method.value)]
    if refunds_open is not None:
        where.append(c.refunds_open > 0 if refunds_open else c.refunds_open == 0)
    return page_of(connection, rows.ACCOUNTS, market_id, where, cut)

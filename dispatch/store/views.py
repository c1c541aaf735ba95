"""The tables of projections: each row is what folding the log gives for one entity, for reads.

Every row of an entity has the event that made it (``created_seq``, also the order of pages), the last one that changed
it (``changed_seq``), the columns that people filter by, and ``state``: all of it, as JSON. Rows can be made again from
the log at any time.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text
from sqlalchemy.schema import SchemaItem

from dispatch.store.tables import METADATA, instant, word

PROJECTIONS_VERSION: Final = 9
"""Grows when rows get another form; ``dispatch db upgrade`` then makes them anew from the log."""


def _view(name: str, *columns: SchemaItem) -> Table:
    return Table(
        name,
        METADATA,
        word("market_id", key=True),
        word("id", key=True),
        instant("created_seq"),
        instant("changed_seq"),
        *columns,
        Column("state", Text, nullable=False),
        Index(None, "market_id", "created_seq"),
    )


_external_id = word("external_id")

ORDERS: Final = _view(
    "orders",
    Column("version", Integer, nullable=False),
    word("status"),
    word("dispatch"),
    word("merchant_id"),
    word("rider_id", nullable=True),
    word("zones"),
    word("channel"),
    word("platform"),
    _external_id,
    instant("placed_at"),
    instant("ready_at"),
    instant("promised_at"),
    instant("picked_up_at", nullable=True),
    instant("delivered_at", nullable=True),
    instant("cancelled_at", nullable=True),
    Index(None, "market_id", "dispatch", "created_seq"),
    Index(None, "market_id", "status", "created_seq"),
    Index(None, "market_id", "merchant_id", "created_seq"),
    Index(None, "market_id", "rider_id", "created_seq"),
    Index(None, "market_id", "placed_at"),
    Index(
        "uq_orders_external_id",
        "market_id",
        "channel",
        "platform",
        "external_id",
        unique=True,
        sqlite_where=_external_id != "",
        postgresql_where=_external_id != "",
    ),
)

RIDERS: Final = _view(
    "riders",
    Column("version", Integer, nullable=False),
    word("shift_id", nullable=True),
    word("vehicle"),
    word("zones"),
    instant("paused_until", nullable=True),
    Column("tasks", Integer, nullable=False),
    Index(None, "market_id", "shift_id"),
)

SHIFTS: Final = _view(
    "shifts",
    word("rider_id"),
    instant("starts_at"),
    instant("ends_at"),
    Index(None, "market_id", "rider_id"),
    Index(None, "market_id", "ends_at"),
)

OFFERS: Final = _view(
    "offers",
    word("rider_id"),
    word("status"),
    instant("made_at"),
    instant("expires_at"),
    Index(None, "market_id", "rider_id", "created_seq"),
    Index(None, "market_id", "status", "created_seq"),
)

OVERRIDES: Final = _view(
    "overrides",
    word("kind"),
    word("reason"),
    word("by"),
    word("order_id", nullable=True),
    word("rider_id", nullable=True),
    word("merchant_id", nullable=True),
    instant("made_at"),
    Index(None, "market_id", "order_id"),
    Index(None, "market_id", "by", "created_seq"),
)

CASES: Final = _view(
    "cases",
    word("kind"),
    word("status"),
    word("order_id", nullable=True),
    word("rider_id", nullable=True),
    instant("opened_at"),
    word("owner"),
    word("person"),
    instant("due_at", nullable=True),
    word("stage"),
    word("party", nullable=True),
    word("result", nullable=True),
    instant("closed_at", nullable=True),
    Index(None, "market_id", "status", "created_seq"),
    Index(None, "market_id", "status", "due_at"),
    Index(None, "market_id", "opened_at"),
    Index(None, "market_id", "order_id"),
)

MERCHANTS: Final = _view("merchants", word("name"))

BARS: Final = _view("merchant_bars")
"""Riders who must not carry from a merchant; ``id`` is the merchant's."""

ASSIGNMENTS: Final = Table(
    "assignments",
    METADATA,
    word("market_id", key=True),
    word("order_id", key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    word("rider_id"),
    word("how"),
    instant("assigned_at"),
    word("end"),
    instant("ended_at", nullable=True),
    Index(None, "market_id", "seq"),
    Index(None, "market_id", "rider_id", "seq"),
)
"""Who had an order, from when until when; ``how`` and ``end`` are the types of the events, "" while it lasts."""

ACCOUNTS: Final = _view(
    "money",
    word("status"),
    word("method"),
    Column("refunds_open", Integer, nullable=False),
    Index(None, "market_id", "status", "created_seq"),
    Index(None, "market_id", "refunds_open"),
)
"""The money of each order that has a price."""

PENALTIES: Final = _view(
    "penalties",
    word("rider_id"),
    word("status"),
    instant("given_at"),
    Index(None, "market_id", "rider_id", "created_seq"),
    Index(None, "market_id", "status", "created_seq"),
)

CLOSURES: Final = _view("closures", instant("starts_at"), instant("ends_at"))

CARES: Final = _view("cares")
"""The policy's rules beside the delivery."""

CASES_OF: Final = _view("cases_of")
"""For each order the cases that are open."""

ETAS: Final = _view(
    "etas",
    Column("open", Integer, nullable=False),
    Column("late_percent", Integer, nullable=False),
    instant("dropoff_at"),
    Index(None, "market_id", "open", "late_percent"),
)
"""When orders are expected."""

PREPS: Final = _view("preps")
"""How long kitchens took."""

RECORDS: Final = _view("records")
"""What riders were blamed for."""

ENTITIES: Final = (
    ORDERS,
    RIDERS,
    SHIFTS,
    OFFERS,
    OVERRIDES,
    CASES,
    MERCHANTS,
    BARS,
    ACCOUNTS,
    PENALTIES,
    CLOSURES,
    CARES,
    CASES_OF,
    RECORDS,
    ETAS,
    PREPS,
)
"""The projections with one row an entity."""

VIEWS: Final = (*ENTITIES, ASSIGNMENTS)
"""Every projection."""
